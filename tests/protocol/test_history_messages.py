"""Thinking on Chat: which messages get it back, under which names, and what stands for it where it is not known."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from mimo_proto import Adapted, Finding, ReasoningMemory
from mimo_proto.testing.rules import refuse_chat

USER = {"role": "user", "content": "hi"}


def call(call_id: Any = "c1", name: Any = "f", arguments: Any = '{"a":1}') -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def reply(*calls: Any, **message: Any) -> dict[str, Any]:
    said = {"role": "assistant", "content": "", "tool_calls": list(calls), "reasoning_content": "Hm.", **message}
    return {"choices": [{"index": 0, "finish_reason": "tool_calls", "message": said}]}


def assistant(*calls: Any, **message: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": list(calls), **message}


def result(call_id: str = "c1") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": "1"}


def knows(*replies: dict[str, Any]) -> ReasoningMemory:
    memory = ReasoningMemory()
    for each in replies:
        memory.remember(each)
    return memory


def restore(memory: ReasoningMemory, *messages: Any, **options: Any) -> Adapted:
    return memory.restore({"model": "mimo-v2.6-pro", "messages": list(messages)}, **options)


def thought(memory: ReasoningMemory, message: dict[str, Any], **options: Any) -> Any:
    """The thinking of the one message after it was restored."""
    return restore(memory, USER, message, **options).body["messages"][1].get("reasoning_content")


def test_a_history_that_mimo_refuses_is_taken() -> None:
    body = {"model": "mimo-v2.6-pro", "messages": [USER, assistant(call(), content=""), result()]}
    before = copy.deepcopy(body)
    refusal = refuse_chat(body)
    assert refusal is not None
    assert "reasoning_content" in (refusal.param or "")
    restored = knows(reply(call())).restore(body)
    assert restored.body["messages"][1] == {**assistant(call(), content=""), "reasoning_content": "Hm."}
    assert refuse_chat(restored.body) is None
    assert (restored.notes, restored.dropped) == ([], [])
    assert body == before
    assert restored.body["messages"][0] is USER
    assert restored.body["messages"][2] is body["messages"][2]


# Which messages


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (assistant(call()), "Hm."),
        (assistant(call(arguments='{ "a": 1.0 }')), "Hm."),
        (assistant(call(), reasoning_content=None), "Hm."),
        (assistant(call(), reasoning_content=""), "Hm."),
        (assistant(call(), reasoning_content="My own."), "My own."),
        (assistant(call(arguments='{"a":2}')), None),
        (assistant(call(name="g")), None),
        (assistant(call("c2")), None),
        (assistant(call("")), None),
        (assistant(), None),
        ({"role": "assistant", "content": "Hm."}, None),
        ({"role": "user", "content": "hi", "tool_calls": [call()]}, None),
    ],
)
def test_only_an_equal_call_gets_it(message: dict[str, Any], expected: str | None) -> None:
    assert thought(knows(reply(call())), message, missing=None) == expected


def test_several_calls_in_one_message() -> None:
    calls = [call("c1"), call("c2", "g"), call("c3", "g")]
    memory = knows(reply(*calls), reply(call("c9"), reasoning_content="Ah."))
    for some in (calls, calls[::-1], calls[1:], calls[:1]):
        assert thought(memory, assistant(*some), missing=None) == "Hm."
    for others in ([*calls, call("c9")], [calls[0], call("c2", "h")], [calls[0], call("new")]):
        assert thought(memory, assistant(*others), missing=None) is None


@pytest.mark.parametrize("ghost", [call(""), call(None), call("", "", ""), {}, 5, None, {"id": "c1"}])
def test_a_call_without_an_id_is_no_key(ghost: Any) -> None:
    """Servers send calls without a name and an id (XiaomiMiMo/MiMo#95); of two conversations they look the same."""
    memory = knows(reply(ghost, reasoning_content="Not yours."), reply(ghost, call()))
    assert thought(memory, assistant(ghost), missing=None) is None
    assert thought(memory, assistant(call(), ghost), missing=None) == "Hm."


def test_a_text_is_no_key() -> None:
    said = {"role": "assistant", "content": "Let me see."}
    memory = knows({"choices": [{"message": {**said, "reasoning_content": "Hm."}}]})
    body = {"messages": [USER, said]}
    assert memory.restore(body).body is body


def test_the_last_reply_with_a_call_counts() -> None:
    memory = knows(reply(call()), reply(call(), reasoning_content="Ah."))
    assert thought(memory, assistant(call())) == "Ah."
    memory.remember(reply(call(), reasoning_content=None))
    assert thought(memory, assistant(call()), missing=None) is None


def test_each_choice_is_remembered() -> None:
    choices = [*reply(call("c1"))["choices"], *reply(call("c2"), reasoning_content="Ah.")["choices"]]
    memory = knows({"choices": choices})
    assert thought(memory, assistant(call("c1"))) == "Hm."
    assert thought(memory, assistant(call("c2"))) == "Ah."


def test_custom_calls() -> None:
    def custom(text: str) -> dict[str, Any]:
        return {"id": "c1", "type": "custom", "custom": {"name": "p", "input": text}}

    memory = knows(reply(custom("*** Begin")))
    assert thought(memory, assistant(custom("*** Begin")), missing=None) == "Hm."
    assert thought(memory, assistant(custom("*** End")), missing=None) is None


# Under which names


def test_it_goes_back_under_the_names_that_it_came_under() -> None:
    details = [{"type": "reasoning.text", "text": "Hm."}]
    memory = knows(reply(call(), reasoning_content=None, reasoning="Hm.", reasoning_details=details))
    [message] = restore(memory, assistant(call())).body["messages"]
    assert message == {**assistant(call()), "reasoning": "Hm.", "reasoning_details": details}


def test_what_the_client_says_under_another_name_stands_for_what_is_not_known() -> None:
    said = assistant(call("new"), reasoning="Mine.")
    for missing in ("", None):
        restored = restore(knows(reply(call())), said, missing=missing)
        assert restored.body["messages"] == [{**said, "reasoning_content": "Mine."}]
        assert restored.notes == []


def test_what_the_client_says_stays() -> None:
    memory = knows(reply(call(), reasoning="Ah."))
    [message] = restore(memory, assistant(call(), reasoning="Mine.")).body["messages"]
    assert message == assistant(call(), reasoning="Mine.", reasoning_content="Hm.")


# Where it is not known


def test_a_text_stands_for_what_is_not_known() -> None:
    unknown, known = assistant(call("new")), assistant(call())
    restored = restore(knows(reply(call())), USER, unknown, result("new"), known, missing="Lost.")
    assert restored.body["messages"][1] == {**unknown, "reasoning_content": "Lost."}
    assert restored.body["messages"][3]["reasoning_content"] == "Hm."
    [note] = restored.notes
    assert isinstance(note, Finding)
    assert (note.code, note.severity, note.path, note.source) == ("filled", "risky", "$.messages[1]", "THINK")
    assert "'Lost.'" in note.message


def test_by_default_it_is_empty() -> None:
    body = {"model": "mimo-v2.6-pro", "messages": [USER, assistant(call(), content=""), result()]}
    restored = ReasoningMemory().restore(body)
    assert restored.body["messages"][1]["reasoning_content"] == ""
    assert refuse_chat(restored.body) is None
    assert [note.path for note in restored.notes] == ["$.messages[1]"]
    assert ReasoningMemory().restore(restored.body).body is restored.body


def test_none_leaves_it() -> None:
    body = {"messages": [USER, assistant(call()), assistant(call(), reasoning_content=None)]}
    restored = ReasoningMemory().restore(body, missing=None)
    assert restored.body is body
    assert restored.notes == []
