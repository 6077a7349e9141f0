"""`Usage`: what calls consumed, in tokens, alike in both APIs, to be added up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from mimo_proto.models import (
        ChatCompletion,
        ChatCompletionChunk,
        CompletionUsage,
        Response,
        ResponseStreamEvent,
        ResponseUsage,
    )

__all__ = ["Usage"]


class HasValue(Protocol):
    """What a `Reply` is to this module, which imports nothing of calls."""

    @property
    def value(self) -> Any:
        """The typed answer."""


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens that one call or several consumed. Immutable: any thread.

    Usages add up: ``sum(usages, Usage())``.

    Attributes:
        input_tokens: Tokens of the request, those from the cache included.
        output_tokens: Tokens of the answer, those of the thinking included.
        reasoning_tokens: The output tokens that went into thinking.
        cached_tokens: The input tokens that came from the cache.
        total_tokens: Input and output together.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cached_tokens: int = 0
    total_tokens: int = 0

    @classmethod
    def of(
        cls,
        source: ChatCompletion
        | ChatCompletionChunk
        | CompletionUsage
        | Response
        | ResponseStreamEvent
        | ResponseUsage
        | HasValue
        | None,
    ) -> Usage:
        """Read the usage of a reply of either API, or of an event of its stream; what the server did not say is 0.

        Args:
            source: The reply, by itself or in a `Reply`; a chunk or an event; the ``usage`` of one of them; or None.
        """
        inner = source if hasattr(source, "usage") else _first(source, "value", "response")
        usage: Any = getattr(inner, "usage", source)
        if isinstance(usage, Usage):  # that of `CallFinished`
            return usage
        read = _count(usage, "prompt_tokens", "input_tokens")
        written = _count(usage, "completion_tokens", "output_tokens")
        return cls(
            input_tokens=read,
            output_tokens=written,
            reasoning_tokens=_count(
                _first(usage, "completion_tokens_details", "output_tokens_details"), "reasoning_tokens"
            ),
            cached_tokens=_count(_first(usage, "prompt_tokens_details", "input_tokens_details"), "cached_tokens"),
            total_tokens=_count(usage, "total_tokens") or read + written,
        )

    def __add__(self, other: Usage) -> Usage:
        return Usage(**{name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__})


def _first(value: object, *names: str) -> Any:
    """Give the first attribute of these names that is there and not None; None where none is."""
    return next((found for name in names if (found := getattr(value, name, None)) is not None), None)


def _count(value: object, *names: str) -> int:
    """Give a number of tokens; 0 where there is none."""
    found = _first(value, *names)
    return found if isinstance(found, int) else 0
