"""Tolerant decoding: what the server sends, typed, also when the server is ahead of the spec.

Rules:
- The C decoder of msgspec does the work, with nothing before or behind it. A payload that it refuses is read again as
  JSON and built part by part (`convert`).
- An object with a tag that the spec does not know is an `Unknown`, wherever it is. So is an object that has no tag in
  the spec, but a `type` that says its kind, if it is of another kind and does not fit.
- A field that the spec does not know is kept on every object that the server sends (`kept_fields`), and learned when it
  comes again (`widen`). The caller's own Structs ignore or refuse an unknown field, as their options say.
- A field that is absent, or null where null is not taken, has the value that the Struct has for it: `__absent__` where
  objects travel both ways, else the field's default. An `error` that says nothing (false, 0, []) counts as null.
- Where the meaning of a value is clear it is taken: 1771.0 where the spec has integers only, digits in a text for a
  timestamp, an object or a list in place of the JSON text of `arguments`, a text in place of an error object.
- Any other field that is required and absent, or that has the wrong type, is a `DecodeError` with its path: a typed
  object never lies.
- Invalid UTF-8 and lone surrogates become U+FFFD. Whatever comes in, a `DecodeError` comes out or a value that can be
  encoded.
"""

from __future__ import annotations

import copy
import json
import math
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import msgspec

from mimo_proto.errors import DecodeError
from mimo_proto.kept_fields import keep_all, keep_some
from mimo_proto.protocol.convert import Converter, Mismatch, StructShape, TypeNode
from mimo_proto.protocol.widen import MAX_NAMES, WideningType
from mimo_proto.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "ReceivedConverter",
    "TolerantDecoder",
    "plain_value",
    "read_json",
    "replace_surrogates",
    "whole_number",
    "within_stack",
]

T = TypeVar("T")
ValueT = TypeVar("ValueT")
ResultT = TypeVar("ResultT")

# From here on a float cannot hold every integer.
MAX_EXACT_FLOAT = 2**53
# The fields that hold a time in Unix seconds, which some servers send as text; no such time has more digits.
TIMESTAMP_FIELDS = frozenset({"created", "created_at", "expires_at"})
MAX_TIMESTAMP_DIGITS = 15
# How much of a payload an error's text shows.
SHOWN_PAYLOAD_BYTES = 200
# What msgspec raises on what it cannot read.
NOT_DECODED = (ValueError, RecursionError)


class TolerantDecoder(Generic[T]):
    """Decode JSON into one type, tolerantly. Any thread, any number at a time.

    Args:
        type: A Struct, a union of tagged Structs, or any other type that msgspec decodes.
    """

    __slots__ = ("_node", "_type")

    @overload
    def __init__(self, type: type[T]) -> None: ...
    @overload
    def __init__(self: TolerantDecoder[Any], type: Any) -> None: ...
    def __init__(self, type: Any) -> None:  # noqa: A002 - msgspec's own name for it
        self._node, self._type = _taken_apart(type)

    @property
    def strict(self) -> Callable[[bytes | bytearray], T]:
        """The newest C decode function for the type.

        When it raises a ValueError or a RecursionError, `decode` has the answer. A loop takes the function anew after
        each payload that it refused, and so knows what was learned from that.
        """
        return self._type.decode

    def decode(self, data: bytes) -> T:
        """Decode one JSON text.

        Args:
            data: The text.

        Raises:
            DecodeError: The text is not JSON, or does not fit the type.
        """
        again = True
        while again:
            try:
                return self.strict(data)
            except NOT_DECODED:
                again = self._type.learn()
        return self.build(_read_encodable(data), data)

    def build(self, value: Any, data: bytes = b"") -> T:
        """Build the typed value out of a JSON value.

        Args:
            value: What a JSON parser made of a text: dict, list, str, int, float, bool and None.
            data: The text, for the error.

        Raises:
            DecodeError: The value does not fit the type.
        """
        received = ReceivedConverter()
        try:
            built: T = received.value(value, self._node)
        except Mismatch as mismatch:
            reason, path = mismatch.reason, mismatch.path
        except RecursionError:
            reason, path = "nested too deeply", "$"
        else:
            if received.unknown_names:
                self._type.learn(received.unknown_names)
            return built
        reason = f"the server's JSON does not fit the spec at {path}: {reason}"
        raise DecodeError(reason + _beginning(data), path=path, data=data)


# Taking a type apart costs more than decoding into it, and decoders are made per stream.
@lru_cache(maxsize=128)
def _taken_apart(wanted: Any) -> tuple[TypeNode, WideningType]:
    return TypeNode(wanted), WideningType(wanted)


