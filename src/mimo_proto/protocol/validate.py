"""Check a request against the spec before it is sent.

Rules:
- The check is as lenient as MiMo is: bounds and types are held to, but an unknown name is refused at the top level
  only, since MiMo ignores one deeper down.
- An object with an unknown tag is refused, unless it is an `Unknown`: that came from the server, or from a caller who
  knows better. `msgspec.Raw` is taken as it is for the same reason.
- A Struct is checked as the dict that it encodes to, within a dict too, to its last leaf: type checkers see no bounds.
- A reply's message goes back as it came, without a role or with a new one too: the server wrote it.
- Null content beside an assistant's tool calls is taken: most clients send it, and `build_request` sends "" for it.
- A tag may be left out where the spec says what an object without one is: a Responses item is a message. No other text
  that the spec requires may be left out, since a dict is sent as it is written (`required_constants`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

from msgspec import UNSET, Raw, Struct

from mimo_proto.errors import InvalidRequestError
from mimo_proto.models import ChatCompletionMessage, ChatCompletionRequest, OutputMessage, ResponseRequest
from mimo_proto.protocol.convert import Converter, Mismatch, StructShape, TypeNode, shape_of
from mimo_proto.protocol.json_types import is_mapping
from mimo_proto.protocol.null_content import is_null_beside_calls
from mimo_proto.protocol.other_names import field_hint, value_hint
from mimo_proto.protocol.required_constants import find_missing_const
from mimo_proto.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["validate"]

RequestT = TypeVar("RequestT", bound=Struct)

JSON_SCALARS = frozenset([str, int, float, bool, type(None)])

# The Structs of a reply that stand for a member of the request's union (`x-accepts` in the spec), by name, as an
# overlay's models have classes of their own; and the tag of that member.
REPLIES = {ChatCompletionMessage.__name__: "assistant", OutputMessage.__name__: "message"}


@overload
def validate(request: RequestT, type: None = None) -> RequestT: ...
@overload
def validate(request: Struct | Mapping[str, Any], type: type[RequestT]) -> RequestT: ...
@overload
def validate(request: Mapping[str, Any], type: None = None) -> ChatCompletionRequest | ResponseRequest: ...
def validate(request: Struct | Mapping[str, Any], type: Any = None) -> Any:  # noqa: A002 - msgspec's own name for it
    """Check a request against the spec.

    Args:
        request: A request Struct, or the same as a dict; lists may be tuples, and dicts hold Structs.
        type: The Struct that the spec has for the request, such as an endpoint's `request`. Left out, it is the
            request's own class; for a dict that of Chat if it has `messages`, that of Responses if it has `input`.

    Returns:
        The request as a Struct, to read from. Send what you have, not this Struct, which lacks unknown names deeper
        down.

    Raises:
        InvalidRequestError: The spec refuses the request; `.path` says where.
    """
    try:
        shape = shape_of(type or _kind(request))
        fields = _fields(request) if isinstance(request, Struct) else request
        if not _is_json(fields.values()):
            fields = _open_fields(fields, shape)
        checked = SENT.request(fields, shape)
        find_missing_const(fields, shape.cls)
        _find_no_message(fields)
    except Mismatch as mismatch:
        reason, path = mismatch.reason, mismatch.path
    except RecursionError:
        reason, path = "nested too deeply, or it holds itself", "$"
    else:
        return request if isinstance(request, Struct) else checked
    raise InvalidRequestError(f"{path}: {reason}", path=path)


def _kind(request: Struct | Mapping[str, Any]) -> type[Struct]:
    if isinstance(request, Struct):
        return request.__class__
    if "messages" in request:
        return ChatCompletionRequest
    if "input" in request:
        return ResponseRequest
    raise Mismatch(
        'it has neither "messages" (Chat) nor "input" (Responses); for another kind give validate() its type'
    )


def _find_no_message(fields: Mapping[str, Any]) -> None:
    messages = fields.get("messages")
    if messages is not None and not len(messages):
        raise Mismatch("a conversation has at least one message", "messages")


class SentConverter(Converter):
    """Check a value that is to be sent."""

    def request(self, value: Mapping[str, Any], shape: StructShape) -> Any:
        """Check a whole request: each name at the top level must be known."""
        for name in map(str, value):
            if name not in shape.keys:
                hint = field_hint(name, [field.key for field in shape.fields])
                raise Mismatch(f'"{name}" is not in MiMo\'s table{hint}', name)
        return self.struct(dict(value), shape)

    def struct(self, value: dict[str, Any], shape: StructShape) -> Any:
        """Check an object; null beside tool calls is the empty text that is sent for it."""
        if shape.tag == "assistant" and is_null_beside_calls(value):
            value = {**value, "content": ""}
        return super().struct(value, shape)

    def finish(self, _: dict[str, Any], shape: StructShape, fields: Mapping[str, Any], /) -> Any:
        """Ignore unknown fields, as MiMo does."""
        return shape.cls(**fields)

    def unknown(self, value: dict[str, Any], node: TypeNode) -> Any:
        """Refuse an object of an unknown kind."""
        known = ", ".join(map(repr, node.structs))
        tag_field = str(node.tag_field)
        if tag_field not in value:
            raise Mismatch(f"`{tag_field}` is missing: one of {known}")
        tag = value[tag_field]
        raise Mismatch(f"{tag!r} is none of {known}{value_hint(tag)}; mimo_proto.Unknown({{...}}) sends it", tag_field)

    def other(self, value: Any, node: TypeNode) -> Any:
        """Take a value that is not JSON: Raw, Structs, Unknowns, other mappings, tuples."""
        kind = value.__class__
        if kind is Raw or (kind is Unknown and node.structs):
            return value
        if isinstance(value, Struct):
            known = tuple(shape.cls for shape in node.structs.values())
            if isinstance(value, known) or REPLIES.get(kind.__name__, "") in node.structs:
                return value
            return self.value(_fields(value), node)
        if kind is not dict and is_mapping(value):
            return self.value(dict(value), node)
        if kind is tuple:
            return self.value(list(value), node)
        try:
            return super().other(value, node)
        except Mismatch as mismatch:
            mismatch.reason += value_hint(value)
            raise


SENT = SentConverter()


def _fields(value: Struct) -> dict[str, Any]:
    """Give the dict that a Struct encodes to, without its hints: those of a caller's own may not be evaluable."""
    config = value.__struct_config__
    absent = None if config.omit_defaults else UNSET
    names = zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True)
    fields = {key: getattr(value, name) for name, key in names}
    tag = {} if config.tag_field is None else {config.tag_field: config.tag}
    return tag | {key: field for key, field in fields.items() if field is not UNSET and field is not absent}


