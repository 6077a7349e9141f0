"""The key, and how it is kept out of everything that is shown, logged, stored or raised.

Rules:

- The key is a `Secret` from the first line that sees it, and so is every header value made of it: HTTP libraries keep
  the headers in the locals of their frames, and error trackers store the ``repr`` of those.
- What a server sends may hold the key again (an echo in an error text). Errors and header values are cleaned before
  they leave the library; answers that succeeded are the caller's data and stay as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from mimo_proto.errors import MimoError

__all__ = ["Secret", "redact", "redact_error"]

MASK = "********"


class Secret(str):
    """A string whose ``repr`` is asterisks, and that refuses to be pickled; in all else the text that it is.

    What is made of it is a plain string again: a header value made with it is to be wrapped anew. Any thread.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"'{MASK}'"

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not pickled; give it anew on the other side, by MIMO_API_KEY for example")


def redact(text: str, secret: str) -> str:
    """Replace the secret in a text.

    Args:
        text: Any text; it comes back as the same object when the secret is not in it.
        secret: What to look for.
    """
    return text.replace(secret, MASK) if secret and secret in text else text


def redact_error(error: MimoError, secret: str) -> None:
    """Replace the secret in an error's texts and bytes, in place.

    Args:
        error: The error; its arguments and every attribute that is text or bytes are looked at.
        secret: What to look for.
    """
    if not secret:
        return
    error.args = tuple(_clean(value, secret) for value in error.args)
    for name, value in vars(error).items():
        setattr(error, name, _clean(value, secret))


def _clean(value: object, secret: str) -> object:
    if isinstance(value, str):
        return redact(value, secret)
    if isinstance(value, bytes):
        return value.replace(secret.encode(), MASK.encode())
    return value
