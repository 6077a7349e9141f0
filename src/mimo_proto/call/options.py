"""The keyword arguments of the clients' methods: their types, what they are taken apart into, and what they refuse.

Rules:

- A call takes the request's fields and its own options side by side, so no option bears the name of a field.
- What is not an option here is a field of the request, and is checked as such.
- The methods that are named after an endpoint take keywords only: type checkers then name a keyword that is wrong,
  missing or ill-typed in one line. A request that is a value goes to `send` and `stream`.
- What users of the openai package write out of habit is refused at once, with our word for it.
"""

from __future__ import annotations

import re
from inspect import Parameter, Signature, formatannotation, iscoroutinefunction
from typing import TYPE_CHECKING, Any, ForwardRef, NoReturn, Required, TypedDict, TypeVar, get_args, get_origin

from msgspec import UNSET

from mimo_proto.errors import ConfigurationError, InvalidRequestError
from mimo_proto.limits import Limits, Timeouts
from mimo_proto.models import ChatCompletionRequestFields, ResponseRequestFields
from mimo_proto.protocol.other_names import argument_hint, attribute_hint
from mimo_proto.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "CallOptions",
    "ChatCompletionArguments",
    "NoArguments",
    "ResponseArguments",
    "check_options",
    "check_settings",
    "no_such_attribute",
    "refuse_arguments",
    "show_keywords",
    "take_apart",
]

MethodT = TypeVar("MethodT", bound="Callable[..., object]")


class CallOptions(TypedDict, total=False):
    """What a call takes besides its request.

    Attributes:
        extra_body: Goes over the request's own fields, unchecked: what the spec does not know yet.
        extra_headers: More headers; never those of the key, the host or the length.
        timeouts: Instead of the client's, in seconds.
        retry: Instead of the client's.
        tee: Gets the bytes of the body as they come, decompressed; runs in the reading thread. An error inside a 200
            JSON reply has been given to it when a `RetryPolicy` tries the call again.
        validate: Check dicts and keywords against the spec before sending; True by default. A request that is a Struct
            is trusted.
    """

    extra_body: Mapping[str, Any] | None
    extra_headers: Mapping[str, str] | None
    timeouts: Timeouts | None
    retry: RetryPolicy | None
    tee: Callable[[bytes], object] | None
    validate: bool


class ChatCompletionArguments(ChatCompletionRequestFields, CallOptions, total=False):
    """The fields of a `ChatCompletionRequest`, and the options of a call."""


class ResponseArguments(ResponseRequestFields, CallOptions, total=False):
    """The fields of a `ResponseRequest`, and the options of a call."""


class NoArguments(TypedDict):
    """No arguments at all: what comes here is refused with a hint, by type checkers as an unknown name."""


OPTIONS = frozenset(CallOptions.__annotations__)
"""The names of the options."""

VALUES: Mapping[str, tuple[type, str]] = {
    "timeouts": (Timeouts, "Timeouts(total=30), in seconds"),
    "retry": (RetryPolicy, "RetryPolicy(attempts=3), the first attempt included"),
    "limits": (Limits, "Limits(body=1_000_000), in bytes"),
}
"""What an argument must be an instance of, and how that is written."""

QUOTED_OR_MODULE = re.compile(r"(?P<quoted>'[^']*')|\b(?:[a-z_]\w*\.)+")
"""A literal, or the modules before the name of a type."""


def take_apart(request: object, arguments: Any, instead: str) -> tuple[dict[str, Any], CallOptions]:
    """Part the options from the fields.

    Args:
        request: What came as the positional argument, which is there to be refused.
        arguments: The keyword arguments of the call.
        instead: The call that takes a request, such as ``send(CHAT_COMPLETIONS, request)``.

    Returns:
        The fields and the options. A field that is None is not set.

    Raises:
        InvalidRequestError: A request came as a value.
    """
    if request is not None:
        kind = type(request).__name__
        raise InvalidRequestError(
            f"this method takes the fields of a request as keywords, and what came is of type {kind}:\n"
            f"model=..., messages=[user(...)], or input=... for a response;\n"
            f"a whole request, as a Struct or a dict, goes to client.{instead}"
        )
    options: Any = {name: value for name, value in arguments.items() if name in OPTIONS}
    fields = {name: value for name, value in arguments.items() if name not in OPTIONS and value is not None}
    return fields, options


