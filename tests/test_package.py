"""The package as a whole: which names its root has, what importing it costs, and that imports run one way."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import mimo_proto
from mimo_proto import errors, models

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src/mimo_proto"
DEFINITIONS: dict[str, dict[str, Any]] = {
    name: definition
    for path in sorted((ROOT / "spec").glob("*.json"))
    for name, definition in json.loads(path.read_bytes())["$defs"].items()
}
EVENTS = {member["$ref"].rpartition("/")[2] for member in DEFINITIONS["ResponseStreamEvent"]["oneOf"]}
UNIONS = {name for name, definition in DEFINITIONS.items() if "oneOf" in definition}
# An error's body is read by the library; callers get an APIError.
ROOTS = {name for name, definition in DEFINITIONS.items() if "x-root" in definition} - {"ErrorResponse"}
HAND_WRITTEN = {
    *("Client", "Stream", "Reply"),
    *(
        "Endpoint",
        "CHAT_COMPLETIONS",
        "RESPONSES",
        "MODELS",
        "HTTPRequest",
        "build_request",
        "parse_response",
        "validate",
    ),
    *("StreamDecoder", "ChatAccumulator", "ResponseAccumulator", "SSEDecoder", "ServerSentEvent"),
    *("system", "developer", "user", "assistant", "tool", "to_request"),
    *("Timeouts", "Limits", "RetryPolicy", "Unknown", "SPEC_VERSION", "__version__"),
    *(name for name in errors.__all__ if name[0].isupper()),
}

# Each module imports only from those before it; those of the core know no socket, clock, thread or environment.
CORE = [
    *("_version", "unknown", "errors", "jsontypes", "models"),
    *("limits", "sse", "retry", "secret", "extra", "walk", "decode", "endpoints", "projection", "accumulate"),
    *("surrogates", "error_body", "stream", "validate", "wire", "messages"),
]
SHELL = [
    *("watchdog", "chunked", "connection", "pool", "transport"),
    *("options", "call", "session", "client"),
    *("testing", "words", "demo", "cli", "__main__", "adapters"),
]
ORDER = [*CORE, *SHELL]
OUTSIDE = {"urllib3", "socket", "ssl", "select", "http", "asyncio", "threading", "time", "os", "logging", "signal"}


def test_root_names() -> None:
    names = set(mimo_proto.__all__)
    assert len(names) == len(mimo_proto.__all__)
    assert names >= HAND_WRITTEN | EVENTS | ROOTS
    assert names <= HAND_WRITTEN | EVENTS | ROOTS | UNIONS
    for name in names:
        assert getattr(mimo_proto, name) is not None
    assert dir(mimo_proto) == sorted(mimo_proto.__all__)
    assert set(models.__all__) == {*DEFINITIONS, *(f"{name}Fields" for name in fields()), "SPEC_VERSION"}


def fields() -> list[str]:
    """The requests: what gets a TypedDict for keyword arguments."""
    return [name for name, definition in DEFINITIONS.items() if definition.get("x-root") == "sent"]


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'mimo_proto' has no attribute 'AsyncClient'"):
        mimo_proto.AsyncClient  # noqa: B018


def test_importing_takes_neither_urllib3_nor_the_network_along() -> None:
    program = (
        "import sys, mimo_proto; loaded = set(sys.modules)"
        f"; assert not loaded & {OUTSIDE - {'os', 'time', 'threading', 'signal'}!r}, loaded"
        "; mimo_proto.Client('key').close(); assert 'urllib3' in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


def module_of(path: Path) -> str:
    """The module, or for one in a subpackage that."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """All that a module imports, for type checkers too; what is relative is of its own subpackage."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def test_every_module_has_its_place() -> None:
    assert {module_of(path) for path in MODULES} | {"adapters"} == set(ORDER)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_run_one_way(path: Path) -> None:
    module = module_of(path)
    left = {*ORDER[: ORDER.index(module)], module}
    for name in imported(path):
        package, *rest = name.split(".")
        if package == "mimo_proto":
            assert rest[0] in left, f"{module} imports {name}"
        else:
            assert module in SHELL or package not in OUTSIDE, f"{module} imports {name}"
