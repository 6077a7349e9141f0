"""Tolerant decoding: what the server sends, typed, also when the server is ahead of the spec.

Rules:
- The C decoder of msgspec does the work, with nothing before or behind it. Only what it refuses is read again as plain
  JSON and built part by part (`walk`).
- An object with a tag that the spec does not know is an `Unknown`, wherever it is. So is an element that has no tag in
  the spec, but a `type` that tells its kind, if it is of another kind and does not fit.
- A field that the spec does not know is kept on every object that the server sends (`extra`), and learned when it comes
  again (`widen`). The caller's own Structs ignore it, or refuse it, as they say themselves.
- Null where none is taken, and absence, is what the Struct has for it: `__absent__` on what travels both ways, else the
  field's default.
- Where meaning is plain it is taken: 1771.0 where the spec has integers only, digits in a text for a timestamp, an
  object or a list in place of the JSON text of `arguments`.
- Anything else that must be there and is not, or that has the wrong type, is a `DecodeError` with its path: a typed
  object never lies.
- Invalid UTF-8 and halves of surrogate pairs become U+FFFD. Whatever comes in, a value or a `DecodeError` comes out,
  and the value can be encoded.
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
from mimo_proto.protocol.convert import Mismatch, TypeNode, StructShape, Converter
from mimo_proto.protocol.widen import MAX_NAMES, WideningType
from mimo_proto.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["TolerantDecoder", "plain_value", "read_json", "replace_surrogates", "whole_number"]

T = TypeVar("T")

# Below it a float tells an integer from the next.
EXACT = 2**53
# Fields that hold a time in Unix seconds, at times as text; and so many digits are more than any such time has.
TIMESTAMPS = frozenset({"created", "created_at", "expires_at"})
MAX_DIGITS = 15
# How much of a payload an error's text shows.
SHOWN_BYTES = 200


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
            DecodeError: It is no JSON, or does not fit the type.
        """
        again = True
        while again:
            try:
                return self.strict(data)
            except (ValueError, RecursionError):
                again = self._type.refresh()
        return self.build(_plain(data), data)

    def build(self, value: Any, data: bytes = b"") -> T:
        """Build the typed value out of a plain one.

        Args:
            value: What a JSON parser made of the text: dict, list, str, int, float, bool and None.
            data: The text, for the error.

        Raises:
            DecodeError: It does not fit the type.
        """
        received = Received()
        try:
            built: T = received.value(value, self._node)
        except Mismatch as mismatch:
            reason, path = mismatch.reason, mismatch.path
        except RecursionError:
            reason, path = "nested too deeply", "$"
        else:
            if received.added:
                self._type.note(received.added)
            return built
        reason = f"the server's JSON does not fit the spec at {path}: {reason}"
        raise DecodeError(reason + _beginning(data), path=path, data=data)


# Taking a type apart costs more than decoding into it, and decoders are made per stream.
@lru_cache(maxsize=128)
def _taken_apart(wanted: Any) -> tuple[TypeNode, WideningType]:
    return TypeNode(wanted), WideningType(wanted)


