"""The items and tools of Responses, as other clients send them."""

from __future__ import annotations

from typing import Any

import pytest

from mimo_proto import RESPONSES, Adapted, InvalidRequestError, adapt_request
from mimo_proto.models.foreign_names import FOREIGN_NAMES

THOUGHT = {"type": "reasoning_text", "text": "Hm."}
CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}


def adapt(*items: Any, **more: Any) -> Adapted:
    return adapt_request(RESPONSES, {"model": "mimo-v2.6-pro", "input": list(items) or "hi", **more})


def sent(*items: Any) -> list[Any]:
    out: list[Any] = adapt(*items).body["input"]
    return out


def parts(*given: Any) -> list[Any]:
    content: list[Any] = sent({"role": "user", "content": list(given)})[0]["content"]
    return content


def refused(*items: Any, **more: Any) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        adapt(*items, **more)
    return caught.value


# Thinking


@pytest.mark.parametrize(
    ("given", "kept", "dropped"),
    [
        ({"id": "rs_1", "summary": [], "content": [THOUGHT]}, {"id": "rs_1", "summary": [], "content": [THOUGHT]}, []),
        ({"content": [THOUGHT], "encrypted_content": "x"}, {"content": [THOUGHT]}, ["input[0].encrypted_content"]),
        ({"content": [THOUGHT], "encrypted_content": None}, {"content": [THOUGHT]}, []),
        (
            {"content": [THOUGHT], "summary": [{"type": "summary_text", "text": "s"}]},
            {"content": [THOUGHT], "summary": []},
            ["input[0].summary"],
        ),
        (
            {"content": [THOUGHT], "summary": [], "encrypted_content": "x"},
            {"content": [THOUGHT], "summary": []},
            ["input[0].encrypted_content"],
        ),
    ],
)
def test_of_a_reasoning_item_the_thinking_stays(
    given: dict[str, Any], kept: dict[str, Any], dropped: list[str]
) -> None:
    adapted = adapt({"type": "reasoning", **given}, CALL)
    assert adapted.body["input"] == [{"type": "reasoning", **kept}, CALL]
    assert adapted.dropped == dropped


@pytest.mark.parametrize("given", [{}, {"summary": [], "encrypted_content": "x"}, {"content": [], "summary": ["x"]}])
def test_without_thinking_a_reasoning_item_goes(given: dict[str, Any]) -> None:
    adapted = adapt({"type": "reasoning", **given}, CALL)
    assert adapted.body["input"] == [CALL]
    assert "input[0]" in adapted.dropped


# Items that MiMo lacks

ITEMS = [row for row in FOREIGN_NAMES if row.place == "item"]


@pytest.mark.parametrize("row", ITEMS, ids=lambda row: row.name)
def test_an_item_that_mimo_lacks(row: Any) -> None:
    item = {"type": row.name, "id": "x_1"}
    if row.act == "refused":
        error = refused(CALL, item)
        assert error.path == "$.input[1].type"
        assert row.advice in str(error)
        return
    adapted = adapt(CALL, item)
    assert adapted.body["input"] == [CALL]
    assert adapted.dropped == ["input[1]"]
    assert [note.path for note in adapted.notes] == ([] if row.act == "dropped" else ["$.input[1]"])


def test_what_answers_a_lost_call_is_lost_too() -> None:
    answers = [{"type": "function_call_output", "call_id": call, "output": "x"} for call in ("c1", "c2")]
    adapted = adapt(CALL, {"type": "local_shell_call", "call_id": "c2", "action": {}}, *answers)
    assert adapted.body["input"] == [CALL, answers[0]]
    assert [note.path for note in adapted.notes] == ["$.input[1]", "$.input[3]"]


def test_an_id_alone_is_a_reference() -> None:
    for reference in ({"id": "m1"}, {"id": "m1", "type": None}):
        assert "item_reference" in str(refused(reference))
    assert adapt({"id": "m1", "role": "user", "content": "hi"}).dropped == []


def test_an_item_of_an_unknown_kind_is_refused() -> None:
    assert refused({"type": "dance"}).path == "$.input[0].type"
    assert refused(5).path == "$.input[0]"
    assert refused({"type": ["message"]}).path == "$.input[0].type"


# Messages and outputs


def test_a_message_with_and_without_its_type() -> None:
    items = [{"role": "user", "content": "hi"}, {"type": "message", "role": "assistant", "content": "x", "phase": "p"}]
    assert adapt(*items).body["input"] == items
    assert sent({"role": "assistant", "content": None, "id": None}) == [{"role": "assistant", "content": ""}]


