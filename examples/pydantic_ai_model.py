"""A model for pydantic-ai over `AsyncClient`: agents, tools, typed answers and streams, with MiMo's thinking kept.

MiMo refuses a history whose tool calls lack their thinking: a `ThinkingPart` goes back as `reasoning_content`. Every
answer is read as a stream, so that there is one way to read it. Text alone is sent; other media are a `UserError`.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic_ai import Agent
from pydantic_ai import messages as parts
from pydantic_ai.exceptions import ModelAPIError, ModelHTTPError, UserError
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.profiles import ModelProfile
from pydantic_ai.usage import RequestUsage

import mimo_proto as mimo

SETTINGS = {"max_tokens": "max_completion_tokens", "temperature": "temperature", "top_p": "top_p"}
FINISH_REASONS: dict[str, Any] = {"tool_calls": "tool_call", "repetition_truncation": "length"}


class MimoModel(Model[mimo.AsyncClient]):
    """What `Agent` takes as its model. The client is the caller's to close."""

    def __init__(self, client: mimo.AsyncClient, name: str) -> None:
        super().__init__(profile=ModelProfile(supports_thinking=True, supports_inline_system_prompts=True))
        self._client, self._name = client, name

    model_name, system = property(lambda self: self._name), property(lambda _: "xiaomi_mimo")

    async def request(
        self, messages: list[Any], model_settings: Any, model_request_parameters: ModelRequestParameters
    ) -> parts.ModelResponse:
        """Ask, and wait for the whole answer."""
        async with self.request_stream(messages, model_settings, model_request_parameters) as stream:
            async for _ in stream:
                pass
        return stream.get()

    @asynccontextmanager
    async def request_stream(
        self, messages: list[Any], model_settings: Any, model_request_parameters: Any, *_: Any, **__: Any
    ) -> AsyncGenerator[StreamedResponse]:
        """Ask, and read the answer as it comes."""
        settings, parameters = self.prepare_request(model_settings, model_request_parameters)
        request: dict[str, Any] = {SETTINGS[n]: value for n, value in (settings or {}).items() if n in SETTINGS}
        instructions = [mimo.system(each.content) for each in self._get_instruction_parts(messages, parameters) or ()]
        request["messages"] = [*instructions, *(sent for message in messages for sent in to_mimo(message))]
        if parameters.thinking is not None:
            request["thinking"] = {"type": "enabled" if parameters.thinking else "disabled"}
        tools = [*parameters.declared_function_tools, *parameters.output_tools]
        described = [(each.name, each.description or "", each.parameters_json_schema) for each in tools]
        functions = [mimo.FunctionDefinition(name=n, description=d, parameters=p) for n, d, p in described]
        if tools:
            request["tools"] = [mimo.FunctionTool(function=each) for each in functions]
        with translated_errors(self._name):
            stream = await self._client.stream_chat_completion(model=self._name, **request).open()
        async with stream:
            yield MimoStream(parameters, stream, self._name)


@dataclass
class MimoStream(StreamedResponse):
    """An answer as it comes."""

    _stream: mimo.AsyncStream[mimo.ChatCompletionChunk, mimo.ChatCompletion]
    _name: str
    _began: datetime = field(default_factory=lambda: datetime.now(UTC))

    model_name = property(lambda self: self._name)
    provider_name = property(lambda _: "xiaomi_mimo")
    provider_url = property(lambda _: None)
    timestamp = property(lambda self: self._began)

    async def _get_event_iterator(self) -> AsyncIterator[parts.ModelResponseStreamEvent]:
        with translated_errors(self._name):
            async for delta in self._stream.deltas():
                for event in self._events_of(delta):
                    yield event
            done = await self._stream.result()
        used = mimo.Usage.of(done)
        tokens = {"input_tokens": used.input_tokens, "cache_read_tokens": used.cached_tokens}
        details = {"reasoning_tokens": used.reasoning_tokens}
        self._usage = RequestUsage(**tokens, output_tokens=used.output_tokens, details=details)
        reason: Any = done.choices[0].finish_reason
        self.provider_response_id, self.finish_reason = done.id, FINISH_REASONS.get(reason, reason)

    def _events_of(self, delta: mimo.Delta) -> Iterator[parts.ModelResponseStreamEvent]:
        manager, part, text = self._parts_manager, delta.part, delta.text
        if delta.kind == "reasoning":
            yield from manager.handle_thinking_delta(vendor_part_id=part, content=text)
        elif delta.kind in ("text", "refusal"):
            yield from manager.handle_text_delta(vendor_part_id=part, content=text)
        elif delta.kind in ("tool_call", "arguments"):
            yield from manager.handle_tool_call_delta_events(
                vendor_part_id=part, tool_name=delta.name or None, args=text or None, tool_call_id=delta.id or None
            )


def to_mimo(message: parts.ModelMessage) -> Iterator[mimo.ChatMessage]:
    """Turn one of pydantic-ai's messages into MiMo's."""
    if isinstance(message, parts.ModelResponse):
        called = [(each.tool_call_id, each.tool_name, each.args_as_json_str()) for each in message.tool_calls]
        calls = [mimo.ToolCall(id=i, function=mimo.FunctionCall(name=n, arguments=a)) for i, n, a in called]
        thinking = message.thinking or ("" if calls else None)  # wanted beside calls, be it empty
        yield mimo.assistant(message.text or "", reasoning_content=thinking, tool_calls=calls or None)
        return
    for part in message.parts:
        match part:
            case parts.SystemPromptPart(content=str(text)):
                yield mimo.system(text)
            case parts.UserPromptPart(content=str(text)):
                yield mimo.user(text)
            case parts.ToolReturnPart():
                yield mimo.tool(part.model_response_str(), part.tool_call_id)
            case _:
                raise UserError(f"this model cannot send such a {type(part).__name__}")


@contextmanager
def translated_errors(model: str) -> Generator[None]:
    """Raise what pydantic-ai's `FallbackModel` knows."""
    try:
        yield
    except mimo.APIError as error:
        raise ModelHTTPError(error.status, model, str(error), in_stream=error.in_stream) from error
    except mimo.MimoError as error:
        raise ModelAPIError(model, str(error)) from error


async def main() -> None:
    """Let an agent use a tool."""
    async with mimo.AsyncClient() as client:
        agent = Agent(MimoModel(client, "mimo-v2.6-pro"), tools=[get_weather])
        print((await agent.run("Do I need an umbrella in Wuhan?")).output)


def get_weather(city: str) -> str:
    """Tell the weather in a city."""
    return f"light rain in {city}"


if __name__ == "__main__":
    asyncio.run(main())
