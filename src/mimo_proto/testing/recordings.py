"""The spec's examples, as bytes: payloads of MiMo's two pages, and streams in the shapes that were seen.

Rules: a recording is named as its file is: the definition it is an example of, what it shows, and `.json` or `.sse`.
They are data of the package: in an installed one beside the modules, in a checkout in `spec/examples`.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from mimo_proto.errors import ConfigurationError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["recorded", "recordings"]


def _folder() -> Traversable:
    installed = resources.files("mimo_proto") / "spec" / "examples"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "spec" / "examples"


@cache
def recordings() -> tuple[str, ...]:
    """List the names that `recorded` takes, sorted, such as ``ChatCompletionChunk.thinking.sse``."""
    return tuple(sorted(entry.name for entry in _folder().iterdir()))


@cache
def recorded(name: str) -> bytes:
    """Give one example of the spec, byte for byte.

    Args:
        name: The name of its file: ``ChatCompletion.page.json``, ``ResponseStreamEvent.function_call.sse``.

    Raises:
        ConfigurationError: There is no such recording.
    """
    if name not in recordings():
        raise ConfigurationError(f"no recording is named {name!r}: recordings() lists the names")
    return (_folder() / name).read_bytes()
