"""What type checkers make of typed tools and answers; both run over this file, nothing does at run time."""

from __future__ import annotations

from typing import assert_type

import msgspec

from mimo_proto import (
    ChatCompletion,
    FunctionCallItem,
    FunctionTool,
    Response,
    ToolCall,
    decode_content,
    function_tool,
    parse_arguments,
    pcm_to_wav,
)

__all__: list[str] = []


class Place(msgspec.Struct):
    city: str


def tools(call: ToolCall, item: FunctionCallItem) -> None:
    assert_type(function_tool(Place), FunctionTool)
    assert_type(parse_arguments(call, Place), Place)
    assert_type(parse_arguments(item, Place), Place)
    assert_type(parse_arguments(item, dict[str, int]), dict[str, int])


def answers(completion: ChatCompletion, response: Response) -> None:
    assert_type(decode_content(completion, Place), Place)
    assert_type(decode_content(response, list[Place]), list[Place])


def speech(pcm: bytes) -> None:
    assert_type(pcm_to_wav(pcm), bytes)
