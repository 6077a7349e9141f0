"""Tolerant decoding: what the server sends, typed, also when the server is ahead of the spec.

Rules:
- The C decoder of msgspec does the work, with nothing before or behind it. Only what it refuses is read again as plain
  JSON and built part by part (`walk`).
- An object with a tag that the spec does not know is an `Unknown`, wherever it is. So is an element that has no tag in
  the spec, but a `type` that tells its kind, if it is of another kind and does not fit.
- A field that the spec does not know is kept on what goes back to the server (`extra`), ignored elsewhere.
- A field that must be there and is not, or that has the wrong type, is a `DecodeError` with its path: a typed object
  never lies.
- A number such as 1771.0 is the integer that it means, where the spec has one: MiMo's tables speak of numbers there.
- Invalid UTF-8 and halves of surrogate pairs become U+FFFD. Whatever comes in, a value or a `DecodeError` comes out,
  and the value can be encoded.
"""

from __future__ import annotations

import json
import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import msgspec

from mimo_proto.errors import DecodeError
from mimo_proto.extra import keep_extra
from mimo_proto.unknown import Unknown
from mimo_proto.walk import Misfit, Node, Shape, Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["TolerantDecoder", "plain_value", "read_json", "replace_surrogates", "whole_number"]

T = TypeVar("T")

# Below it a float tells an integer from the next.
EXACT = 2**53


class TolerantDecoder(Generic[T]):
    """Decode JSON into one type, tolerantly. Any thread, any number at a time.

    Args:
        type: A Struct, a union of tagged Structs, or any other type that msgspec decodes.

    Attributes:
        decode: Decodes one JSON text, ``decode(data: bytes) -> T``; raises DecodeError when it is no JSON or does not
            fit the type. A function, as a method would cost a known event 0.01 µs more (make bench, tolerant).
        strict: The bare C decoder, for loops in which a call more counts: when it raises a ValueError or a
            RecursionError, `decode` has the answer.
    """

    __slots__ = ("_node", "decode", "strict")

    @overload
    def __init__(self, type: type[T]) -> None: ...
    @overload
    def __init__(self: TolerantDecoder[Any], type: Any) -> None: ...
    def __init__(self, type: Any) -> None:  # noqa: A002 - msgspec's own name for it
        self.strict: Callable[[bytes], T]
        self.decode: Callable[[bytes], T]
        self._node, self.strict, self.decode = _taken_apart(type)

    def build(self, value: Any, data: bytes = b"") -> T:
        """Build the typed value out of a plain one.

        Args:
            value: What a JSON parser made of the text: dict, list, str, int, float, bool and None.
            data: The text, for the error.

        Raises:
            DecodeError: It does not fit the type.
        """
        built: T = _build(value, self._node, data)
        return built


# Taking a type apart costs more than decoding into it (12 µs for the events of Responses), and decoders are made per
# stream.
@lru_cache(maxsize=128)
def _taken_apart(wanted: Any) -> tuple[Node, Callable[[bytes], Any], Callable[[bytes], Any]]:
    """The type's node, its strict and its tolerant function."""
    node, strict = Node(wanted), msgspec.json.Decoder(wanted).decode

    def decode(data: bytes) -> Any:
        try:
            return strict(data)
        except (ValueError, RecursionError):
            pass
        return _build(_plain(data), node, data)

    return node, strict, decode


def _build(value: Any, node: Node, data: bytes) -> Any:
    try:
        return RECEIVED.value(value, node)
    except Misfit as misfit:
        reason, path = misfit.reason, misfit.path
    except RecursionError:
        reason, path = "nested too deeply", "$"
    raise DecodeError(f"the server's JSON does not fit the spec at {path}: {reason}", path=path, data=data)


class Received(Walk):
    """Build what came from the server."""

    def struct(self, value: dict[str, Any], shape: Shape) -> Any:
        """Build a Struct; or an Unknown, where an object that goes back says that it is of another kind."""
        try:
            return super().struct(value, shape)
        except Misfit:
            if not _is_of_another_kind(value, shape):
                raise
        return Unknown(value)

    def finish(self, value: dict[str, Any], shape: Shape, fields: Mapping[str, Any], /) -> Any:
        """Make a Struct, with what the spec does not know if it goes back to the server."""
        extra = {key: element for key, element in value.items() if key not in shape.keys} if shape.echoed else {}
        if extra:
            kept = keep_extra(shape.cls, fields, extra)
            if kept is not None:
                return kept
            # Past the caps: in a union an Unknown loses nothing; elsewhere none is expected, and the type goes first.
            if shape.tag_field is not None:
                return Unknown(value, tag_field=shape.tag_field)
        return shape.cls(**fields)

    def other(self, value: Any, node: Node) -> Any:
        """Build a value by its hint; as text again, if that is what the caller wants."""
        if value.__class__ is float and int in node.plain and (whole := whole_number(value)) is not None:
            return whole
        return msgspec.Raw(msgspec.json.encode(value)) if node.raw else super().other(value, node)

    def unknown(self, value: dict[str, Any], node: Node) -> Any:
        """Keep an object of an unknown kind as it is."""
        return Unknown(value, tag_field=node.tag_field or "type")


RECEIVED = Received()


def _is_of_another_kind(value: dict[str, Any], shape: Shape) -> bool:
    known = next((field.node.literals for field in shape.fields if field.key == "type"), ())
    return shape.echoed and bool(known) and isinstance(value.get("type"), str) and value["type"] not in known


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
    raise DecodeError(f"the server's answer is no JSON: {reason}", data=data)


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
