"""What goes out: every answer is what its schema says, and a stream says what the whole answer says."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from msgspec.structs import replace

from mimo_proto import (
    CHAT_COMPLETIONS,
    ChatAccumulator,
    ResponseAccumulator,
    StreamDecoder,
    parse_response,
)
from mimo_proto import (
    RESPONSES as RESPONSES_ENDPOINT,
)
from mimo_proto.models.model_facts import MODEL_FACTS
from mimo_proto.testing import Call, LoopbackServer, Turn, recorded, recordings
from mimo_proto.testing.chat_replies import completion, completion_events
from mimo_proto.testing.json_values import objects_in
from mimo_proto.testing.prompts import Prompt
from mimo_proto.testing.response_replies import response, response_events
from mimo_proto.testing.turns import tokens
from tests.support.calling import CHAT, RESPONSES, call, payloads, said, tool
from tests.support.schemas import check

TURNS = {
    "words": Turn("Hello, you."),
    "thinking": Turn("Hello.", "A greeting; I greet back."),
    "nothing": Turn(),
    "only a thought": Turn("", "Hm."),
    "calls": Turn("", "Two.", [Call("f", {"city": "Wuhan"}), Call("g", "{broken")]),
    "words and calls": Turn("I look.", None, [Call("f", {}), Call("note", "free text", "ns", custom=True)]),
    "length": Turn("Hello", "A greeting", finish_reason="length"),
    "filtered": Turn("", finish_reason="content_filter"),
    "repetition": Turn("la la la", finish_reason="repetition_truncation"),
    "sources": Turn("It rains.", annotations=[{"type": "url_citation", "url": "https://example.com"}]),
    "sound": Turn(audio=bytes(range(256)) * 40, preview="Aye."),
    "mere sound": Turn(audio=b"ID3"),
    "heard": Turn("Good day.", seconds=2),
}
every_turn = pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS.keys())


def joined(chunks: list[Any]) -> dict[str, Any]:
    """The message that chunks add up to, as simply as that can be said."""
    message: dict[str, Any] = {}
    for delta in (choice["delta"] for chunk in chunks for choice in chunk["choices"]):
        for name, value in delta.items():
            if value is None:
                message.setdefault(name, None)
            elif name == "tool_calls":
                calls: list[Any] = message.get(name) or []
                [fragment] = value
                if fragment["index"] == len(calls):
                    calls.append({"id": fragment["id"], "type": "function", "function": {"name": "", "arguments": ""}})
                    calls[-1]["function"]["name"] = fragment["function"]["name"]
                calls[fragment["index"]]["function"]["arguments"] += fragment["function"]["arguments"]
                message[name] = calls
            elif isinstance(value, str) and name != "role":
                message[name] = (message.get(name) or "") + value
            else:
                message[name] = value
    return message


@every_turn
def test_chat_in_one_piece(server: LoopbackServer, turn: Turn) -> None:
    server.reply(turn)
    answered = call(server, CHAT, said("hi"))
    assert (answered.status, answered.headers["Content-Type"]) == (200, "application/json")
    check(answered.json, "ChatCompletion")
    [choice] = answered.json["choices"]
    assert choice["finish_reason"] == turn.ended
    assert choice["message"]["content"] == turn.text
    assert choice["message"].get("reasoning_content") == turn.reasoning
    usage = answered.json["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["completion_tokens_details"]["reasoning_tokens"] == len(tokens(turn.reasoning or ""))


@every_turn
def test_chat_streamed_says_the_same(server: LoopbackServer, turn: Turn) -> None:
    server.script([turn, turn])
    whole = call(server, CHAT, said("hi")).json
    answered = call(server, CHAT, said("hi", stream=True))
    assert answered.headers["Content-Type"] == "text/event-stream"
    assert answered.body.endswith(b"data: [DONE]\n\n")
    chunks = payloads(answered.body)
    for chunk in chunks:
        check(chunk, "ChatCompletionChunk")
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"] == whole["usage"]
    assert chunks[-2]["choices"][0]["finish_reason"] == turn.ended
    message = joined(chunks)
    expected = whole["choices"][0]["message"]
    for name in ("content", "reasoning_content", "annotations", "final_text_preview"):
        assert message.get(name) == expected.get(name)
    assert [each["function"] for each in objects_in(message.get("tool_calls"))] == [
        {"name": each.name, "arguments": each.text} for each in turn.calls
    ]


@every_turn
def test_a_response_in_one_piece(server: LoopbackServer, turn: Turn) -> None:
    server.reply(turn)
    answered = call(server, RESPONSES, {"model": "mimo-v2.6-pro", "input": "hi"})
    check(answered.json, "Response")
    reasons = {"length": "max_output_tokens", "content_filter": "content_filter"}
    reason = reasons.get(turn.finish_reason or "")
    assert answered.json["status"] == ("incomplete" if reason else "completed")
    assert answered.json["incomplete_details"] == ({"reason": reason} if reason else None)
    assert answered.json["output_text"] == turn.text


@every_turn
def test_a_response_streamed_says_the_same(server: LoopbackServer, turn: Turn) -> None:
    server.script([turn, turn])
    whole = call(server, RESPONSES, {"model": "mimo-v2.6-pro", "input": "hi"}).json
    answered = call(server, RESPONSES, {"model": "mimo-v2.6-pro", "input": "hi", "stream": True})
    events = payloads(answered.body)
    for number, event in enumerate(events):
        check(event, "ResponseStreamEvent")
        assert event["sequence_number"] == number
    last = events[-1]
    assert last["type"] == f"response.{whole['status']}"
    assert [event["item"] for event in events if event["type"] == "response.output_item.done"] == last["response"][
        "output"
    ]
    deltas: dict[str, str] = {}
    for event in events:
        if event["type"].endswith(".delta"):
            deltas[event["type"]] = deltas.get(event["type"], "") + event["delta"]
    assert deltas.get("response.output_text.delta", "") == turn.text
    assert deltas.get("response.reasoning_text.delta", "") == (turn.reasoning or "")
    assert last["response"]["usage"] == whole["usage"]
    assert last["response"]["output_text"] == whole["output_text"]


@every_turn
def test_what_a_stream_adds_up_to_is_the_answer_in_one_piece(turn: Turn) -> None:
    prompt = Prompt(model="mimo-v2.6-pro", tokens=3)
    whole = parse_response(CHAT_COMPLETIONS, 200, {}, msgspec.json.encode(completion(turn, prompt, 1)))
    chat = ChatAccumulator()
    for chunk in StreamDecoder(CHAT_COMPLETIONS).events(completion_events(turn, prompt, 1)):
        chat.add(chunk)
    # `audio_tokens` is in one JSON example of MiMo's and in no stream.
    message = replace(whole.choices[0].message, audio_tokens=None)
    assert chat.result() == replace(whole, choices=[replace(whole.choices[0], message=message)])
    response_ = parse_response(RESPONSES_ENDPOINT, 200, {}, msgspec.json.encode(response(turn, prompt, 1)))
    total = ResponseAccumulator()
    for event in StreamDecoder(RESPONSES_ENDPOINT).events(response_events(turn, prompt, 1)):
        total.add(event)
    assert total.result() == response_


@pytest.mark.parametrize("streamed", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("name", [name for name in recordings() if "Request." in name])
def test_every_request_of_the_examples_is_answered(server: LoopbackServer, name: str, streamed: bool) -> None:
    path, whole, event = (
        (CHAT, "ChatCompletion", "ChatCompletionChunk")
        if name.startswith("Chat")
        else (RESPONSES, "Response", "ResponseStreamEvent")
    )
    answered = call(server, path, {**json.loads(recorded(name)), "stream": streamed})
    assert (answered.status, answered.headers["Content-Type"]) == (
        200,
        "text/event-stream" if streamed else "application/json",
    )
    for value in payloads(answered.body) if streamed else [answered.json]:
        check(value, event if streamed else whole)


def test_each_event_line_names_its_type(server: LoopbackServer) -> None:
    body = call(server, RESPONSES, {"model": "mimo-v2.6-pro", "input": "hi", "stream": True}).body
    for block in body.decode().removesuffix("\n\n").split("\n\n"):
        name, data = block.split("\n")
        assert json.loads(data.removeprefix("data:"))["type"] == name.removeprefix("event:")


@pytest.mark.parametrize(
    ("path", "request_", "reply"),
    [
        (CHAT, "ChatCompletionRequest.page.json", "ChatCompletion.page.json"),
        (CHAT, "ChatCompletionRequest.web_search.json", "ChatCompletion.web_search.json"),
        (CHAT, "ChatCompletionRequest.asr.json", "ChatCompletion.asr.json"),
        (RESPONSES, "ResponseRequest.page.json", "Response.page.json"),
    ],
)
def test_a_request_of_the_examples_gets_its_example(
    server: LoopbackServer, path: str, request_: str, reply: str
) -> None:
    assert call(server, path, recorded(request_)).body == recorded(reply)


def test_and_its_recorded_stream(server: LoopbackServer) -> None:
    body = {**json.loads(recorded("ChatCompletionRequest.web_search.json")), "stream": True}
    assert call(server, CHAT, body).body == recorded("ChatCompletionChunk.web_search.sse")


def test_an_example_without_a_recorded_stream_is_answered_all_the_same(server: LoopbackServer) -> None:
    body = {**json.loads(recorded("ChatCompletionRequest.page.json")), "stream": True}
    assert joined(payloads(call(server, CHAT, body).body))["content"] == "You said: please introduce yourself"


def test_models(server: LoopbackServer) -> None:
    answered = call(server, "/v1/models").json
    check(answered, "ModelList")
    assert [model["id"] for model in answered["data"]] == sorted(MODEL_FACTS)


def test_models_of_a_day() -> None:
    with LoopbackServer(today=date(2026, 10, 20)) as before, LoopbackServer(today=date(2026, 10, 21)) as after:
        then, now = (call(server, "/v1/models").json for server in (before, after))
    # The recording is of a day between the end of the v2 models and that of the v2.5 ones.
    assert then == json.loads(recorded("ModelList.json"))
    assert {model["id"] for model in then["data"]} - {model["id"] for model in now["data"]} == {
        "mimo-v2.5",
        "mimo-v2.5-pro",
    }


@pytest.mark.parametrize("path", [CHAT, RESPONSES])
@pytest.mark.parametrize("streamed", [False, True], ids=["json", "stream"])
def test_a_model_that_was_switched_off_is_not_found(path: str, streamed: bool) -> None:
    kind = "ChatCompletionRequest" if path == CHAT else "ResponseRequest"
    body = {**json.loads(recorded(f"{kind}.page.json")), "stream": streamed}
    with LoopbackServer(today=date(2026, 10, 20)) as before, LoopbackServer(today=date(2026, 10, 21)) as after:
        assert call(before, path, body).status == 200
        answered = call(after, path, body)
        assert call(after, path, {**body, "model": "mimo-v2.6-pro"}).status == 200
    assert answered.status == 404
    assert answered.body.startswith(b"data:{") == streamed
    error = json.loads(answered.body.removeprefix(b"data:"))["error"]
    assert (error["message"], error["param"]) == ("Unsupported model", body["model"])


@pytest.mark.parametrize("path", [CHAT, RESPONSES])
def test_the_pages_own_examples_run_as_they_stand(server: LoopbackServer, path: str) -> None:
    kind = ("ChatCompletionRequest", "ChatCompletion") if path == CHAT else ("ResponseRequest", "Response")
    body = json.loads(recorded(f"{kind[0]}.page.json"))
    assert body["model"] == "mimo-v2.5-pro"
    assert call(server, path, body).body == recorded(f"{kind[1]}.page.json")


@pytest.mark.wrong_requests
def test_other_paths_are_not_found(server: LoopbackServer) -> None:
    answered = call(server, "/v1/responses/compact", {})
    assert answered.status == 404
    assert answered.json["error"]["param"] == "POST /v1/responses/compact"


@pytest.mark.wrong_requests
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"])
@pytest.mark.parametrize(("path", "allowed"), [("/v1/models", "GET"), (CHAT, "POST")])
def test_other_methods_are_not_allowed(server: LoopbackServer, method: str, path: str, allowed: str) -> None:
    for other in (method, "GET" if allowed == "POST" else "POST"):
        answered = call(server, path, {}, method=other)
        assert (answered.status, answered.headers["Allow"]) == (405, allowed)
        assert answered.json["error"]["param"] == f"{other} {path}"


@pytest.mark.wrong_requests
def test_a_head_has_no_body(server: LoopbackServer) -> None:
    address = urlsplit(server.base_url)
    with closing(http.client.HTTPConnection(address.hostname or "", address.port)) as connection:
        for _ in range(2):  # the second one begins where the first ended
            connection.request("HEAD", CHAT, headers={"api-key": server.api_key})
            response = connection.getresponse()
            assert (response.status, response.read()) == (405, b"")
    assert server.connections == 1


@pytest.mark.wrong_requests
def test_a_body_that_is_no_json(server: LoopbackServer) -> None:
    answered = call(server, CHAT, b"{")
    assert (answered.status, answered.json["error"]["param"]) == (400, "the body is no JSON object")
    assert (server.requests[0].body, server.requests[0].raw) == (None, b"{")


def test_ids_tell_the_age_of_the_model(server: LoopbackServer) -> None:
    old = call(server, CHAT, said("hi", model="mimo-v2.5")).json["id"]
    new = call(server, CHAT, said("hi", model="mimo-v2.6-pro")).json["id"]
    assert (len(old), len(new), new[36]) == (32, 69, "_")


def test_calls_have_ids_of_their_own(server: LoopbackServer) -> None:
    ids = [
        each["id"]
        for _ in range(2)
        for each in call(server, CHAT, said("hi", tools=[tool("f"), tool("g")])).json["choices"][0]["message"][
            "tool_calls"
        ]
    ]
    assert len(set(ids)) == 4
