"""The thinking of Chat: the members of a message that it is in, beside its tool calls.

Rules:
- The thinking goes back under the names that it came under. What the message says of it already stays.
- A message gets it where all its calls that have an id came with it; a client may have left out some.
- Where it is not known, what the client calls `reasoning` is the `reasoning_content`, and else the caller's text stands
  for it: while thinking is on, MiMo refuses tool calls without (its page on deep thinking).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mimo_proto.protocol.adapt_changes import Place, adapt_each, path_of
from mimo_proto.protocol.adapt_messages import with_reasoning_content
from mimo_proto.protocol.finding import Finding
from mimo_proto.protocol.history_entries import Entries, MadeCall
from mimo_proto.protocol.json_types import is_array, is_object
from mimo_proto.protocol.sums import says_something
from mimo_proto.protocol.tool_calls import CALLED

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MessageChanges", "remember_message", "restore_messages"]

# What servers of MiMo's weights call the thinking.
THINKING = ("reasoning_content", "reasoning", "reasoning_details")


def remember_message(message: dict[str, Any], entries: Entries) -> None:
    """Keep the thinking of a message that makes calls.

    Args:
        message: The message of a reply, as JSON.
        entries: Where it is kept.
    """
    calls = list(_calls_of(message))
    if calls:
        thinking = _thinking_of(message)
        entries.keep_calls(calls, entries.keep_thinking(calls[0], [thinking] if thinking else []))


class MessageChanges(NamedTuple):
    """What is done to the messages of one body.

    Attributes:
        entries: What is known.
        missing: The text that stands for thinking that is not known; None leaves the message as it is.
        notes: Learns where it stands.
    """

    entries: Entries
    missing: str | None
    notes: list[Finding]


def restore_messages(messages: Any, changes: MessageChanges) -> Any:
    """Give the messages of a request with their thinking; the same list where none changes."""
    return adapt_each(messages, ("messages",), changes, _restore_message)


def _restore_message(message: Any, at: Place, changes: MessageChanges) -> Any:
    if not is_object(message) or message.get("role") != "assistant" or not message.get("tool_calls"):
        return message
    said = _thinking_of(message)
    if "reasoning_content" in said:
        return message
    known = changes.entries.thinking_of(_calls_of(message)).objects
    if known:
        return {**message, **known[0], **said}
    if (renamed := with_reasoning_content(message)) is not message:
        return renamed
    if changes.missing is None or message.get("reasoning_content") == changes.missing:
        return message
    text = f"the thinking of these calls is not known: {changes.missing!r} stands for it"
    changes.notes.append(Finding("filled", "risky", path_of(at), text, "THINK"))
    return {**message, "reasoning_content": changes.missing}


def _thinking_of(message: dict[str, Any]) -> dict[str, Any]:
    return {name: message[name] for name in THINKING if says_something(message.get(name))}


def _calls_of(message: dict[str, Any]) -> Iterator[MadeCall]:
    """List the calls that can be found again; of those that came without an id nobody can say whose they are."""
    calls = message.get("tool_calls")
    for call in filter(is_object, calls if is_array(calls) else ()):
        for kind, text in CALLED.items():
            called = call.get(kind)
            if is_object(called):
                made = MadeCall.of("tool_calls", call.get("id"), called.get("name"), called.get(text))
                yield from () if made is None else (made,)