def _is_json(values: Iterable[Any]) -> bool:
    """Whether values are JSON all through, with nothing to open in them, as a long history mostly is."""
    try:
        for value in values:
            kind = value.__class__
            if kind in JSON_SCALARS:
                continue
            parts = value.values() if kind is dict else value if kind is list else None
            if parts is None or not _is_json(parts):
                return False
    except RecursionError:  # what is too deep to be looked through has a place where any depth is taken
        return False
    return True


def _open_fields(fields: Mapping[str, Any], shape: StructShape) -> Mapping[str, Any]:
    """Give fields with the dicts that the Structs in them encode to, as deep as the hints go."""
    nodes = shape.nodes
    return {key: _open(value, nodes[key]) if key in nodes else value for key, value in fields.items()}


def _open(value: Any, node: TypeNode) -> Any:
    kind = value.__class__
    if kind is dict and node.structs:
        shape = node.shape_of(value)
        return value if shape is None else _open_fields(value, shape)
    if node.item is not None and kind in (list, tuple):
        return [_open(element, node.item) for element in value]
    return _open_struct(value, node) if isinstance(value, Struct) else value


def _open_struct(value: Struct, node: TypeNode) -> Any:
    shape = next((shape for shape in node.structs.values() if isinstance(value, shape.cls)), None)
    # A reply's message is taken as it is, and a Struct of the caller's own is opened when its turn comes.
    if shape is None or type(value).__name__ in REPLIES:
        return value
    return _open_fields(_fields(value), shape)
