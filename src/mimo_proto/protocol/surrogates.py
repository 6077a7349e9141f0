"""Surrogate pairs that a stream cuts in two.

JSON writes a character beyond U+FFFF as two escapes, a high and a low surrogate. A server that cuts its text by UTF-16
code units can end one delta with the high surrogate and begin the next with the low one. A lone surrogate is no
character (RFC 8259 section 8.2). So:

- A high surrogate at the end of a delta is held back, and put before the next delta of its text.
- When the text ends first (its choice finishes, its item is done, the stream ends), an event comes before that end
  which adds U+FFFD in its place. Any other lone surrogate becomes U+FFFD where it stands.
- Of the event that a held surrogate came in, the fields that place its text are kept: for Chat the chunk's id, object,
  created and model, the choice's index and the delta's one field; for Responses the type and the place.
- The number of surrogates that wait is capped, and so is the length of what is kept with each, as keys and ids are the
  server's. Past the caps a surrogate becomes U+FFFD at once.

The functions work on JSON values, whose strings may hold lone surrogates; only payloads that need it come here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mimo_proto.protocol.completion import TERMINAL
from mimo_proto.protocol.decode import replace_surrogates, whole_number
from mimo_proto.protocol.json_types import is_array, is_object
from mimo_proto.protocol.sums import WHOLE_TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SurrogateJoiner"]

REPLACEMENT = "\ufffd"

# How many surrogates wait at once: a stream of many choices, or of items that are never done, could leave any number.
MAX_WAITING_SURROGATES = 128

# The length of a name, an id or another text that is kept with a surrogate.
MAX_KEPT_CHARACTERS = 1024

# Texts of a delta that are never cut, as each that comes is the whole.
UNCUT_TEXTS = WHOLE_TEXTS | {"error_message"}

CHUNK_FIELDS = ("id", "object", "created", "model")
PLACE_FIELDS = ("item_id", "output_index", "content_index")

Object = dict[str, Any]
Key = tuple[int | str | None, ...]


class EventText(NamedTuple):
    """A text in an event.

    Attributes:
        place: The text's place in the stream, which all deltas of the text have in common.
        holder: The object that the text is a field of.
        name: The field's name.
        replacement: What adds U+FFFD to the text: a delta for Chat, an event for Responses.
    """

    place: Key
    holder: Object
    name: str
    replacement: Object


class SurrogateJoiner:
    """Join the surrogates of one stream, each with the other of its pair in a later event.

    Attributes:
        held: The high surrogates that wait, by the place of their text, each behind the event that adds U+FFFD in its
            stead. Nearly always empty.
    """

    def __init__(self) -> None:
        self.held: dict[Key, tuple[Object, str]] = {}

    def join(self, value: Any) -> list[Any]:
        """Take an event's JSON value and return the values to hand out for it.

        The last is the event itself, with its surrogates joined, held back or replaced. Before it come the events that
        add U+FFFD to the texts that end with the event.
        """
        before: list[Any] = []
        if is_object(value):
            kind = value.get("type")
            if isinstance(kind, str) and kind.startswith("response."):
                before = self._join_response_event(kind, value)
            else:
                before = self._join_chunk(value)
        return [*before, replace_surrogates(value)]

    def rest(self) -> list[Object]:
        """Return the events that add U+FFFD to all texts that wait, as the stream ends."""
        return self._release(list(self.held))

    def _join_chunk(self, chunk: Object) -> list[Object]:
        before: list[Object] = []
        kept = _short_fields(chunk, CHUNK_FIELDS)
        for choice in _objects(chunk.get("choices")):
            index, ends = _key_part(choice, "index"), bool(choice.get("finish_reason"))
            if index is None and choice.get("index") is not None:
                continue  # neither integer nor text: the chunk will be refused
            for place, holder, name, replacement in _texts(choice.get("delta")):
                event = kept | {"choices": [{"index": index, "delta": replacement, "finish_reason": None}]}
                self._join_text(EventText((index, *place), holder, name, event), ends=ends)
            if ends:
                before += self._release([key for key in self.held if key[0] == index])
        return before

    def _join_response_event(self, kind: str, event: Object) -> list[Object]:
        if kind in TERMINAL:
            return self.rest()
        stem, _, action = kind.rpartition(".")
        item, *place = (_key_part(event, name) for name in PLACE_FIELDS)
        if action == "delta":
            # An item has one output_index, and with some servers an id that changes from event to event.
            key = (item if place[0] is None else None, *place, stem)
            replacement = _short_fields(event, ("type", *PLACE_FIELDS)) | {"delta": REPLACEMENT}
            self._join_text(EventText(key, event, "delta", replacement), ends=False)
        elif action == "done":
            return self._release([key for key in self.held if _is_within(key, (item, *place))])
        return []

    def _join_text(self, text: EventText, *, ends: bool) -> None:
        """Put the high surrogate that waits before a text, and hold back the one that the text ends with."""
        place, holder, name, replacement = text
        value = holder.get(name)
        if not isinstance(value, str) or not (value or ends):
            return
        if place in self.held:
            value = self.held.pop(place)[1] + value
        if (
            not ends
            and "\ud800" <= value[-1] <= "\udbff"
            and len(self.held) < MAX_WAITING_SURROGATES
            and all(map(_is_short, place))
        ):
            self.held[place] = replacement, value[-1]
            value = value[:-1]
        holder[name] = value

    def _release(self, keys: list[Key]) -> list[Object]:
        return [replace_surrogates(self.held.pop(key)[0]) for key in keys]


def _texts(delta: object) -> Iterator[EventText]:
    """Yield the texts of a chat delta that add up; none where the delta is not an object.

    These are the delta's own texts, those of list elements with an `index`, and the arguments of tool calls.
    """
    if not is_object(delta):
        return
    for name in _text_names(delta):
        yield EventText((name,), delta, name, {name: REPLACEMENT})
    for name, elements in delta.items():
        for element in _objects(elements):
            yield from _call_texts(element) if name == "tool_calls" else _element_texts(name, element)


def _call_texts(call: Object) -> Iterator[EventText]:
    function = call.get("function")
    if is_object(function):
        index = _key_part(call, "index")
        replacement = {"index": index, "function": {"arguments": REPLACEMENT}}
        yield EventText(("tool_calls", index), function, "arguments", {"tool_calls": [replacement]})


def _element_texts(field: str, element: Object) -> Iterator[EventText]:
    index = whole_number(element.get("index"))
    if index is not None:
        for name in _text_names(element):
            yield EventText((field, index, name), element, name, {field: [{"index": index, name: REPLACEMENT}]})


def _text_names(value: Object) -> list[str]:
    return [name for name, text in value.items() if isinstance(text, str) and name not in UNCUT_TEXTS]


def _short_fields(value: Object, names: tuple[str, ...]) -> Object:
    """Copy the fields of these names that are numbers or short texts."""
    return {
        name: value[name] for name in names if isinstance(value.get(name), str | int | float) and _is_short(value[name])
    }


def _is_short(value: object) -> bool:
    return not isinstance(value, str) or len(value) <= MAX_KEPT_CHARACTERS


def _key_part(value: Object, name: str) -> int | str | None:
    """Take a part of a key; None for what is neither integer nor text, which will be refused anyway."""
    part = value.get(name)
    return part if isinstance(part, str) else whole_number(part)


def _is_within(key: Key, place: Key) -> bool:
    """Whether a text is in the place that an event names by item, output index and content index, or some of these."""
    return all(own is None or named is None or own == named for own, named in zip(key, place, strict=False))


def _objects(value: object) -> list[Object]:
    """List the objects in a list; nothing for whatever is not a list."""
    return [item for item in value if is_object(item)] if is_array(value) else []
