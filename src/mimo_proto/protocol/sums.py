"""How the fields of a stream's objects add up: one rule, for fields that the spec knows and for those that it does not.

A field says something unless it is null, "", {} or []; 0 and false do. A field that came only as null is null in the
sum, and where the types of a field differ, the last that is not null counts. Otherwise:

| where | text | list | anything else |
|---|---|---|---|
| delta, and elements merged by `index` | joined, but for `WHOLE_TEXTS` | extended, merged by `index` | the last |
| delta of a call, its `function` | the last that says something; `arguments`, `input` joined | the last | the last |
| choice | the last that says something | extended | the last; the lists in `logprobs` are extended |
| chunk | the last that says something; of `id created model` the first | the last | the last |

Of `usage`, in a chunk and in a choice, the last that says something counts.

The deltas of a text are kept as they come and joined once, so time and memory are linear in what arrived.
"""

from __future__ import annotations

import base64
from functools import partial
from typing import Any, TypeVar

import msgspec

from mimo_proto.protocol.decode import within_stack
from mimo_proto.protocol.json_types import is_array, is_object

__all__ = ["WHOLE_TEXTS", "AudioSum", "Sum", "TextSum", "says_something", "sum_as_json"]

PartT = TypeVar("PartT")

# The texts in a delta that come whole each time: names of things.
WHOLE_TEXTS = frozenset(["type", "id", "index", "name", "role", "format", "object", "model", "status", "signature"])

# How many deltas of a text are kept before they are joined.
MAX_UNJOINED_DELTAS = 1024


def says_something(value: object) -> bool:
    """Whether a JSON value is more than null, "", {} or []."""
    return value is not None and value not in ("", {}, [])


def sum_as_json(value: Any) -> Any:
    """Give a sum as a JSON value; a copy, which what is added later does not change.

    Raises:
        DecodeError: The sum is nested too deeply for where this is called.
    """
    return within_stack(partial(msgspec.to_builtins, enc_hook=_whole), value)


def _whole(value: TextSum | AudioSum) -> Any:
    return value.whole()


class TextSum:
    """A text that comes in deltas; false as long as it is empty."""

    __slots__ = ("_deltas", "_max_deltas")

    def __init__(self) -> None:
        self._deltas: list[str] = []
        self._max_deltas = MAX_UNJOINED_DELTAS

    def __bool__(self) -> bool:
        return any(self._deltas)

    def add(self, delta: str) -> None:
        """Add the next delta."""
        self._deltas.append(delta)
        if len(self._deltas) >= self._max_deltas:
            # Deltas of a word each take ten times the memory of their text.
            self._deltas[-MAX_UNJOINED_DELTAS:] = ["".join(self._deltas[-MAX_UNJOINED_DELTAS:])]
            self._max_deltas = len(self._deltas) + MAX_UNJOINED_DELTAS

    def whole(self) -> str:
        """Give the text so far."""
        return "".join(self._deltas)


class Sum(dict[str, Any]):
    """The fields of one object, as far as they have come. Values that are added are JSON values.

    A field that is asked for before it came begins as an empty `TextSum`.
    """

    __slots__ = ()

    def __missing__(self, name: str) -> TextSum:
        text = self[name] = TextSum()
        return text

    def part(self, name: str, kind: type[PartT]) -> PartT:
        """Give the sum that a field is, begun anew where the field is of another type so far."""
        so_far = self.get(name)
        if not isinstance(so_far, kind):
            so_far = self[name] = kind()
        return so_far

    def says(self, name: str) -> bool:
        """Whether the field has said something so far."""
        value = self.get(name)
        return bool(value) if isinstance(value, TextSum) else says_something(value)

    def keep(self, name: str, value: Any) -> None:
        """Add a field of which the last value counts that is neither null nor an empty text."""
        if value is None:
            self.setdefault(name, None)
        elif value != "" or not isinstance(self.get(name), (str, TextSum)):
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
            logprobs = self.part(name, Sum)
            for inner, field in value.items():
                logprobs.extend(inner, field)
        elif name == "usage":
            self.keep_said(name, value)
        else:
            self.keep(name, value)

    def join(self, name: str, value: Any) -> None:
        """Add a field of a delta, or of an element of a list in it: texts are joined, lists extended."""
        if isinstance(value, str) and name not in WHOLE_TEXTS:
            self.part(name, TextSum).add(value)
        elif is_array(value):
            self.part(name, _Elements).add(value)
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


class AudioSum:
    """The audio of a message; each `data` is base64 by itself, so the bytes are joined and not the texts."""

    __slots__ = ("_data", "_fields")

    def __init__(self) -> None:
        self._data: list[str] = []
        self._fields = Sum()

    def add(self, delta: dict[str, Any]) -> None:
        """Add the next delta, a JSON object."""
        for name, field in delta.items():
            self._fields.keep(name, field)
        data = delta.get("data")
        if isinstance(data, str):
            self._data.append(data)

    def whole(self) -> dict[str, Any]:
        """Give the audio so far; texts that are not base64 are joined as they are."""
        audio = dict(self._fields)
        if self._data:
            try:
                decoded = [base64.b64decode(text, validate=True) for text in self._data]
                audio["data"] = base64.b64encode(b"".join(decoded)).decode()
            except ValueError:
                audio["data"] = "".join(self._data)
        return audio
