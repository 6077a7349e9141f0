"""What is kept of the replies in one scope, and how it is found again.

Rules:
- A key is the SHA-256 of a JSON array that begins with the scope: no scope can spell the key of another, and whoever
  sees the keys learns nothing from them.
- A call is found by its id, its name and its arguments, compared as JSON: a call that is not equal has another key. The
  last reply with such a call counts. An id of "" is no id.
- The thinking of a reply is kept once, however many calls it made; the entry of each call refers to it. The first call
  is in its key, so that two replies that thought the same stay two.
- An entry is JSON with a version. What is not one of ours, or is of another version, counts as unknown.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from mimo_proto.protocol.json_types import text_or_empty

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping

__all__ = ["Entries", "MadeCall", "Thinking"]

EntryT = TypeVar("EntryT")

# What msgspec and json raise on values that are not JSON or are nested too deeply, and a TypeError on what a store
# gives that is not even bytes.
NOT_JSON = (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError)


class MadeCall(NamedTuple):
    """A tool call as it is found again; two of one reply that are equal here are one.

    Attributes:
        kind: Where the call stands: `tool_calls`, or the type of the item.
        id: The call's id.
        name: The name of the tool.
        arguments: The arguments: of equal JSON, equal texts.
    """

    kind: str
    id: str
    name: str
    arguments: str

    @classmethod
    def of(cls, kind: str, call_id: object, name: object, arguments: object) -> MadeCall | None:
        """Make one of a call's members, whatever they are; None where the id is no id.

        Args:
            kind: Where the call stands.
            call_id: The call's id.
            name: The name of the tool.
            arguments: A text, which is JSON for most tools, or the JSON value itself.
        """
        if not isinstance(call_id, str) or not call_id:
            return None
        return cls(kind, call_id, text_or_empty(name), _comparable(arguments))


class Thinking(NamedTuple):
    """The thinking of a reply.

    Attributes:
        key: Which reply it is of; "" where it is not known.
        objects: JSON objects: the members of the message on Chat, the reasoning items on Responses.
    """

    key: str
    objects: list[dict[str, Any]]


UNKNOWN = Thinking("", [])


class _Call(Struct, tag="call"):
    """The entry of a call.

    Attributes:
        version: The version of the entry's form.
        thinking: The key of the thinking that the call came with; "" where it came with none.
    """

    version: Literal[1]
    thinking: str


class _Objects(Struct, tag="objects"):
    """The entry of a reply's thinking, or of one item.

    Attributes:
        version: The version of the entry's form.
        objects: What is put back.
    """

    version: Literal[1]
    objects: list[dict[str, Any]]


class Entries:
    """What is kept of the replies in one scope.

    What the store raises passes through. As many threads may use it as may use the store.

    Args:
        store: Where the entries are, those of all scopes.
        scope: Whose replies they are.
    """

    def __init__(self, store: MutableMapping[str, bytes], scope: str) -> None:
        self._store = store
        self._scope = scope

    def keep_thinking(self, first: MadeCall, objects: list[dict[str, Any]]) -> str:
        """Keep the thinking of a reply, before the calls that it led to: what refers to it finds it.

        Args:
            first: The first of the calls.
            objects: The thinking.

        Returns:
            Its key, for `keep_calls`; "" where there was none.
        """
        entry = _encoded(_Objects(1, objects)) if objects else None
        if entry is None:
            return ""
        key = self._key("thinking", *first, entry.decode())
        self._store[key] = entry
        return key

    def keep_calls(self, calls: Iterable[MadeCall], thinking: str) -> None:
        """Keep what calls came with.

        Args:
            calls: The calls.
            thinking: The key of the thinking; "" where there was none, and what earlier replies with such calls came
                with is forgotten.
        """
        for call in calls:
            self._store[self._key("call", *call)] = msgspec.json.encode(_Call(1, thinking))

    def thinking_of(self, calls: Iterable[MadeCall]) -> Thinking:
        """Give the thinking that all of these calls came with; what they did not share is unknown."""
        keys = {entry.thinking if (entry := self._get(self._key("call", *call), _Call)) else "" for call in calls}
        if len(keys) != 1:
            return UNKNOWN
        [key] = keys
        thinking = self._get(key, _Objects) if key else None
        return Thinking(key, thinking.objects) if thinking and thinking.objects else UNKNOWN

    def keep_item(self, item: dict[str, Any]) -> None:
        """Keep an item of Responses, if it has an id."""
        item_id = text_or_empty(item.get("id"))
        entry = _encoded(_Objects(1, [item])) if item_id else None
        if entry is not None:
            self._store[self._key("item", item_id)] = entry

    def item(self, item_id: object) -> dict[str, Any] | None:
        """Give the item of Responses that has an id, or None."""
        entry = self._get(self._key("item", text_or_empty(item_id)), _Objects)
        return entry.objects[0] if entry and entry.objects else None

    def _key(self, kind: str, *found_by: str) -> str:
        # By json, which takes texts with surrogates too, and writes nothing but ASCII.
        return sha256(json.dumps([self._scope, kind, *found_by]).encode()).hexdigest()

    def _get(self, key: str, kind: type[EntryT]) -> EntryT | None:
        entry = self._store.get(key)
        if entry is None:
            return None
        try:
            return msgspec.json.decode(entry, type=kind)
        except NOT_JSON:
            return None


def _encoded(value: Any) -> bytes | None:
    try:
        return msgspec.json.encode(value)
    except NOT_JSON:
        return None


_decoder = json.JSONDecoder(strict=False, parse_int=float)
_encoder = json.JSONEncoder(sort_keys=True)


def _comparable(arguments: object) -> str:
    """Give the text that all arguments have which are equal as JSON; text that is no JSON is handed back.

    - No text at all is an empty object: that is what clients make of it who parse it.
    - Numbers are what they are in JavaScript, where 1.0 is 1 and 2**53 + 1 is 2**53, and control characters may stand
      in strings, as in Python's lenient reading: clients parse arguments, and write them anew.
    - A JSON text within a string is that text: what the AI SDK cannot parse it sends as a string.
    """
    try:
        text = arguments if isinstance(arguments, str) else json.dumps({} if arguments is None else arguments)
        value = _decoder.decode(text.strip() or "{}")
        return _comparable(value) if isinstance(value, str) else _encoder.encode(value)
    except NOT_JSON:
        return text_or_empty(arguments)
