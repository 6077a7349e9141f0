"""Tool calls in the chat streams of other servers: which call a piece belongs to, and what arguments may be."""

from __future__ import annotations

from typing import Any

from mimo_proto import IncompleteStreamError
from tests.support.other_servers import Case, call, chunk, finish

__all__ = ["CALL_STREAMS"]

END = finish("tool_calls")


def pieces(*calls: Any) -> bytes:
    """A chunk with these pieces."""
    return chunk({"tool_calls": list(calls)})


ONE, TWO, THREE = '{"port": "Leith"}', '{"port": "Wick"}', "{}"
TWO_CALLS = {"calls": [["call_a", "tide", ONE], ["call_b", "wind", TWO]]}
SAME_NAME = {"calls": [["call_a", "tide", ONE], ["call_b", "tide", TWO], ["call_c", "tide", THREE]]}

PARALLEL = [
    Case(
        "sglang-index-0-and-the-id-in-each-piece",
        pieces(call(0, "call_a", "tide", ""))
        + pieces(call(0, "call_a", None, '{"port": '))
        + pieces(call(0, "call_a", None, '"Leith"}'))
        + pieces(call(0, "call_b", "wind", ""))
        + pieces(call(0, "call_b", None, TWO))
        + END,
        TWO_CALLS,
        {"tool_calls.0.id": "call_a", "tool_calls.1.id": "call_b", "tool_calls.1.function.arguments": TWO},
    ),
    Case(
        "lmdeploy-index-0-and-empty-ids",
        pieces(call(0, "call_a", "tide", ""))
        + pieces(call(0, "", None, ONE[:9]))
        + pieces(call(0, "", None, ONE[9:]))
        + pieces(call(0, "call_b", "wind", ""))
        + pieces(call(0, "", None, TWO))
        + END,
        TWO_CALLS,
    ),
    Case(
        "index-0-and-null-ids",
        pieces(call(0, "call_a", "tide", ""))
        + pieces({"index": 0, "id": None, "function": {"name": None, "arguments": ONE}})
        + pieces(call(0, "call_b", "wind", ""))
        + pieces({"index": 0, "id": None, "function": {"name": None, "arguments": TWO}})
        + END,
        TWO_CALLS,
    ),
    Case(
        "ollama-whole-calls-at-index-0",
        pieces(call(0, "call_a", "tide", ONE)) + pieces(call(0, "call_b", "wind", TWO)) + END,
        TWO_CALLS,
    ),
    Case(
        "gemini-three-calls-of-one-name-at-index-0",
        pieces(call(0, "call_a", "tide", ONE))
        + pieces(call(0, "call_b", "tide", TWO))
        + pieces(call(0, "call_c", "tide", THREE))
        + END,
        SAME_NAME,
    ),
    Case(
        "plexus-mixed-at-index-0",
        pieces(call(0, "call_a", "tide", ""))
        + pieces(call(0, "call_b", "wind", ""))
        + pieces(call(0, "call_a", None, ONE[:9]))
        + pieces(call(0, "call_b", None, TWO[:9]))
        + pieces(call(0, "call_a", None, ONE[9:]))
        + pieces(call(0, "call_b", None, TWO[9:]))
        + END,
        TWO_CALLS,
    ),
    Case(
        "two-whole-calls-at-index-0-in-one-list",
        pieces(call(0, "call_a", "tide", ONE), call(0, "call_b", "wind", TWO)) + END,
        TWO_CALLS,
    ),
    Case(
        "moonshot-without-an-index",
        pieces(call(None, "call_a", "tide", ONE)) + pieces(call(None, "call_b", "wind", TWO)) + END,
        TWO_CALLS,
    ),
    Case(
        "without-an-index-in-pieces",
        pieces(call(None, "call_a", "tide", ""))
        + pieces(call(None, None, None, ONE))
        + pieces(call(None, "call_b", "wind", ""))
        + pieces(call(None, None, None, TWO))
        + END,
        TWO_CALLS,
    ),
    Case(
        "without-an-index-and-the-id-in-each-piece",
        pieces(call(None, "call_a", "tide", ""), call(None, "call_b", "wind", ""))
        + pieces(call(None, "call_a", None, ONE), call(None, "call_b", None, TWO))
        + END,
        TWO_CALLS,
    ),
    Case(
        "without-an-index-and-ids-in-one-list",
        pieces(call(None, None, "tide", ONE), call(None, None, "tide", TWO)) + END,
        {"calls": [["", "tide", ONE], ["", "tide", TWO]]},
    ),
    Case(
        "without-ids-at-index-0",
        pieces(call(0, None, "tide", ONE)) + pieces(call(0, None, "wind", TWO)) + END,
        {"calls": [["", "tide", ONE], ["", "wind", TWO]]},
    ),
    Case(
        "a-fresh-id-in-each-piece",
        pieces(call(0, "call_a", "tide", ""))
        + pieces(call(0, "chatcmpl-tool-2", None, ONE[:9]))
        + pieces(call(0, "chatcmpl-tool-3", None, ONE[9:]))
        + pieces(call(1, "call_b", "wind", TWO))
        + END,
        TWO_CALLS,
    ),
    Case(
        "indexes-that-begin-at-one-and-come-mixed",
        pieces(call(2, "call_b", "wind", TWO[:9]))
        + pieces(call(1, "call_a", "tide", ONE[:9]))
        + pieces(call(2, None, None, TWO[9:]), call(1, None, None, ONE[9:]))
        + END,
        TWO_CALLS,
    ),
    Case(
        "the-name-in-each-piece",
        pieces(call(0, "call_a", "tide", ""))
        + pieces(call(0, "call_a", "tide", ONE[:9]))
        + pieces(call(0, "call_a", "tide", ONE[9:]))
        + pieces(call(1, "call_b", "wind", TWO))
        + END,
        TWO_CALLS,
    ),
    Case(
        "the-name-in-pieces",
        pieces(call(0, "call_a", "ti"))
        + pieces(call(0, None, "de"))
        + pieces(call(0, None, None, ONE))
        + pieces(call(1, "call_b", "w"))
        + pieces(call(1, "call_b", "wind", TWO))
        + END,
        TWO_CALLS,
    ),
    Case(
        "the-id-behind-the-name",
        pieces(call(0, None, "tide"))
        + pieces(call(0, "call_a", None, ONE))
        + pieces(call(1, "call_b", "wind", TWO))
        + END,
        TWO_CALLS,
    ),
    Case(
        "cut-in-the-second-at-index-0",
        pieces(call(0, "call_a", "tide", ONE)) + pieces(call(0, "call_b", "wind", '{"po')),
        {"calls": [["call_a", "tide", ONE], ["call_b", "wind", '{"po']]},
        error=IncompleteStreamError,
    ),
]


