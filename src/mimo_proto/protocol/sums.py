"""How what comes in pieces adds up: one rule, for fields that the spec knows and for those that it does not.

A field says something unless it is null, "", {} or []; 0 and false do. A field that came only as null is null in the
sum, and where the types of a field differ, the last that is not null counts. Otherwise:

| where | text | list | anything else |
|---|---|---|---|
| delta, and elements merged by `index` | joined, but for `WHOLE_TEXTS` | extended, merged by `index` | the last |
| piece of a call, its `function` | the last that says something; `arguments`, `input` joined | the last | the last |
| choice | the last that says something | extended | the last; the lists in `logprobs` are extended |
| chunk | the last that says something; of `id created model` the first | the last | the last |

Of `usage`, in a chunk and in a choice, the last that says something counts.

The pieces of a text are kept as they come and joined once, so time and memory are linear in what arrived.
"""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from mimo_proto.errors import DecodeError
from mimo_proto.protocol.json_types import is_array, is_object

__all__ = ["Sound", "Sum", "Text", "plain_sum", "says_something"]

# Texts in a delta that come whole each time: names of things, not pieces of a text.
WHOLE_TEXTS = frozenset(["type", "id", "index", "name", "role", "format", "object", "model", "status", "signature"])

# So many pieces of a text are joined on the way.
MANY = 1024


def says_something(value: object) -> bool:
    """Whether a JSON value is more than null, "", {} or []."""
    return value is not None and value not in ("", {}, [])


def plain_sum(value: Any) -> Any:
    """What has been added up, as plain JSON; a copy, which later pieces do not change.

    Raises:
        DecodeError: It is nested too deeply for where this is called.
    """
    try:
        return msgspec.to_builtins(value, enc_hook=_whole)
    except RecursionError:
        pass
    raise DecodeError("what the server sent is nested too deeply")


def _whole(value: Text | Sound) -> Any:
    return value.whole()


class Text:
    """A text in pieces; false as long as it is empty."""

    __slots__ = ("_many", "_pieces")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._many = MANY

    def __bool__(self) -> bool:
        return any(self._pieces)

    def add(self, piece: str) -> None:
        """Add the next piece."""
        self._pieces.append(piece)
        if len(self._pieces) >= self._many:
            # A word each, pieces take ten times the memory of their text.
            self._pieces[-MANY:] = ["".join(self._pieces[-MANY:])]
            self._many = len(self._pieces) + MANY

    def whole(self) -> str:
        """The text so far."""
        return "".join(self._pieces)


class Sum(dict[str, Any]):
    """The fields of one object, as far as they have come. Values that are added are plain JSON.

    A field that is asked for before it came begins as a text that is written into, as most are.
    """

    __slots__ = ()

    def __missing__(self, name: str) -> Text:
        text = self[name] = Text()
        return text

    def says(self, name: str) -> bool:
        """Whether the field has said something so far."""
        value = self.get(name)
        return bool(value) if isinstance(value, Text) else says_something(value)

    def keep(self, name: str, value: Any) -> None:
        """Add a field of which the last value counts, if it is no empty text."""
        if value is None:
            self.setdefault(name, None)
        elif value != "" or not isinstance(self.get(name), (str, Text)):
            self[name] = value

    def keep_said(self, name: str, value: Any) -> None:
        """Add a field of which the last value that says something counts."""
        if says_something(value) or not self.says(name):
            self.keep(name, value)

    def extend(self, name: str, value: Any) -> None:
        """Add a field of a choice: lists are extended, the last of anything else counts."""
        if is_array(value):
            so_far = self.get(name)
            if not is_array(so_far):
                so_far = self[name] = []
            so_far += value
        elif name == "logprobs" and is_object(value):
            so_far = self.get(name)
            if not isinstance(so_far, Sum):
                so_far = self[name] = Sum()
            for inner, field in value.items():
                so_far.extend(inner, field)
        elif name == "usage":
            self.keep_said(name, value)
        else:
            self.keep(name, value)

    def join(self, name: str, value: Any) -> None:
        """Add a field of a delta, or of an element of a list in it: texts are joined, lists extended."""
        so_far = self.get(name)
        if isinstance(value, str) and name not in WHOLE_TEXTS:
            if not isinstance(so_far, Text):
                so_far = self[name] = Text()
            so_far.add(value)
        elif is_array(value):
            if not isinstance(so_far, _Elements):
                so_far = self[name] = _Elements()
            so_far.add(value)
        else:
            self.keep(name, value)


class _Elements(list[Any]):
    """The elements of a list in a delta; those with an integer `index` are merged."""

    __slots__ = ("_merged",)

    def __init__(self) -> None:
        super().__init__()
        self._merged: dict[int, Sum] = {}

    def add(self, elements: list[Any]) -> None:
        for element in elements:
            index = element.get("index") if is_object(element) else None
            if type(index) is not int:
                self.append(element)
                continue
            if index not in self._merged:
                self._merged[index] = Sum()
                self.append(self._merged[index])
            for name, field in element.items():
                self._merged[index].join(name, field)


class Sound:
    """One sound out of its pieces: each piece of `data` is base64 by itself, so the bytes are joined, not the texts."""

    __slots__ = ("_data", "_fields")

    def __init__(self) -> None:
        self._data: list[str] = []
        self._fields = Sum()

    def add(self, piece: dict[str, Any]) -> None:
        """Add the next piece, plain JSON."""
        for name, field in piece.items():
            self._fields.keep(name, field)
        data = piece.get("data")
        if isinstance(data, str):
            self._data.append(data)

    def whole(self) -> dict[str, Any]:
        """The sound so far; texts that are no base64 are joined as they are."""
        sound = dict(self._fields)
        if self._data:
            try:
                pieces = [base64.b64decode(text, validate=True) for text in self._data]
                sound["data"] = base64.b64encode(b"".join(pieces)).decode()
            except ValueError:
                sound["data"] = "".join(self._data)
        return sound
