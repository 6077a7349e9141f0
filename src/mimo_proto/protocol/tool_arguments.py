"""The arguments that the model calls a tool with, as the caller's type.

Rules:
- Arguments are a text that the model wrote, JSON or not; how it is read is in `model_json`. No text at all is no
  arguments: an empty object.
- A call without a name and an id, which MiMo was seen to send (XiaomiMiMo/MiMo#95), asks for nothing and cannot be
  answered: an error, whatever its arguments are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

from mimo_proto.errors import InvalidToolArgumentsError, LocalProtocolError
from mimo_proto.protocol.convert import Mismatch
from mimo_proto.protocol.model_json import read_model_json
from mimo_proto.protocol.secret import without_frames

if TYPE_CHECKING:
    from mimo_proto.models import FunctionCallItem, ToolCall

__all__ = ["parse_arguments"]

T = TypeVar("T")

# How much of the arguments an error's text shows.
SHOWN_CHARACTERS = 200


@overload
def parse_arguments(call: ToolCall | FunctionCallItem, wanted: type[T], /) -> T: ...
@overload
def parse_arguments(call: ToolCall | FunctionCallItem, wanted: Any, /) -> Any: ...
def parse_arguments(call: Any, wanted: Any, /) -> Any:
    """Read the arguments of a tool call.

    Args:
        call: A `ToolCall` of a chat completion, or a `FunctionCallItem` of a response, whole: of a stream that of its
            result.
        wanted: The type that the arguments are: the Struct that `function_tool` was given, or any other that msgspec
            decodes. An object that came as a JSON text is read where a Struct, a list or a dict holds it.

    Raises:
        InvalidToolArgumentsError: The arguments are not JSON, or do not fit the type, or the call is none. Its text is
            fit for the model to read, as what the tool answers.
        ConfigurationError: msgspec cannot decode into the type.
        LocalProtocolError: It is no call of a function; the input of a custom tool is free text.
    """
    function = getattr(call, "function", call)
    text = getattr(function, "arguments", None)
    with without_frames:
        if text is None:
            raise LocalProtocolError(f"a {type(call).__name__} is no call of a function, and has no arguments")
        if not function.name and not _id_of(call):
            problem = "a tool call came without a name and an id: nothing is asked for, and no answer can be given"
            raise InvalidToolArgumentsError(problem, text=text)
        try:
            return read_model_json(text if text.strip() else "{}", wanted)
        except Mismatch as mismatch:
            problem, path = mismatch.reason, mismatch.path
        message = f"the arguments of `{function.name}` are wrong at {path}: {problem}; they begin {_beginning(text)}"
        raise InvalidToolArgumentsError(message, path=path, text=text)


def _id_of(call: Any) -> Any:
    """Give the id that ties a call to its answer: in Responses it is not the item's own."""
    return call.call_id if hasattr(call, "call_id") else getattr(call, "id", None)


def _beginning(text: str) -> str:
    return repr(text[:SHOWN_CHARACTERS])
