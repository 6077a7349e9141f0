"""The key, and how it is kept out of everything that is shown, logged, stored or raised.

Rules:

- The key is a `Secret` from the first line that sees it, and so is every header value made of it: HTTP libraries keep
  the headers in the locals of their frames, and error trackers store the ``repr`` of those.
- What a server sends may hold the key again (an echo in an error text). Errors and header values are cleaned before
  they leave the library; the bodies of successes are the caller's data and stay as they are.
- A proxy may send back what it was sent, its credentials among it: they follow the name of their field.
- Errors leave without their frames, see `without_frames`.
- Errors show the beginnings of what was sent, so the key may be cut there: its first characters are enough to mask.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

from mimo_proto.errors import MimoError

__all__ = ["REVEALING_CHARACTERS", "Secret", "redact", "redact_error", "without_frames"]

MASK = "********"

REVEALING_CHARACTERS = 8
"""How many of the key's first characters, its type (`sk-`) included, must not be shown."""

PROXY_CREDENTIALS = re.compile(r"(?<=proxy-authorization)(\W{1,4}(?:b')?basic )[a-z0-9+/=]+", re.IGNORECASE)
"""The credentials for a proxy (RFC 7617), behind the name of their field."""


class Secret(str):
    """A string whose ``repr`` is asterisks, and that refuses to be pickled; otherwise a string like any other.

    A string made of a secret is not one: a header value made with it is to be wrapped anew. Any thread.
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
    """Replace the secret in a text, and what is left of the secret where the text was cut.

    Args:
        text: Any text; the same object comes back when nothing of the secret is in it.
        secret: The secret to look for.
    """
    beginning, more = secret[:REVEALING_CHARACTERS], secret[REVEALING_CHARACTERS:]
    if not secret or beginning not in text:
        return text
    before, *rest = text.split(beginning)
    return MASK.join([before, *[part[_common_length(part, more) :] for part in rest]])


def redact_error(error: MimoError, secret: str) -> None:
    """Replace the secret, and credentials for a proxy, in an error's texts and bytes, in place.

    Args:
        error: The error; its arguments and every attribute that is text or bytes are looked at.
        secret: The secret to look for.
    """
    error.args = tuple(_clean(value, secret) for value in error.args)
    for name, value in vars(error).items():
        setattr(error, name, _clean(value, secret))


def _clean(value: object, secret: str) -> object:
    if isinstance(value, str):
        # By a function: a template is compiled by an import, which the end of the process does not have any more.
        return PROXY_CREDENTIALS.sub(lambda found: found[1] + MASK, redact(value, secret))
    if isinstance(value, bytes):
        return str(_clean(value.decode("latin-1"), secret)).encode("latin-1")
    return value


def _common_length(one: str, other: str) -> int:
    """Count the characters that two texts begin with alike."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


class _WithoutFrames:
    """Cut the frames, which hold what was sent, off our errors and `KeyboardInterrupt`; a caller's own keep them."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is not None and (isinstance(error, MimoError) or not isinstance(error, Exception)):
            error.__traceback__ = error.__cause__ = error.__context__ = None


without_frames = _WithoutFrames()
