"""JSON that the model wrote, not the server: the arguments of a tool call, the answer of JSON mode.

Rules:
- The C decoder first, into the caller's type. What it refuses is read again as `decode` reads what a server sent: 3.0
  where an integer is wanted, null where a field has a default, and lone surrogates are taken.
- An object within an object comes at times as a text with its JSON (XiaomiMiMo/MiMo#57): where an object or a list
  is wanted and a text came, the text is read, at any depth.
- Unlike what a server may add, a kind of object that the type does not name is refused.
"""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import TYPE_CHECKING, Any, get_origin, get_type_hints

import msgspec

from mimo_proto.errors import ConfigurationError, DecodeError
from mimo_proto.protocol.convert import Mismatch, TypeNode
from mimo_proto.protocol.decode import ReceivedConverter, read_json, replace_surrogates
from mimo_proto.protocol.hints import members_of
from mimo_proto.protocol.json_types import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["read_model_json"]

# What msgspec says of a text that ends too early.
TRUNCATED = "Input data was truncated"


def read_model_json(text: str, wanted: Any) -> Any:
    """Read a JSON text that the model wrote.

    Args:
        text: The text.
        wanted: The type that msgspec is to make of it.

    Raises:
        Mismatch: The text is not JSON, or does not fit the type.
        ConfigurationError: msgspec cannot decode into the type.
    """
    decode = _decoder_of(wanted)
    try:
        return decode(text)
    except (ValueError, RecursionError):
        pass
    try:
        return _ModelConverter().value(_parse(text), TypeNode(wanted))
    except RecursionError:
        pass
    raise Mismatch("nested too deeply")


def _decoder_of(wanted: Any) -> Callable[[str], Any]:
    try:
        return msgspec.json.Decoder(wanted).decode
    except TypeError as error:
        problem = str(error)
    raise ConfigurationError(f"nothing can be decoded into {wanted!r}: {problem}")


def _parse(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except ValueError as error:
        problem = str(error)
    try:
        # A lone surrogate is all that the C decoder would not have taken.
        return replace_surrogates(read_json(text.encode("utf-8", "surrogatepass")))
    except DecodeError:
        pass
    raise Mismatch("the text ends before the JSON does" if problem == TRUNCATED else f"no JSON: {problem}")


class _ModelConverter(ReceivedConverter):
    """Build a value of the caller's type."""

    def unknown(self, value: dict[str, Any], node: TypeNode) -> Any:
        """Refuse an object of a kind that the type does not name."""
        tag_field = str(node.tag_field)
        known = ", ".join(map(repr, node.structs))
        raise Mismatch(f"{value.get(tag_field)!r} is none of {known}", tag_field)

    def other(self, value: Any, node: TypeNode) -> Any:
        """Build a value by its hint; of a text that does not fit, what its JSON is."""
        try:
            return super().other(self._members(value, _field_hints(node)) if is_object(value) else value, node)
        except Mismatch:
            inner = _json_within(value)
            if inner is None:
                raise
        return self.value(inner, node)

    def _members(self, value: dict[str, Any], hints: dict[str, Any]) -> dict[str, Any]:
        """Build the fields of a dataclass or a TypedDict; a null that does not fit is left out."""
        built: dict[str, Any] = {}
        for key, element in value.items():
            try:
                built[key] = self.part(key, element, TypeNode(hints.get(key, Any)))
            except Mismatch:
                if element is not None:
                    raise
        return built


def _field_hints(node: TypeNode) -> dict[str, Any]:
    """Give the hints of the fields of the dataclass or the TypedDict that a hint has; none where it has none."""
    for member, _ in members_of(node.hint, ()):
        cls = get_origin(member) or member
        if is_dataclass(cls) or hasattr(cls, "__total__"):  # that of typing_extensions too, before Python 3.13
            return get_type_hints(cls)
    return {}


def _json_within(value: object) -> Any:
    """Give the object or the list whose JSON a text is; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        inner = _parse(value)
    except Mismatch:
        return None
    return inner if is_object(inner) or is_array(inner) else None
