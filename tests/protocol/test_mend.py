"""Chat payloads that are mended, passed over as heartbeats, or left to the decoder."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_proto.protocol.mend import mend_chunk

USAGE = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
HEAD = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "mimo-v2.6-pro"}
FILTER = {"index": 0, "finish_reason": None, "content_filter_offsets": {"check_offset": 1}}

MENDED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "usage without choices": ({**HEAD, "usage": USAGE}, {**HEAD, "usage": USAGE, "choices": []}),
    "usage beside null": ({"choices": None, "usage": USAGE}, {"choices": [], "usage": USAGE}),
    "usage of one field": ({"usage": {"total_tokens": 0}}, {"usage": {"total_tokens": 0}, "choices": []}),
    "usage with a type": ({"type": "usage", "usage": USAGE}, {"type": "usage", "usage": USAGE, "choices": []}),
    "delta null at the finish": (
        {"choices": [{"index": 0, "delta": None, "finish_reason": "stop"}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    ),
    "delta absent in a filter chunk": ({"choices": [FILTER]}, {"choices": [{**FILTER, "delta": {}}]}),
    "delta absent beside a message": (
        {"choices": [{"message": {"content": "a"}}]},
        {"choices": [{"message": {"content": "a"}, "delta": {}}]},
    ),
    "one delta of several": (
        {"choices": [{"index": 0, "delta": {"content": "a"}}, {"index": 1}]},
        {"choices": [{"index": 0, "delta": {"content": "a"}}, {"index": 1, "delta": {}}]},
    ),
}


@pytest.mark.parametrize("event", ["", "message", "chunk"])
@pytest.mark.parametrize(("value", "expected"), MENDED.values(), ids=MENDED)
def test_what_is_mended(value: dict[str, Any], expected: dict[str, Any], event: str) -> None:
    assert mend_chunk(copy.deepcopy(value), event) == expected


@pytest.mark.parametrize(
    ("value", "event"),
    [
        ({"type": "keepalive", "sequence_number": 3}, ""),
        ({"type": "ping"}, ""),
        ({"type": "ping"}, "ping"),
        ({"type": ""}, ""),
        ({"type": "heartbeat", "time": 1.5}, "message"),
        ({"type": "heartbeat"}, "error"),
        ({}, "ping"),
        ({"ts": 1}, "keepalive"),
        ({"type": None}, "ping"),
        ({"type": 7, "id": "1"}, "response.keep_alive"),
    ],
)
def test_heartbeats(value: dict[str, Any], event: str) -> None:
    assert mend_chunk(value, event) is None


@pytest.mark.parametrize(
    "field", ["choices", "error", "detail", "message", "msg", "code", "status", "base_resp", "usage"]
)
def test_what_says_something_is_no_heartbeat(field: str) -> None:
    value = {"type": "keepalive", field: None}
    assert mend_chunk(dict(value), "ping") == value


LEFT: list[tuple[dict[str, Any], str]] = [
    ({}, ""),
    ({}, "message"),
    ({}, "error"),
    ({"id": "1"}, ""),
    ({"id": "1"}, "error"),
    ({"id": "1", "choices": None}, ""),
    ({"id": "1", "choices": None, "usage": None}, ""),
    ({"id": "1", "choices": None, "usage": {}}, ""),
    ({"choices": None, "type": "ping"}, "ping"),
    ({"usage": []}, ""),
    ({"usage": "much"}, ""),
    ({"type": "error"}, ""),
    ({"type": "error"}, "error"),
    ({"type": None}, ""),
    ({"type": {}}, ""),
    ({"choices": {}, "usage": USAGE}, ""),
    ({"choices": [None, 5, "x"]}, ""),
    ({"choices": [{"delta": []}]}, ""),
    ({"choices": [], "prompt_filter_results": []}, ""),
]


@pytest.mark.parametrize(("value", "event"), LEFT)
def test_what_is_left_to_the_decoder(value: dict[str, Any], event: str) -> None:
    assert mend_chunk(copy.deepcopy(value), event) == value


NAMES = st.sampled_from(["choices", "usage", "delta", "type", "error", "code", "index", "id"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(value=st.dictionaries(NAMES, JSON, max_size=5), event=st.sampled_from(["", "message", "error", "ping"]))
def test_any_object_once_or_twice(value: dict[str, Any], event: str) -> None:
    mended = mend_chunk(copy.deepcopy(value), event)
    if mended is None:
        assert "choices" not in value
    else:
        assert mend_chunk(copy.deepcopy(mended), event) == mended
        # Nothing that came is lost: what was there and not null is there still.
        assert all(mended[name] == each for name, each in value.items() if name != "choices")
