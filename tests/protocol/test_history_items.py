"""Thinking on Responses: references become items, and reasoning stands before the calls that it led to."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from mimo_proto import ReasoningMemory

USER = {"role": "user", "content": "hi"}
SAID = {"type": "message", "id": "m1", "role": "assistant", "content": [{"type": "output_text", "text": "Wait."}]}


def thought(item_id: str | None = "r1", text: str = "Hm.", **more: Any) -> dict[str, Any]:
    named = {} if item_id is None else {"id": item_id}
    return {"type": "reasoning", **named, "summary": [], "content": [{"type": "reasoning_text", "text": text}], **more}


def call(call_id: str = "c1", arguments: Any = '{"a":1}', **more: Any) -> dict[str, Any]:
    return {"type": "function_call", "call_id": call_id, "name": "f", "arguments": arguments, **more}


def result(call_id: str = "c1") -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": "1"}


def reference(item_id: Any) -> dict[str, Any]:
    return {"type": "item_reference", "id": item_id}


def knows(*outputs: list[Any]) -> ReasoningMemory:
    memory = ReasoningMemory()
    for output in outputs:
        memory.remember({"output": output})
    return memory


def restored(memory: ReasoningMemory, *items: Any) -> list[Any]:
    body = {"model": "mimo-v2.6-pro", "input": list(items)}
    before = copy.deepcopy(body)
    out = memory.restore(body)
    assert body == before
    assert (out.notes, out.dropped) == ([], [])
    assert (out.body is body) == (out.body["input"] == body["input"])
    given: list[Any] = out.body["input"]
    return given


# Reasoning stands before its call


def test_it_stands_before_its_call() -> None:
    memory = knows([thought(), call()])
    assert restored(memory, USER, call(), result()) == [USER, thought(), call(), result()]
    assert restored(memory, USER, thought(), call(), result()) == [USER, thought(), call(), result()]
    for other in (
        call(arguments='{"a":2}'),
        {**call(), "name": "g"},
        {**call(), "type": "custom_tool_call", "input": '{"a":1}'},
    ):
        assert restored(memory, USER, other, result()) == [USER, other, result()]


def test_calls_of_one_reply_have_it_once() -> None:
    memory = knows([thought(), call("c1"), call("c2")])
    together = [call("c1"), call("c2"), result("c1"), result("c2")]
    assert restored(memory, USER, *together) == [USER, thought(), *together]
    apart = [call("c1"), result("c1"), call("c2"), result("c2")]
    assert restored(memory, USER, *apart) == [USER, thought(), *apart]
    assert restored(memory, USER, thought(), *apart) == [USER, thought(), *apart]
    assert restored(memory, USER, call("c2"), result("c2")) == [USER, thought(), call("c2"), result("c2")]


def test_what_lacks_its_text_gives_way_wherever_it_stands() -> None:
    memory = knows([thought(), call()])
    before = [USER, SAID, USER]
    bare: list[Any] = [{"type": "reasoning", "summary": []}, {"type": "reasoning", "encrypted_content": "x"}]
    assert restored(memory, *before, *bare, call(), result()) == [*before, thought(), call(), result()]


def test_a_flood_of_calls_writes_the_thinking_once() -> None:
    written: list[bytes] = []

    class Watched(dict[str, bytes]):
        def __setitem__(self, key: str, entry: bytes) -> None:
            written.append(entry)
            super().__setitem__(key, entry)

    memory = ReasoningMemory(Watched())
    calls = [call(f"c{number}") for number in range(100)]
    memory.remember({"output": [thought(None, "Hm." * 100), *calls]})
    assert sum(map(len, written)) < 100 * 200
    assert restored(memory, *calls) == [thought(None, "Hm." * 100), *calls]


def test_each_reply_has_its_own() -> None:
    memory = knows([thought("r1"), call("c1")], [thought("r2", "Ah."), call("c2")])
    given = [call("c1"), result("c1"), call("c2"), result("c2")]
    full = [thought("r1"), call("c1"), result("c1"), thought("r2", "Ah."), call("c2"), result("c2")]
    assert restored(memory, *given) == full
    assert restored(memory, thought("r1"), *given) == full
    assert restored(memory, *full) == full


def test_two_replies_that_thought_the_same_without_an_id() -> None:
    memory = knows([thought(None), call("c1")], [thought(None), call("c2")])
    full = [thought(None), call("c1"), result("c1"), thought(None), call("c2"), result("c2")]
    assert restored(memory, call("c1"), result("c1"), call("c2"), result("c2")) == full


def test_thinking_between_calls() -> None:
    output = [thought("r1"), call("c1"), thought("r2", "Ah."), thought("r3", "So."), call("c2")]
    memory = knows(output)
    assert restored(memory, call("c1"), call("c2")) == output
    assert restored(memory, thought("r1"), call("c1"), call("c2")) == output
    assert restored(memory, *output) == output


def test_a_message_between_thinking_and_call() -> None:
    memory = knows([thought(), SAID, call()])
    assert restored(memory, USER, SAID, call()) == [USER, SAID, thought(), call()]
    assert restored(memory, USER, thought(), SAID, call()) == [USER, thought(), SAID, call()]
    # That of an earlier answer is not the call's.
    earlier = [thought("r0", "Oh."), SAID, USER]
    assert restored(memory, *earlier, call()) == [*earlier, thought(), call()]


def test_a_call_without_thinking() -> None:
    memory = knows([call("c1")], [thought(), call("c2")], [call("c2")])
    assert restored(memory, call("c1"), call("c2")) == [call("c1"), call("c2")]
    assert restored(memory, call("new"), call("")) == [call("new"), call("")]


def test_a_call_that_the_client_changed_among_those_of_one_reply() -> None:
    memory = knows([thought(), call("c1"), call("c2"), call("c3")])
    calls = [call("c1"), call("c2", arguments='{"a":2}'), call("c3")]
    assert restored(memory, USER, *calls) == [USER, thought(), *calls]
    assert restored(memory, USER, thought("mine", "So."), *calls[1:]) == [USER, thought("mine", "So."), *calls[1:]]
    assert restored(memory, USER, *calls[1:]) == [USER, calls[1], thought(), calls[2]]


def test_custom_calls() -> None:
    def custom(text: str) -> dict[str, Any]:
        return {"type": "custom_tool_call", "call_id": "c1", "name": "p", "input": text}

    memory = knows([thought(), custom("x = 1")])
    assert restored(memory, custom("x = 1")) == [thought(), custom("x = 1")]
    assert restored(memory, custom("x = 2")) == [custom("x = 2")]


# Reasoning items without text


@pytest.mark.parametrize("item_id", ["r1", "foreign", None])
@pytest.mark.parametrize(
    "empty", [{}, {"content": []}, {"content": None}, {"content": [{"type": "reasoning_text", "text": ""}, 5]}]
)
def test_an_item_without_text_gives_way(item_id: str | None, empty: dict[str, Any]) -> None:
    sent: dict[str, Any] = {
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": "s"}],
        "encrypted_content": "x",
        **empty,
    }
    if item_id is not None:
        sent["id"] = item_id
    assert restored(knows([thought(), call()]), USER, sent, call(), result()) == [USER, thought(), call(), result()]


def test_an_item_without_text_becomes_that_of_its_id() -> None:
    sent: dict[str, Any] = {"type": "reasoning", "id": "r1", "summary": []}
    assert restored(knows([thought(), SAID]), sent, SAID) == [thought(), SAID]


def test_an_item_without_text_stays_where_nothing_is_known() -> None:
    sent: dict[str, Any] = {"type": "reasoning", "id": "r1", "summary": []}
    assert restored(ReasoningMemory(), sent, call()) == [sent, call()]


def test_an_item_without_text_is_no_thinking() -> None:
    memory = knows([{"type": "reasoning", "id": "r1", "summary": [{"text": "s"}], "content": []}, call()])
    assert restored(memory, call()) == [call()]


def test_a_summary_is_emptied() -> None:
    memory = knows([thought(summary=[{"type": "summary_text", "text": "s"}]), call()])
    assert restored(memory, call()) == [thought(), call()]
    assert restored(memory, reference("r1")) == [thought()]


# References


def test_a_reference_becomes_its_item() -> None:
    memory = knows([thought(), SAID, call(id="f1")])
    assert restored(memory, USER, reference("m1")) == [USER, SAID]
    assert restored(memory, reference("r1"), reference("f1")) == [thought(), call(id="f1")]
    assert restored(memory, {"id": "r1"}, {"id": "f1", "type": None}) == [thought(), call(id="f1")]
    assert restored(memory, reference("f1"), result()) == [thought(), call(id="f1"), result()]


@pytest.mark.parametrize("item_id", ["unknown", "", None, 5, "c1"])
def test_a_reference_to_what_is_not_known_stays(item_id: Any) -> None:
    memory = knows([{**SAID, "id": ""}, {**SAID, "id": None}, call()])
    assert restored(memory, reference(item_id)) == [reference(item_id)]


@pytest.mark.parametrize("given", ["hi", None, 5, [5, None, [], {}, {"type": []}, {"type": {}, "id": {}}, "x"]])
def test_any_other_input_stays(given: Any) -> None:
    body = {"input": given}
    assert knows([thought(), call()]).restore(body).body is body