def whole(arguments: Any) -> bytes:
    return pieces({"index": 0, "id": "call_o", "type": "function", "function": {"name": "sh", "arguments": arguments}})


def object_arguments(name: str, arguments: Any, text: str) -> Case:
    return Case(
        f"arguments-{name}",
        whole(arguments) + END,
        {"calls": [["call_o", "sh", text]]},
        {"tool_calls.0.function.arguments": text},
    )


ARGUMENTS = [
    object_arguments("of-llama-cpp", {"command": "pwd"}, '{"command":"pwd"}'),
    object_arguments("nested", {"a": [1, {"b": None}], "c": {}}, '{"a":[1,{"b":null}],"c":{}}'),
    object_arguments("empty", {}, "{}"),
    object_arguments("not-ascii", {"Ort": "Köln 🌊"}, '{"Ort":"Köln 🌊"}'),
    object_arguments("null", None, ""),
    Case(
        "arguments-an-object-behind-the-name",
        pieces(call(0, "call_o", "sh")) + pieces(call(0, None, None, {"command": "pwd"})) + END,
        {"calls": [["call_o", "sh", '{"command":"pwd"}']]},
    ),
    Case(
        "arguments-objects-of-two-calls",
        pieces(call(0, "call_o", "sh", {"n": 1}), call(1, "call_p", "sh", {"n": 2.5})) + END,
        {"calls": [["call_o", "sh", '{"n":1}'], ["call_p", "sh", '{"n":2.5}']]},
    ),
]

CALL_STREAMS = [*PARALLEL, *ARGUMENTS]
