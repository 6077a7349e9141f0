"""`decode_content`: the answer of JSON mode, typed."""

from __future__ import annotations

import json
import pickle
import traceback
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import Struct

from mimo_proto import (
    CHAT_COMPLETIONS,
    RESPONSES,
    ChatAccumulator,
    ChatCompletion,
    ConfigurationError,
    DecodeError,
    LocalProtocolError,
    Reply,
    ResponseAccumulator,
    StreamDecoder,
    decode_content,
    parse_response,
)
from mimo_proto.testing import recorded

if TYPE_CHECKING:
    from mimo_proto import Response


class Place(Struct):
    """A place."""

    city: str


class Plan(Struct):
    """A plan."""

    place: Place
    days: int = 1


CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def chat(content: str | None, ended: str = "stop", **message: Any) -> ChatCompletion:
    choice = {"index": 0, "finish_reason": ended, "message": {"role": "assistant", "content": content, **message}}
    return parse_response(CHAT_COMPLETIONS, 200, {}, json.dumps({"choices": [choice]}).encode())


def response(content: str | None, ended: str = "stop", **more: Any) -> Response:
    """A response in JSON, which says the text once more in `output_text`."""
    parts = [] if content is None else [{"type": "output_text", "text": content}]
    message = {"type": "message", "role": "assistant", "content": parts}
    details = {} if ended == "stop" else {"status": "incomplete", "incomplete_details": {"reason": ended}}
    body = {"object": "response", "output": [message], "output_text": content or "", **details, **more}
    return parse_response(RESPONSES, 200, {}, json.dumps(body).encode())


BOTH = pytest.mark.parametrize("make", [chat, response])
PLAN = '{"place": {"city": "Wuhan"}, "days": 3}'


def refused(reply: ChatCompletion | Response, wanted: Any = Plan) -> DecodeError:
    """The error for an answer that is not of the type."""
    with pytest.raises(DecodeError) as caught:
        decode_content(reply, wanted)
    return caught.value


@BOTH
@pytest.mark.parametrize(
    "text",
    [
        PLAN,
        f"\n {PLAN}\n",
        f"```json\n{PLAN}\n```",
        f"```\n{PLAN}\n```\n",
        f" ```JSON\r\n{PLAN}\r\n``` ",
        f"```json {PLAN}```",
        f"```json\n{PLAN}\n",
        '{"place": "{\\"city\\": \\"Wuhan\\"}", "days": 3.0}',
        json.dumps(PLAN),
    ],
)
def test_an_answer_is_of_the_type(make: Any, text: str) -> None:
    plan = decode_content(make(text), Plan)
    assert plan == Plan(Place("Wuhan"), 3)


@BOTH
def test_a_fence_in_the_answer_stays(make: Any) -> None:
    text = json.dumps({"city": "```json\n{}\n```"})
    assert decode_content(make(text), Place).city == "```json\n{}\n```"


@BOTH
def test_an_answer_that_was_cut_behind_its_json_is_taken(make: Any) -> None:
    assert decode_content(make(PLAN, "length"), dict[str, Any]) == json.loads(PLAN)


@BOTH
@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        ('{"place": {"city": 3}}', "$.place.city", "the answer is wrong at $.place.city: Expected `str`, got `int`"),
        ('{"place": {}}', "$.place", "`city` is missing"),
        (f"Here you are: {PLAN}", "$", "no JSON"),
        (f"```python\n{PLAN}\n```", "$", "no JSON"),
        (f"{PLAN}{PLAN}", "$", "no JSON"),
        ('{"place": {"city": "Wu', "$", "the text ends before the JSON does"),
        ('```json\n{"place": {"city": "Wu', "$", "the text ends before the JSON does"),
    ],
)
def test_an_answer_that_does_not_fit(make: Any, text: str, path: str, said: str) -> None:
    error = refused(make(text))
    assert said in str(error)
    assert "cut at" not in str(error)
    assert (error.path, error.data) == (path, text.encode())
    assert pickle.loads(pickle.dumps(error)).path == path


@pytest.mark.parametrize(
    ("make", "ended", "said"),
    [
        (chat, "length", "cut at the token limit"),
        (chat, "repetition_truncation", "the model went in circles"),
        (chat, "content_filter", "cut by moderation"),
        (response, "max_output_tokens", "cut at the token limit"),
        (response, "content_filter", "cut by moderation"),
    ],
)
@pytest.mark.parametrize("text", [None, "", '{"place": {"ci'])
def test_an_answer_that_was_cut(make: Any, ended: str, said: str, text: str | None) -> None:
    error = refused(make(text, ended))
    assert said in str(error)
    assert ("the text ends before the JSON does" if text else "there is no answer") in str(error)