class ReceivedConverter(Converter):
    """Build one value that came from the server.

    Attributes:
        unknown_names: The Structs in which unknown fields came, each with the field's JSON name; of one object no more
            names than can be learned.
    """

    def __init__(self) -> None:
        self.unknown_names: list[tuple[type[msgspec.Struct], str]] = []

    def struct(self, value: dict[str, Any], shape: StructShape) -> Any:
        """Build a Struct; or an Unknown, where the object says that it is of another kind."""
        try:
            return super().struct(value, shape)
        except Mismatch:
            if not _is_of_another_kind(value, shape):
                raise
        return Unknown(value)

    def fields(self, value: dict[str, Any], shape: StructShape) -> dict[str, Any]:
        """Build the fields of a Struct; one that is absent, or null where null is not taken, as the Struct says."""
        built: dict[str, Any] = {}
        for name, key, node, required in shape.fields:
            if key in value:
                try:
                    built[name] = self.part(key, _clear_meaning(key, value[key], node), node)
                    continue
                except Mismatch:
                    if not _is_null(key, value[key]) or (required and key not in shape.absent):
                        raise
            if key in shape.absent:
                built[name] = self.part(key, copy.copy(shape.absent[key]), node)
            elif required:
                raise Mismatch(f"`{key}` is missing")
        return built

    def finish(self, value: dict[str, Any], shape: StructShape, fields: Mapping[str, Any], /) -> Any:
        """Make a Struct, with its unknown fields; a Struct of the caller's ignores or refuses them."""
        unknown = {key: element for key, element in value.items() if key not in shape.keys} if shape.forbids else {}
        if not unknown:
            return shape.cls(**fields)
        if not shape.received:
            raise Mismatch(f"Object contains unknown field `{next(iter(unknown))}`")
        self.unknown_names += ((shape.cls, name) for name in islice(unknown, MAX_NAMES))
        if not shape.sent_back or shape.tag_field is None:
            return keep_some(shape.cls, fields, unknown)
        # Past the caps an Unknown loses nothing, where one of a union is expected.
        kept = keep_all(shape.cls, fields, unknown)
        return Unknown(value, tag_field=shape.tag_field) if kept is None else kept

    def other(self, value: Any, node: TypeNode) -> Any:
        """Build a value by its hint: an integer of a whole float, and `msgspec.Raw` where the hint has it."""
        if value.__class__ is float and int in node.scalars and (whole := whole_number(value)) is not None:
            return whole
        return msgspec.Raw(_encoded(value)) if node.raw else super().other(value, node)

    def unknown(self, value: dict[str, Any], node: TypeNode) -> Any:
        """Keep an object of an unknown kind as it is."""
        return Unknown(value, tag_field=node.tag_field or "type")


def _clear_meaning(key: str, value: Any, node: TypeNode) -> Any:
    """Give what a field of another type than its hint's clearly means; any other value as it is."""
    if key == "arguments" and str in node.scalars and value.__class__ in (dict, list):
        return _encoded(value).decode()
    if not isinstance(value, str) or str in node.scalars:
        return value
    if key == "error" and value and node.structs:
        return {"message": value}
    is_digits = value.isascii() and value.isdigit() and len(value) <= MAX_TIMESTAMP_DIGITS
    return int(value) if key in TIMESTAMP_FIELDS and is_digits else value


def _is_null(key: str, value: Any) -> bool:
    """Whether a value that does not fit counts as null: so does an error that says nothing."""
    return value is None or (key == "error" and not value)


def _encoded(value: Any) -> bytes:
    return msgspec.json.encode(_replace_surrogates(value))


def _beginning(data: bytes) -> str:
    """Say what a payload begins with, for an error's text."""
    return f"; the payload begins {data[:SHOWN_PAYLOAD_BYTES].decode('utf-8', 'replace')!r}" if data else ""


def _is_of_another_kind(value: dict[str, Any], shape: StructShape) -> bool:
    known = next((field.node.literals for field in shape.fields if field.key == "type"), ())
    return shape.received and bool(known) and isinstance(value.get("type"), str) and value["type"] not in known


def whole_number(value: object) -> int | None:
    """Give the integer that a JSON number means, 1771.0 too; None for anything else."""
    if isinstance(value, float) and value.is_integer() and abs(value) < MAX_EXACT_FLOAT:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def read_json(data: bytes) -> Any:
    """Parse a JSON text that may be damaged as a stream can damage it.

    A byte order mark is skipped and invalid UTF-8 becomes U+FFFD. Lone surrogates, which msgspec refuses, stay in the
    strings: see `replace_surrogates`.

    Raises:
        DecodeError: The text is not JSON, is nested too deeply, or has a number that JSON does not have or that is too
            large.
    """
    try:
        return msgspec.json.decode(data)
    except NOT_DECODED:
        pass
    return _read_damaged(data)


def _read_encodable(data: bytes) -> Any:
    """Parse a JSON text, and replace the lone surrogates in it."""
    try:
        return msgspec.json.decode(data)
    except NOT_DECODED:
        pass
    return replace_surrogates(_read_damaged(data))


def _read_damaged(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig", "replace"), parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        reason = "nested too deeply"
    except ValueError as error:
        reason = str(error)
    raise DecodeError(f"what the server sent is not JSON: {reason}{_beginning(data)}", data=data)


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is out of range")
    return number


def replace_surrogates(value: Any) -> Any:
    """Copy a JSON value with U+FFFD for each lone surrogate; the two of a pair that meet are joined.

    Raises:
        DecodeError: The value is nested too deeply.
    """
    return within_stack(_replace_surrogates, value)


def _replace_surrogates(value: Any) -> Any:
    kind = value.__class__
    if kind is str:
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if kind is list:
        return [_replace_surrogates(element) for element in value]
    if kind is dict:
        return {_replace_surrogates(key): _replace_surrogates(element) for key, element in value.items()}
    return value


def plain_value(value: Any) -> Any:
    """Turn a decoded value into a JSON value again.

    Raises:
        DecodeError: The value is nested too deeply for where we are: deeper in the stack there is less room than there
            was for decoding it.
    """
    return within_stack(msgspec.to_builtins, value)


def within_stack(function: Callable[[ValueT], ResultT], value: ValueT) -> ResultT:
    """Call a function that goes as deep as its argument is nested.

    Raises:
        DecodeError: The argument is nested too deeply.
    """
    try:
        return function(value)
    except RecursionError:
        pass
    raise DecodeError("what the server sent is nested too deeply")
