"""`ReasoningMemory`: streams and replies of both APIs, scopes, stores, threads, and the order with adapt_request."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_proto import (
    CHAT_COMPLETIONS,
    RESPONSES,
    ChatAccumulator,
    ChatCompletion,
    Client,
    InvalidRequestError,
    LocalProtocolError,
    MimoError,
    ReasoningMemory,
    Watch,
    adapt_request,
    parse_response,
)
from mimo_proto.protocol.json_types import is_array, is_object
from mimo_proto.testing import LoopbackServer
from tests.support.sums import CHUNKS, EVENTS, added, delta, done

if TYPE_CHECKING:
    from collections.abc import Iterable

USER = {"role": "user", "content": "How warm is it in Xi'an?"}
ARGUMENTS = '{"city":"Xi\'an"}'
NAMED = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": ARGUMENTS}}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "21"}
ITEM = {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": ARGUMENTS}
THOUGHT = {"type": "reasoning", "id": "r1", "summary": [], "content": [{"type": "reasoning_text", "text": "Hm."}]}
OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "21"}


def chunk(fields: dict[str, Any] | None = None, finish: str | None = None, index: int | None = 0) -> Any:
    return CHUNKS.build({"id": "x", "created": 1, "model": "m", **delta(fields, finish, index)})


def events(*fields: dict[str, Any]) -> list[Any]:
    return [EVENTS.build(each) for each in fields]


def watch(events: Iterable[Any], memory: ReasoningMemory, scope: str = "") -> Watch:
    watching = memory.watch(scope)
    for event in events:
        watching.add(event)
    return watching


def chat_thinking(memory: ReasoningMemory, call: Any = NAMED, scope: str = "") -> Any:
    message = {"role": "assistant", "content": "", "tool_calls": [call]}
    return memory.restore({"messages": [message]}, scope, None).body["messages"][0].get("reasoning_content")


def item_thinking(memory: ReasoningMemory, call: Any = ITEM, scope: str = "") -> str:
    items = memory.restore({"input": [call]}, scope).body["input"]
    return "".join(part["text"] for item in items[:-1] for part in item["content"])


# Streams of Chat

STREAM = [
    chunk({"role": "assistant", "content": ""}),
    chunk({"reasoning_content": "H"}),
    chunk({"reasoning_content": "m."}),
    chunk({"tool_calls": [{**NAMED, "index": 0, "function": {"name": "weather", "arguments": ""}}]}),
    chunk({"tool_calls": [{"index": 0, "function": {"arguments": ARGUMENTS}}]}),
    chunk({}, "tool_calls"),
    CHUNKS.build({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}),
]


def test_a_chat_stream_counts_from_its_finish_reason_on() -> None:
    memory = ReasoningMemory()
    watching = memory.watch()
    found: list[Any] = []
    for event in STREAM:
        watching.add(event)
        found.append(chat_thinking(memory))
    assert found == [None] * 5 + ["Hm."] * 2


def test_the_last_delta_may_bring_the_finish_reason() -> None:
    memory = ReasoningMemory()
    watch([chunk({"reasoning_content": "Hm.", "tool_calls": [{**NAMED, "index": 0}]}, "stop")], memory)
    assert chat_thinking(memory) == "Hm."


def test_each_choice_of_a_stream_counts_by_itself() -> None:
    memory = ReasoningMemory()
    other = {**NAMED, "id": "c2"}
    watching = memory.watch()
    for index, call, text in ((None, NAMED, "Hm."), (1, other, "Ah.")):
        watching.add(chunk({"reasoning_content": text, "tool_calls": [call]}, None, index))
    watching.add(chunk({}, "tool_calls", 1))
    assert (chat_thinking(memory), chat_thinking(memory, other)) == (None, "Ah.")
    watching.add(chunk({}, "tool_calls", None))
    assert chat_thinking(memory) == "Hm."


def test_a_stream_that_broke_off_is_not_remembered() -> None:
    memory = ReasoningMemory()
    watch(STREAM[:-2], memory)
    assert chat_thinking(memory) is None


# Streams of Responses

RESPONSE: dict[str, Any] = {
    "id": "x",
    "object": "response",
    "created_at": 1,
    "model": "m",
    "status": "completed",
    "output": [],
}
ARGUMENTS_DELTA = {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": ARGUMENTS}


def terminal(kind: str = "completed", *output: dict[str, Any]) -> dict[str, Any]:
    return {"type": f"response.{kind}", "response": {**RESPONSE, "status": kind, "output": list(output)}}


def test_a_response_counts_item_by_item() -> None:
    memory = ReasoningMemory()
    watching = memory.watch()
    found: list[str] = []
    stream: list[Any] = [
        {"type": "response.created", "response": {**RESPONSE, "status": "in_progress"}},
        added({**THOUGHT, "content": []}),
        done(THOUGHT),
        added({**ITEM, "arguments": ""}, 1),
        ARGUMENTS_DELTA,
        done(ITEM, 1),
        terminal(),
    ]
    for event in events(*stream):
        watching.add(event)
        found.append(item_thinking(memory))
    assert found == [""] * 5 + ["Hm."] * 2
    assert memory.restore({"input": [{"type": "item_reference", "id": "r1"}]}).body["input"] == [THOUGHT]


def test_fields_that_the_spec_lacks_come_back() -> None:
    memory = ReasoningMemory()
    novel = {**ITEM, "id": "f1", "mood": {"glad": None}}
    for _ in range(3):
        watch(events(done({**THOUGHT, "phase": 1}), {**done(novel, 1), "pace": 2}, terminal()), memory)
    items = [{"type": "item_reference", "id": "f1"}]
    assert memory.restore({"input": items}).body["input"] == [{**THOUGHT, "phase": 1}, novel]


def test_a_terminal_event_that_tells_less_takes_nothing_back() -> None:
    memory = ReasoningMemory()
    watch(events(done(THOUGHT), done(ITEM, 1), terminal("completed", ITEM)), memory)
    assert item_thinking(memory) == "Hm."


@pytest.mark.parametrize("kind", ["completed", "incomplete", "failed"])
@pytest.mark.parametrize("output", [[], [THOUGHT, ITEM]])
def test_items_that_end_without_an_event(kind: str, output: list[dict[str, Any]]) -> None:
    memory = ReasoningMemory()
    text = {"type": "response.reasoning_text.delta", "output_index": 0, "item_id": "r1", "delta": "Hm."}
    stream = [added({**THOUGHT, "content": []}), text, added({**ITEM, "arguments": ""}, 1), ARGUMENTS_DELTA]
    watch(events(*stream, terminal(kind, *output)), memory)
    assert item_thinking(memory) == "Hm."


# Whole replies

COMPLETION = {
    "choices": [
        {
            "index": 0,
            "finish_reason": "tool_calls",
            "message": {"role": "assistant", "content": None, "reasoning_content": "Hm.", "tool_calls": [NAMED]},
        }
    ]
}


@pytest.mark.parametrize("typed", [True, False])
def test_whole_replies(typed: bool) -> None:
    def reply(endpoint: Any, fields: dict[str, Any]) -> Any:
        return parse_response(endpoint, 200, {}, msgspec.json.encode(fields)) if typed else fields

    memory = ReasoningMemory()
    memory.remember(reply(CHAT_COMPLETIONS, COMPLETION))
    memory.remember(reply(RESPONSES, {**RESPONSE, "output": [THOUGHT, ITEM]}))
    assert (chat_thinking(memory), item_thinking(memory)) == ("Hm.", "Hm.")


def test_what_is_no_reply_is_refused() -> None:
    with LoopbackServer() as server, Client(server.api_key, base_url=server.base_url) as client:
        reply = client.send(CHAT_COMPLETIONS, {"model": "mimo-v2.6-pro", "messages": [USER]})
    with pytest.raises(LocalProtocolError, match="a Reply"):
        ReasoningMemory().remember(reply)
    ReasoningMemory().remember(reply.value)


def test_the_two_apis_do_not_mix() -> None:
    memory = ReasoningMemory()
    memory.remember(COMPLETION)
    assert item_thinking(memory) == ""


# What servers and clients send

NAMES = [
    *("choices", "delta", "message", "index", "finish_reason", "tool_calls", "id", "function", "name", "arguments"),
    *("role", "content", "reasoning_content", "reasoning_details", "messages", "custom", "input", "output", "type"),
    *("item", "call_id", "text", "summary"),
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.sampled_from(["c1", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=12,
)


def spoil(draw: st.DrawFn, value: Any) -> Any:
    """Replace some of a JSON value by any other."""
    if draw(st.integers(0, 9)) == 0:
        return draw(json_values)
    if is_object(value):
        return {name: spoil(draw, member) for name, member in value.items()}
    return [spoil(draw, member) for member in value] if is_array(value) else value


@st.composite
def spoilt(draw: st.DrawFn, *values: Any) -> Any:
    return spoil(draw, draw(st.sampled_from(values)))


SENT = [
    delta({"reasoning_content": "Hm.", "tool_calls": [{**NAMED, "index": 0}]}, "tool_calls"),
    delta({"tool_calls": [{"index": 0, "function": {"arguments": "{"}}]}),
    done(THOUGHT),
    done(ITEM, 1),
    added(ITEM, 1),
    ARGUMENTS_DELTA,
    terminal("completed", THOUGHT, ITEM),
    {"type": "dance", "item": ITEM},
]


@given(st.lists(spoilt(*SENT), max_size=6))
def test_no_stream_makes_an_error(stream: list[Any]) -> None:
    memory = ReasoningMemory()
    watching = memory.watch()
    for fields in stream:
        for decoder in (CHUNKS, EVENTS):
            event = None
            with suppress(MimoError):
                event = decoder.build(fields)
            if event is not None:
                watching.add(event)


@given(spoilt(COMPLETION, {"output": [THOUGHT, ITEM]}))
def test_no_reply_makes_an_error(reply: Any) -> None:
    ReasoningMemory().remember({"choices": [reply], "output": [reply], **(reply if is_object(reply) else {})})


BODIES = [
    {"messages": [USER, {"role": "assistant", "content": None, "tool_calls": [NAMED, NAMED]}, RESULT]},
    {"input": [USER, {"type": "item_reference", "id": "r1"}, {**THOUGHT, "content": []}, ITEM, OUTPUT]},
]


@given(spoilt(*BODIES), st.sampled_from(["", None, "Lost."]))
def test_no_body_makes_an_error_or_is_changed(body: Any, missing: str | None) -> None:
    memory = ReasoningMemory()
    memory.remember(COMPLETION)
    memory.remember({"output": [THOUGHT, ITEM]})
    before = repr(body)
    restored = memory.restore(body, missing=missing)
    assert repr(body) == before
    again = memory.restore(restored.body, missing=missing)
    assert again.body is restored.body
    assert again.notes == []


def test_events_behind_the_end_are_passed_over() -> None:
    memory = ReasoningMemory()
    watching = watch(events(done(THOUGHT), terminal(), done(ITEM, 1)), memory)
    watching.add(events(done(ITEM, 1))[0])
    assert item_thinking(memory) == ""


def too_deep() -> list[Any]:
    deep: list[Any] = []
    for _ in range(200_000):
        deep = [deep]
    return deep


def test_a_stream_of_which_an_event_cannot_be_added_is_not_remembered() -> None:
    """What comes of its thinking would be a part of it."""
    memory = ReasoningMemory()
    deep = chunk({"reasoning_content": "m.", "audio_tokens": []})
    deep.choices[0].delta.audio_tokens = too_deep()
    watch([*STREAM[:2], deep, *STREAM[3:]], memory)
    assert chat_thinking(memory) is None


def test_a_reply_that_cannot_be_read_is_not_remembered() -> None:
    memory = ReasoningMemory()
    reply: Any = parse_response(CHAT_COMPLETIONS, 200, {}, msgspec.json.encode(COMPLETION))
    reply.choices[0].message.audio_tokens = too_deep()
    memory.remember(reply)
    assert chat_thinking(memory) is None


def test_a_finish_reason_in_every_chunk_costs_no_more() -> None:
    written: list[str] = []

    class Watched(dict[str, bytes]):
        def __setitem__(self, key: str, entry: bytes) -> None:
            written.append(key)
            super().__setitem__(key, entry)

    watch([*STREAM, *[chunk({"content": "x"}, "tool_calls")] * 100], ReasoningMemory(Watched()))
    assert len(written) == 2


# Scopes


class Talk(NamedTuple):
    """A reply with a call: of two talks the calls may be the same, the thinking never is."""

    scope: str
    call_id: str
    arguments: str


talks = st.lists(
    st.builds(
        Talk, st.sampled_from(["ann", "bob"]), st.sampled_from(["", "0", "1"]), st.sampled_from(["{}", '{"a":1}'])
    ),
    max_size=12,
)


@given(talks, st.booleans(), st.booleans())
def test_two_scopes_never_mix(talks: list[Talk], streamed: bool, chat: bool) -> None:
    """Whose thinking it is stands in it; what comes back is that of the last equal call of the same scope."""
    store: dict[str, bytes] = {}
    last: dict[Talk, str] = {}
    for number, talk in enumerate(talks):
        memory = ReasoningMemory(store)
        text = last[talk] = f"{talk.scope} {number}"
        if chat:
            call = {"id": talk.call_id, "type": "function", "function": {"name": "f", "arguments": talk.arguments}}
            message = {"role": "assistant", "reasoning_content": text, "tool_calls": [call]}
            if streamed:
                watch([chunk(message), chunk({}, "tool_calls")], memory, talk.scope)
            else:
                memory.remember({"choices": [{"message": message}]}, talk.scope)
        else:
            call = {"type": "function_call", "call_id": talk.call_id, "name": "f", "arguments": talk.arguments}
            output: list[Any] = [{**THOUGHT, "content": [{"type": "reasoning_text", "text": text}]}, call]
            if streamed:
                watch(events(*map(done, output, range(2))), memory, talk.scope)
            else:
                memory.remember({"output": output}, talk.scope)
    for talk in (Talk(scope, call, "{}") for scope in ("ann", "bob", "", "annbob") for call in ("", "0", "1")):
        named = {"id": talk.call_id, "type": "function", "function": {"name": "f", "arguments": talk.arguments}}
        item = {"type": "function_call", "call_id": talk.call_id, "name": "f", "arguments": talk.arguments}
        memory = ReasoningMemory(store)
        found = chat_thinking(memory, named, talk.scope) if chat else item_thinking(memory, item, talk.scope)
        assert found == (
            (last.get(talk) if talk.call_id else None) if chat else last.get(talk, "") * bool(talk.call_id)
        )


# Stores


def test_several_workers_share_a_store() -> None:
    store: dict[str, bytes] = {}
    ReasoningMemory(store).remember(COMPLETION)
    assert chat_thinking(ReasoningMemory(store)) == "Hm."
    assert chat_thinking(ReasoningMemory({})) is None
    assert all(isinstance(msgspec.json.decode(entry), dict) for entry in store.values())


def test_an_empty_store_is_a_store() -> None:
    store: dict[str, bytes] = {}
    ReasoningMemory(store, max_bytes=0).remember(COMPLETION)
    assert store


def test_by_default_it_forgets_the_oldest() -> None:
    memory = ReasoningMemory(max_bytes=20_000)
    calls = [{**NAMED, "id": f"c{number}"} for number in range(100)]
    for call in calls:
        message = {"reasoning_content": "Hm." * 100, "tool_calls": [call]}
        memory.remember({"choices": [{"message": message}]})
    known = [call["id"] for call in calls if chat_thinking(memory, call)]
    assert 5 < len(known) < 50
    assert known == [call["id"] for call in calls[-len(known) :]]
    assert chat_thinking(ReasoningMemory(max_bytes=0)) is None


def test_nothing_is_shown() -> None:
    memory = ReasoningMemory()
    watching = watch(STREAM, memory, "scope of ann")
    for value in (memory, watching):
        for text in (repr(value), str(value)):
            assert "Hm." not in text
            assert "ann" not in text
        with pytest.raises(TypeError):
            pickle.dumps(value)


def test_nothing_is_logged(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    with caplog.at_level(0):
        memory = ReasoningMemory({})
        watch(STREAM, memory)
        watch(events(done({**THOUGHT, "id": None}), terminal(), terminal()), memory)
        memory.restore({"messages": [{"role": "assistant", "tool_calls": [{**NAMED, "id": "new"}]}]})
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_threads() -> None:
    memory = ReasoningMemory(max_bytes=200_000)

    def talk(user: int) -> list[Any]:
        found: list[Any] = []
        for turn in range(40):
            call = {**NAMED, "id": f"c{turn % 7}"}
            deltas: list[Any] = [{"reasoning_content": f"{user} in {turn}"}, {"tool_calls": [{**call, "index": 0}]}]
            watch([*map(chunk, deltas), chunk({}, "tool_calls")], memory, f"{user}")
            found.append(chat_thinking(memory, call, f"{user}"))
        return found

    with ThreadPoolExecutor(8) as pool:
        for user, found in enumerate(pool.map(talk, range(8))):
            assert found == [f"{user} in {turn}" for turn in range(40)]


# Before or after adapt_request


def test_the_thinking_of_calls_comes_back_in_either_order() -> None:
    memory = ReasoningMemory()
    memory.remember(COMPLETION)
    memory.remember({"output": [THOUGHT, ITEM]})
    hollow: dict[str, Any] = {"type": "reasoning", "id": "r1", "summary": [], "encrypted_content": "x"}
    bodies: list[tuple[Any, Any]] = [
        (
            CHAT_COMPLETIONS,
            {
                "messages": [
                    USER,
                    {"role": "assistant", "content": None, "tool_calls": [NAMED], "reasoning_content": None},
                    RESULT,
                    {"role": "assistant", "content": None, "tool_calls": [{**NAMED, "id": "new"}]},
                ],
                "seed": 7,
            },
        ),
        (RESPONSES, {"input": [USER, hollow, ITEM, OUTPUT], "store": False}),
        (RESPONSES, {"input": [USER, ITEM, OUTPUT]}),
    ]
    for endpoint, fields in bodies:
        body = {"model": "mimo-v2.6-pro", **fields}
        before = adapt_request(endpoint, memory.restore(body).body).body
        after = memory.restore(adapt_request(endpoint, body).body).body
        assert before == after
        assert "Hm." in repr(after)


def test_what_is_found_by_id_wants_the_memory_first() -> None:
    memory = ReasoningMemory()
    memory.remember({"output": [THOUGHT, ITEM]})
    body = {"model": "mimo-v2.6-pro", "input": [USER, {"type": "item_reference", "id": "r1"}, ITEM, OUTPUT]}
    assert adapt_request(RESPONSES, memory.restore(body).body).body["input"] == [USER, THOUGHT, ITEM, OUTPUT]
    empty: dict[str, Any] = {"type": "reasoning", "id": "r1", "summary": [], "encrypted_content": "x"}
    said = {"role": "assistant", "content": "21 degrees."}
    answered = {"model": "mimo-v2.6-pro", "input": [USER, empty, said, USER]}
    assert adapt_request(RESPONSES, memory.restore(answered).body).body["input"] == [USER, THOUGHT, said, USER]
    assert memory.restore(adapt_request(RESPONSES, answered).body).body["input"] == [USER, said, USER]
    for unknown in (body, ReasoningMemory().restore(body).body):
        with pytest.raises(InvalidRequestError, match="item_reference"):
            adapt_request(RESPONSES, unknown)


# Over a socket

TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"properties": {"city": {"type": "string"}}}}}


@pytest.mark.parametrize("streamed", [True, False])
def test_a_client_that_drops_the_thinking_and_leaves_early(streamed: bool) -> None:
    """It goes as soon as the finish reason has come; three turns, each with the whole history."""
    memory = ReasoningMemory()
    with LoopbackServer() as server, Client(server.api_key, base_url=server.base_url) as client:
        messages: list[Any] = [USER]
        request: Any = None
        for turn in range(3):
            body = {"model": "mimo-v2.6-pro", "messages": copy.deepcopy(messages), "tools": [TOOL]}
            restored = memory.restore(body, "ann")
            assert restored.notes == []
            request = adapt_request(CHAT_COMPLETIONS, restored.body).body
            calls = _stream(client, request, memory) if streamed else _send(client, request, memory)
            assert len(calls) == 1
            messages.append({"role": "assistant", "content": None, "tool_calls": calls})
            messages.append({"role": "tool", "tool_call_id": calls[0]["id"], "content": f"{turn}"})
            messages.append({"role": "user", "content": "And now?"})
        thoughts = [each.get("reasoning_content") for each in request["messages"] if each.get("tool_calls")]
        assert len(thoughts) == 2
        assert all(thoughts)


def _stream(client: Client, request: Any, memory: ReasoningMemory) -> list[Any]:
    watching, sum_of = memory.watch("ann"), ChatAccumulator()
    with client.stream(CHAT_COMPLETIONS, {**request, "stream": True}) as stream:
        for event in stream:
            watching.add(event)
            sum_of.add(event)
            if event.choices[0].finish_reason:
                break
    return _calls_of(sum_of.result())


def _send(client: Client, request: Any, memory: ReasoningMemory) -> list[Any]:
    reply = client.send(CHAT_COMPLETIONS, request)
    memory.remember(reply.value, "ann")
    return _calls_of(reply.value)


def _calls_of(completion: ChatCompletion) -> list[Any]:
    calls: list[Any] = msgspec.to_builtins(completion.choices[0].message.tool_calls)
    return calls
