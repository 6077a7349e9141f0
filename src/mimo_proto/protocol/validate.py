"""Check a request against the spec before it is sent.

Rules:
- As lenient as MiMo is: bounds and types are held to, but a name that the spec does not know is refused at the top
  level only, since deeper down MiMo ignores it.
- An object with a tag that the spec does not know is refused, unless it is an `Unknown`: that came from the server, or
  was made by somebody who knows better. `msgspec.Raw` is taken as it is for the same reason.
- A Struct within a dict is trusted: type checkers have seen it. A request that is a Struct itself was handed over to be
  checked, so it is, to its last leaf.
- A reply's message goes back as it came, without a role or with a new one too: it is the server's own word.
- Where the spec says what an object without a tag is (a Responses item is a message), it may be left out. No other text
  that the spec requires may, though it leaves no choice: what a dict has not is not sent (`consts`).
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeGuard, TypeVar, overload

from msgspec import UNSET, Raw, Struct

from mimo_proto.errors import InvalidRequestError
from mimo_proto.models import ChatCompletionMessage, ChatCompletionRequest, OutputMessage, ResponseRequest
from mimo_proto.protocol.convert import Mismatch, TypeNode, StructShape, Converter, shape_of
from mimo_proto.protocol.required_constants import find_missing_const
from mimo_proto.unknown import Unknown

__all__ = ["validate"]

RequestT = TypeVar("RequestT", bound=Struct)

# What other APIs call it, the other one of MiMo's included, and what it may be called here.
OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "max_tokens": ("max_completion_tokens", "max_output_tokens"),
    "max_completion_tokens": ("max_output_tokens",),
    "max_output_tokens": ("max_completion_tokens",),
    "functions": ("tools",),
    "function_call": ("tool_choice",),
    "messages": ("input",),
    "input": ("messages",),
    "prompt": ("messages", "input"),
    "system": ("instructions", "messages"),
    "reasoning": ("thinking",),
    "reasoning_effort": ("reasoning", "thinking"),
    "enable_thinking": ("thinking", "reasoning"),
    "thinking": ("reasoning",),
    "response_format": ("text",),
    "text": ("response_format",),
}

# What a reply has in place of a member of the request's union (`x-accepts` in the spec), and the tag of that member. By
# name: an overlay's models have classes of their own.
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
        type: The Struct that the spec has for it, such as an endpoint's `request`. Left out, it is the Struct's own
            class; for a dict that of Chat if it has `messages`, that of Responses if it has `input`.

    Returns:
        The request as a Struct, to read from. Send what you have, not this: names that the spec does not know, deeper
        down, are not in it.

    Raises:
        InvalidRequestError: The spec refuses it; `.path` says where.
    """
    try:
        shape = shape_of(type or _kind(request))
        plain = _opened(request, shape) if isinstance(request, Struct) else request
        checked = SENT.request(plain, shape)
        find_missing_const(plain, shape.cls)
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


def _not_known(name: str, shape: StructShape) -> str:
    known = [field.key for field in shape.fields]
    others = [other for other in OTHER_NAMES.get(name, ()) if other in known] or get_close_matches(name, known, 1)
    hint = f' (it has "{others[0]}")' if others else ""
    return f'"{name}" is not in MiMo\'s table{hint}; extra_body={{"{name}": ...}} sends it'


class Sent(Converter):
    """Check what is to be sent."""

    def request(self, value: Mapping[str, Any], shape: StructShape) -> Any:
        """Check a whole request: here, and only here, each name must be known."""
        for name in map(str, value):
            if name not in shape.keys:
                raise Mismatch(_not_known(name, shape), name)
        return self.struct(dict(value), shape)

    def finish(self, _: dict[str, Any], shape: StructShape, fields: Mapping[str, Any], /) -> Any:
        """Ignore what the spec does not know, as MiMo does."""
        return shape.cls(**fields)

    def unknown(self, value: dict[str, Any], node: TypeNode) -> Any:
        """Refuse an object of an unknown kind."""
        known = ", ".join(map(repr, node.structs))
        tag_field = str(node.tag_field)
        if tag_field not in value:
            raise Mismatch(f"`{tag_field}` is missing: one of {known}")
        raise Mismatch(f"{value[tag_field]!r} is none of {known}; mimo_proto.Unknown({{...}}) sends it", tag_field)

    def other(self, value: Any, node: TypeNode) -> Any:
        """Take what is no plain JSON: Raw, Structs, Unknowns, other mappings, tuples."""
        kind = value.__class__
        if kind is Raw or (kind is Unknown and node.structs):
            return value
        if isinstance(value, Struct):
            known = tuple(shape.cls for shape in node.structs.values())
            if isinstance(value, known) or REPLIES.get(kind.__name__, "") in node.structs:
                return value
            return self.value(_fields(value), node)
        if kind is not dict and _is_mapping(value):
            return self.value(dict(value), node)
        if kind is tuple:
            return self.value(list(value), node)
        return super().other(value, node)


def _is_mapping(value: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping)


SENT = Sent()


def _fields(value: Struct) -> dict[str, Any]:
    """Give the dict that a Struct encodes to. Its hints are not asked for: those of a caller's own may name nothing."""
    config = value.__struct_config__
    plain: dict[str, Any] = {} if config.tag_field is None else {config.tag_field: config.tag}
    for name, key in zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True):
        field = getattr(value, name)
        if field is not UNSET and not (field is None and config.omit_defaults):
            plain[key] = field
    return plain


def _opened(value: Struct, shape: StructShape) -> dict[str, Any]:
    """Give the same without Structs of the spec within, as deep as its hints go: what has none may hold itself."""
    plain = _fields(value)
    return plain | {key: _plain(plain[key], node) for _, key, node, _ in shape.fields if key in plain}


def _plain(value: Any, node: TypeNode) -> Any:
    kind = value.__class__
    if kind in node.plain:
        return value
    if isinstance(value, Struct):
        shape = next((shape for shape in node.structs.values() if isinstance(value, shape.cls)), None)
        # A reply's message is taken as it is, and what is the caller's own is opened when it is come to.
        return value if shape is None or kind.__name__ in REPLIES else _opened(value, shape)
    if node.item is not None and (kind is list or kind is tuple):
        return [_plain(element, node.item) for element in value]
    if node.structs and kind is dict and (shape := node.shape_of(value)):
        return value | {key: _plain(value[key], inner) for _, key, inner, _ in shape.fields if key in value}
    return value