def check_options(options: Mapping[str, Any]) -> None:
    """Check the options of one call.

    Raises:
        InvalidRequestError: There is no such option, or its value is of another type.
    """
    for name in options.keys() - OPTIONS:
        raise InvalidRequestError(_no_such_argument("a call", name))
    if problem := _wrong_value({name: value for name, value in options.items() if value is not None}):
        raise InvalidRequestError(problem)


def check_settings(settings: Mapping[str, Any]) -> None:
    """Check arguments of a client.

    Raises:
        ConfigurationError: A value is of another type.
    """
    if problem := _wrong_value(settings):
        raise ConfigurationError(problem)
    observer = settings.get("observer")
    if observer is not None and (not callable(observer) or iscoroutinefunction(observer)):
        came = "a coroutine function" if callable(observer) else f"of type {type(observer).__name__}"
        raise ConfigurationError(f"observer= takes a function of one argument, and what came is {came}: observer=print")


def refuse_arguments(unknown: Any) -> None:
    """Refuse arguments of a client that there are not.

    Args:
        unknown: The arguments by name; emptied, since a value may be the key under another name.

    Raises:
        ConfigurationError: There is one.
    """
    names = list(unknown)
    unknown.clear()
    for name in names:
        raise ConfigurationError(_no_such_argument("a client", name))


def _no_such_argument(owner: str, name: str) -> str:
    hint = argument_hint(name)
    return f"{owner} takes no {name}=" + (f": {hint}" if hint else "")


def _wrong_value(arguments: Mapping[str, Any]) -> str:
    """Say which value is of another type than it must be; "" where none is."""
    for name, (kind, example) in VALUES.items():
        if name in arguments and not isinstance(arguments[name], kind):
            came = type(arguments[name]).__name__
            return f"{name}= takes {kind.__name__}, and what came is of type {came}: {name}={example}"
    return ""


class _Shown(str):
    """The text of a type hint, shown without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def show_keywords(arguments: Any) -> Callable[[MethodT], MethodT]:
    """Make a decorator by which `help()` and `inspect.signature` show the keywords of a method one by one.

    Args:
        arguments: The TypedDict of the keywords.
    """
    hints = {name: _Shown(_text_of(hint)) for name, hint in arguments.__annotations__.items()}
    required = [name for name in hints if name in arguments.__required_keys__]
    optional = [name for name in hints if name not in arguments.__required_keys__]
    parameters = [
        Parameter("self", Parameter.POSITIONAL_ONLY),
        *(Parameter(name, Parameter.KEYWORD_ONLY, annotation=hints[name]) for name in required),
        *(Parameter(name, Parameter.KEYWORD_ONLY, annotation=hints[name], default=UNSET) for name in optional),
    ]

    def decorate(method: MethodT) -> MethodT:
        shown: Any = method
        shown.__signature__ = Signature(parameters, return_annotation=_Shown(method.__annotations__["return"]))
        return method

    return decorate


def _text_of(hint: Any) -> str:
    """Write a type hint without the modules of its names."""
    if get_origin(hint) is Required:
        hint = get_args(hint)[0]
    text = hint.__forward_arg__ if isinstance(hint, ForwardRef) else formatannotation(hint)
    return QUOTED_OR_MODULE.sub(lambda found: found["quoted"] or "", text)


def no_such_attribute(client: object, name: str) -> NoReturn:
    """Say that a client has no attribute of this name: the `__getattr__` of the clients.

    Raises:
        AttributeError: Always; with what to call instead, where another client has such an attribute.
    """
    hint = attribute_hint(name)
    text = f"{type(client).__name__!r} object has no attribute {name!r}"
    raise AttributeError(f"{text}: {hint}" if hint else text, name=name, obj=client)