@pytest.mark.parametrize("ended", ["stop", "length"])
@pytest.mark.parametrize(
    "thought",
    [{"reasoning_content": PLAN}, {"reasoning": PLAN}, {"reasoning_details": [{"type": "text", "text": PLAN}]}],
    ids=lambda thought: next(iter(thought)),
)
@pytest.mark.parametrize("content", [None, "", " \n"])
def test_an_answer_that_stands_in_the_thinking_only(content: str | None, thought: dict[str, Any], ended: str) -> None:
    error = refused(chat(content, ended, **thought))
    assert f"stands in `{next(iter(thought))}` only" in str(error)
    assert ("cut at the token limit" in str(error)) is (ended == "length")


def test_the_recorded_reply_that_has_thinking_only() -> None:
    reply = parse_response(CHAT_COMPLETIONS, 200, {}, recorded("ChatCompletion.only_reasoning.json"))
    assert "stands in `reasoning_content` only" in str(refused(reply))


def test_a_response_with_thinking_only() -> None:
    thought = {"type": "reasoning", "id": "rs_1", "summary": [], "content": [{"type": "reasoning_text", "text": PLAN}]}
    assert "stands in `reasoning` only" in str(refused(response(None, output=[thought])))


@pytest.mark.parametrize(
    "reply",
    [
        chat("", tool_calls=[CALL]),
        chat(None, reasoning_content="I call.", tool_calls=[CALL]),
        response(None, output=[{"type": "function_call", "call_id": "1", "name": "f", "arguments": "{}"}]),
        response(None, output=[{"type": "custom_tool_call", "call_id": "1", "name": "f", "input": ""}]),
    ],
)
def test_a_reply_that_calls_tools(reply: Any) -> None:
    assert "called tools" in str(refused(reply))


def test_a_refusal() -> None:
    assert "would not answer: 'I will not.'" in str(refused(chat(None, refusal="I will not.")))


def test_nothing_at_all() -> None:
    for reply in (ChatCompletion(choices=[]), chat(None), response(None), response(None, output=[])):
        assert str(refused(reply)) == "there is no answer"


@pytest.mark.parametrize("text", [None, '{"place": {"ci'])
def test_a_response_that_failed(text: str | None) -> None:
    failed = response(text, status="failed", error={"code": "server_error", "message": "Overloaded"})
    assert "the response failed: 'Overloaded'" in str(refused(failed))
    assert decode_content(response(PLAN, error={"message": "late"}), dict[str, Any]) == json.loads(PLAN)


@pytest.mark.parametrize("what", [None, PLAN, chat(PLAN).choices[0].message, Reply])
def test_what_is_no_reply(what: Any) -> None:
    if what is Reply:
        what = Reply(value=chat(PLAN), status=200, headers={}, request_id=None, attempts=1, body=b"")
    with pytest.raises(LocalProtocolError, match="has no answer to read"):
        decode_content(what, Plan)


def test_the_sums_of_streams() -> None:
    def streamed(endpoint: Any, accumulator: Any, name: str) -> Any:
        for event in StreamDecoder(endpoint).events([recorded(name)]):
            accumulator.add(event)
        return accumulator.result()

    chunks = streamed(CHAT_COMPLETIONS, ChatAccumulator(), "ChatCompletionChunk.thinking.sse")
    events = streamed(RESPONSES, ResponseAccumulator(), "ResponseStreamEvent.reasoning_and_text.sse")
    assert chunks.choices[0].message.content.encode().startswith(refused(chunks).data)
    assert refused(events).data


def test_the_error_leaves_the_frames_behind() -> None:
    error = refused(chat("{"))
    assert error.__context__ is error.__cause__ is None
    inner = [frame for frame in traceback.extract_tb(error.__traceback__) if "mimo_proto" in frame.filename]
    assert [frame.name for frame in inner] in ([], ["decode_content"])


def test_much_white_space_costs_no_more_than_reading_it() -> None:
    assert "no JSON" in str(refused(chat("```json\n" + " \n" * 500_000 + "x")))


def test_a_type_that_nothing_can_be_decoded_into() -> None:
    with pytest.raises(ConfigurationError, match="nothing can be decoded into"):
        decode_content(chat(PLAN), lambda: None)
