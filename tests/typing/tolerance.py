"""What type checkers make of the tolerant parts; both run over this file, nothing does at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, assert_never, assert_type

from mimo_proto.messages import assistant, system, to_request, tool, user
from mimo_proto.models import (
    AssistantMessage,
    ChatCompletion,
    ChatCompletionRequest,
    CustomToolCallItem,
    CustomToolCallOutputItem,
    ErrorEvent,
    FunctionCallItem,
    FunctionCallOutputItem,
    OutputItem,
    OutputMessage,
    OutputText,
    ReasoningItem,
    ReasoningText,
    Response,
    ResponseCompleted,
    ResponseContentPartAdded,
    ResponseContentPartDone,
    ResponseCreated,
    ResponseCustomToolCallInputDelta,
    ResponseCustomToolCallInputDone,
    ResponseFailed,
    ResponseFunctionCallArgumentsDelta,
    ResponseFunctionCallArgumentsDone,
    ResponseIncomplete,
    ResponseInProgress,
    ResponseOutputItemAdded,
    ResponseOutputItemDone,
    ResponseOutputTextDelta,
    ResponseOutputTextDone,
    ResponseReasoningTextDelta,
    ResponseReasoningTextDone,
    ResponseRequest,
    ResponseSnapshot,
    ResponseStreamEvent,
    SystemMessage,
    TextPart,
    ToolMessage,
    UserMessage,
)
from mimo_proto.protocol.decode import TolerantDecoder
from mimo_proto.protocol.validate import validate
from mimo_proto.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator


def match_by_class(item: OutputItem) -> str | None:
    match item:
        case OutputMessage():
            assert_type(item, OutputMessage)
            return item.id
        case FunctionCallItem(name=name) | CustomToolCallItem(name=name):
            return name
        case FunctionCallOutputItem() | CustomToolCallOutputItem():
            return item.call_id
        case ReasoningItem():
            return item.id or None
        case Unknown():
            assert_type(item, Unknown)
            return item.tag
        case _:
            assert_never(item)


def match_by_type(item: OutputItem) -> str | None:
    match item.type:
        case "message":
            assert_type(item, OutputMessage)
            return item.id
        case "function_call":
            assert_type(item, FunctionCallItem)
            return item.name
        case "custom_tool_call":
            return item.input
        case "function_call_output" | "custom_tool_call_output":
            return item.call_id
        case "reasoning":
            return item.id or None
        case "unknown":
            assert_type(item, Unknown)
            assert_type(item["anything"], Any)
            return item.tag
        case _:
            assert_never(item.type)


def compare_types(item: OutputItem) -> str | None:
    if item.type == "message":
        return "".join(
            part.text if part.type == "output_text" or part.type == "reasoning_text" else "" for part in item.content
        )
    if item.type == "unknown":
        assert_type(item, Unknown)
        return item.tag
    return item.type


def isinstance_narrows(item: OutputItem) -> Iterator[str]:
    if isinstance(item, OutputMessage):
        for part in item.content:
            if isinstance(part, Unknown):
                assert_type(part.type, Literal["unknown"])
            else:
                assert_type(part, OutputText | ReasoningText)
                yield part.text


def words(event: ResponseStreamEvent) -> str:
    if event.type == "response.output_text.delta":
        assert_type(event, ResponseOutputTextDelta)
        return event.delta
    match event.type:
        case "response.completed" | "response.incomplete" | "response.failed":
            assert_type(event, ResponseCompleted | ResponseIncomplete | ResponseFailed)
            return event.response.output_text or ""
        case "unknown":
            assert_type(event, Unknown)
            return event.tag or ""
        case _:
            return ""


def every_event(event: ResponseStreamEvent) -> None:
    match event:
        case ResponseCreated() | ResponseInProgress():
            assert_type(event.response, ResponseSnapshot)
        case ResponseCompleted() | ResponseIncomplete() | ResponseFailed():
            assert_type(event.response, Response)
        case ResponseOutputItemAdded() | ResponseOutputItemDone():
            assert_type(event.item, OutputItem)
        case ResponseContentPartAdded() | ResponseContentPartDone():
            assert_type(event.part, OutputText | ReasoningText | Unknown)
        case (
            ResponseOutputTextDelta()
            | ResponseReasoningTextDelta()
            | ResponseFunctionCallArgumentsDelta()
            | ResponseCustomToolCallInputDelta()
        ):
            assert_type(event.delta, str)
        case (
            ResponseOutputTextDone()
            | ResponseReasoningTextDone()
            | ResponseFunctionCallArgumentsDone()
            | ResponseCustomToolCallInputDone()
            | ErrorEvent()
            | Unknown()
        ):
            pass
        case _:
            assert_never(event)


def decoders(data: bytes) -> None:
    assert_type(TolerantDecoder(Response).decode(data), Response)
    items: TolerantDecoder[OutputItem] = TolerantDecoder(OutputItem)
    assert_type(items.decode(data), OutputItem)


def makers(done: ChatCompletion, response: Response) -> None:
    assert_type(system("hi"), SystemMessage)
    assert_type(user([TextPart(text="hi")], name="x"), UserMessage)
    assert_type(tool("4", "call_1"), ToolMessage)
    assert_type(to_request(done.choices[0].message), AssistantMessage)
    assert_type(to_request(response.output[0]), OutputItem)
    assert_type(to_request(assistant("hi")), AssistantMessage)
    request = ResponseRequest(model="m", input=[*map(to_request, response.output)])
    ChatCompletionRequest(model="m", messages=[done.choices[0].message, to_request(done.choices[0].message)])
    assert_type(validate(request), ResponseRequest)
    assert_type(validate({"model": "m"}, ChatCompletionRequest), ChatCompletionRequest)
    assert_type(validate({"model": "m"}), ChatCompletionRequest | ResponseRequest)


def refused(item: OutputItem, done: ChatCompletion) -> None:
    _ = item.id  # type: ignore[union-attr]
    user(5)  # type: ignore[arg-type]
    tool("4")  # type: ignore[call-arg]
    to_request(done)  # type: ignore[call-overload]
    match item:
        case OutputMessage():
            pass
        case _:
            assert_never(item)  # type: ignore[arg-type]


def refused_without_unknown_by_type(item: OutputItem) -> None:
    match item.type:
        case "message" | "function_call" | "custom_tool_call":
            pass
        case "function_call_output" | "custom_tool_call_output" | "reasoning":
            pass
        case _:
            assert_never(item.type)  # type: ignore[arg-type]


def refused_without_unknown_by_class(item: OutputItem) -> None:
    match item:
        case OutputMessage() | FunctionCallItem() | CustomToolCallItem():
            pass
        case FunctionCallOutputItem() | CustomToolCallOutputItem() | ReasoningItem():
            pass
        case _:
            assert_never(item)  # type: ignore[arg-type]


def refused_by_comparison(event: ResponseStreamEvent) -> None:
    if event.type == "unknown":
        _ = event.sequence_number  # type: ignore[attr-defined]
    if event.type == "response.output_text.delta":
        _ = event.response  # type: ignore[attr-defined]
    if event.type == "response.output_text_delta":  # type: ignore[comparison-overlap]
        pass