@pytest.mark.parametrize(
    ("given", "to_mimo"),
    [
        ({"type": "input_image", "image_url": "u", "detail": "low"}, {"type": "input_image", "image_url": "u"}),
        ({"type": "input_image", "image_url": {"url": "u"}}, {"type": "input_image", "image_url": "u"}),
        ({"type": "input_image", "image_url": "u", "file_id": None}, {"type": "input_image", "image_url": "u"}),
        (
            {"type": "input_image", "image_url": "u", "file_id": ""},
            {"type": "input_image", "image_url": "u", "file_id": ""},
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "AA==", "format": "mp3"}},
            {"type": "input_audio", "audio_url": "data:audio/mpeg;base64,AA=="},
        ),
        ({"type": "input_audio", "audio_url": "u"}, {"type": "input_audio", "audio_url": "u"}),
        ({"type": "refusal", "refusal": "No."}, {"type": "output_text", "text": "No."}),
        (
            {"type": "output_text", "text": "x", "annotations": [{"a": None}], "logprobs": None},
            {"type": "output_text", "text": "x", "annotations": [{"a": None}]},
        ),
    ],
)
def test_parts(given: dict[str, Any], to_mimo: dict[str, Any]) -> None:
    assert parts(given) == [to_mimo]
    assert sent({"type": "function_call_output", "call_id": "1", "output": "x"})[0]["output"] == "x"


def test_parts_of_what_a_tool_gave_back() -> None:
    output = [{"type": "input_text", "text": "x"}, {"type": "input_image", "image_url": "u", "detail": "high"}]
    for kind in ("function_call_output", "custom_tool_call_output"):
        adapted = adapt({"type": kind, "call_id": "1", "output": output})
        assert adapted.body["input"][0]["output"] == [output[0], {"type": "input_image", "image_url": "u"}]
        assert adapted.body["input"][0]["output"][0] is output[0]
        assert adapted.dropped == ["input[0].output[1].detail"]


@pytest.mark.parametrize(
    ("part", "path", "advice"),
    [
        ({"type": "input_file", "file_id": "f"}, "$.input[0].content[0].type", "no files"),
        ({"type": "input_image", "file_id": "f"}, "$.input[0].content[0].file_id", "data URL"),
        ({"type": "input_image", "image_url": {}}, "$.input[0].content[0]", ""),
        (5, "$.input[0].content[0]", ""),
    ],
)
def test_parts_of_which_nothing_can_be_made(part: Any, path: str, advice: str) -> None:
    error = refused({"role": "user", "content": [part]})
    assert error.path == path
    assert advice in str(error)


# Tools

FUNCTION = {"type": "function", "name": "f", "parameters": {"default": None}, "strict": False}
CUSTOM = {"type": "custom", "name": "p"}


def test_tools_that_mimo_has_stay() -> None:
    tools = [FUNCTION, CUSTOM, {"type": "namespace", "name": "n", "description": "d", "tools": [FUNCTION, CUSTOM]}]
    assert adapt(tools=tools).body["tools"] is tools


def test_tools_that_mimo_lacks_go() -> None:
    hosted = [{"type": "web_search"}, {"type": "local_shell"}, {"type": "dance"}]
    adapted = adapt(tools=[FUNCTION, *hosted], tool_choice={"type": "web_search"})
    assert adapted.body["tools"] == [FUNCTION]
    assert adapted.dropped == ["tools[1]", "tools[2]", "tools[3]", "tool_choice"]
    assert {note.code for note in adapted.notes} == {"changed"}
    assert "tools" not in adapt(tools=hosted).body


def test_tools_that_mimo_lacks_go_from_namespaces_and_items() -> None:
    namespace = {"type": "namespace", "name": "n", "description": "d", "tools": [FUNCTION, {"type": "mcp"}]}
    adapted = adapt({"type": "additional_tools", "role": "developer", "tools": [namespace, {"type": "mcp"}]})
    assert adapted.body["input"] == [
        {"type": "additional_tools", "role": "developer", "tools": [{**namespace, "tools": [FUNCTION]}]}
    ]
    assert adapted.dropped == ["input[0].tools[0].tools[1]", "input[0].tools[1]"]
    assert refused(tools=[{"type": "namespace", "name": "n", "description": "d"}]).path == "$.tools[0]"


def test_what_is_kept_of_the_history_elsewhere() -> None:
    for name, value in (("previous_response_id", "resp_1"), ("conversation", "conv_1"), ("background", True)):
        assert refused(**{name: value}).path == f"$.{name}"