class Received(Converter):
    """Build one value that came from the server.

    Attributes:
        added: The names that the spec does not know, each with the Struct in which it came; of an object no more than
            can be learned.
    """

    def __init__(self) -> None:
        self.added: list[tuple[type[msgspec.Struct], str]] = []

    def struct(self, value: dict[str, Any], shape: StructShape) -> Any:
        """Build a Struct; or an Unknown, where an object says that it is of another kind."""
        try:
            return super().struct(value, shape)
        except Mismatch:
            if not _is_of_another_kind(value, shape):
                raise
        return Unknown(value)

    def fields(self, value: dict[str, Any], shape: StructShape) -> dict[str, Any]:
        """Build the fields of a Struct; what is absent, or null where none is taken, is what the Struct has for it."""
        built: dict[str, Any] = {}
        for field in shape.fields:
            name, key, node, required = field
            if key in value:
                try:
                    built[name] = self.part(key, _plain_meaning(key, value[key], node), node)
                    continue
                except Mismatch:
                    if value[key] is not None or (required and key not in shape.absent):
                        raise
            if key in shape.absent:
                built[name] = self.part(key, copy.copy(shape.absent[key]), node)
            elif required:
                raise Mismatch(f"`{key}` is missing")
        return built

    def finish(self, value: dict[str, Any], shape: StructShape, fields: Mapping[str, Any], /) -> Any:
        """Make a Struct, with what the spec does not know; a Struct of the caller's has its own way with that."""
        extra = {key: element for key, element in value.items() if key not in shape.keys} if shape.forbids else {}
        if not extra:
            return shape.cls(**fields)
        if not shape.received:
            raise Mismatch(f"Object contains unknown field `{next(iter(extra))}`")
        self.added += ((shape.cls, name) for name in islice(extra, MAX_NAMES))
        if not shape.sent_back or shape.tag_field is None:
            return keep_some(shape.cls, fields, extra)
        # Past the caps an Unknown loses nothing, where one of a union is expected.
        kept = keep_all(shape.cls, fields, extra)
        return Unknown(value, tag_field=shape.tag_field) if kept is None else kept

    def other(self, value: Any, node: TypeNode) -> Any:
        """Build a value by its hint; as text again, if that is what the caller wants."""
        if value.__class__ is float and int in node.plain and (whole := whole_number(value)) is not None:
            return whole
        return msgspec.Raw(_encoded(value)) if node.raw else super().other(value, node)

    def unknown(self, value: dict[str, Any], node: TypeNode) -> Any:
        """Keep an object of an unknown kind as it is."""
        return Unknown(value, tag_field=node.tag_field or "type")


def _plain_meaning(key: str, value: Any, node: TypeNode) -> Any:
    """What a field of another type than its hint's plainly means; any other value as it is."""
    if key == "arguments" and str in node.plain and value.__class__ in (dict, list):
        return _encoded(value).decode()
    is_digits = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS
    if key in TIMESTAMPS and str not in node.plain and is_digits:
        return int(value)
    return value


def _encoded(value: Any) -> bytes:
    return msgspec.json.encode(_replace_surrogates(value))


def _beginning(data: bytes) -> str:
    """What a payload begins with, for an error's text."""
    return f"; the payload begins {data[:SHOWN_BYTES].decode('utf-8', 'replace')!r}" if data else ""


def _is_of_another_kind(value: dict[str, Any], shape: StructShape) -> bool:
    known = next((field.node.literals for field in shape.fields if field.key == "type"), ())
    return shape.received and bool(known) and isinstance(value.get("type"), str) and value["type"] not in known


def whole_number(value: object) -> int | None:
    """The integer that a JSON number means, 1771.0 too; None for anything else."""
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def read_json(data: bytes) -> Any:
    """Parse a JSON text that may be damaged as a stream can damage it.

    A byte order mark is skipped and invalid UTF-8 becomes U+FFFD. Halves of surrogate pairs, which msgspec refuses,
    stay in the strings as such: see `replace_surrogates`.

    Raises:
        DecodeError: It is no JSON, is nested too deeply, or has a number that is none or too large.
    """
    try:
        return msgspec.json.decode(data)
    except (ValueError, RecursionError):
        pass
    return _read_damaged(data)


def _plain(data: bytes) -> Any:
    """Parse a JSON text, all its strings encodable."""
    try:
        return msgspec.json.decode(data)
    except (ValueError, RecursionError):
        pass
    return replace_surrogates(_read_damaged(data))


def _read_damaged(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig", "replace"), parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        reason = "nested too deeply"
    except ValueError as error:
        reason = str(error)
    raise DecodeError(f"the server's answer is no JSON: {reason}{_beginning(data)}", data=data)


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is out of range")
    return number


def replace_surrogates(value: Any) -> Any:
    """Copy a JSON value with U+FFFD for each half of a surrogate pair that stands alone; two that meet are joined.

    Raises:
        DecodeError: It is nested too deeply.
    """
    try:
        return _replace_surrogates(value)
    except RecursionError:
        pass
    raise DecodeError("the server's JSON is nested too deeply")


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
    """What was decoded, as plain JSON again.

    Raises:
        DecodeError: It is nested too deeply for where we are: deeper in the stack there is less room than there was for
            decoding it.
    """
    try:
        return msgspec.to_builtins(value)
    except RecursionError:
        pass
    raise DecodeError("what the server sent is nested too deeply")
