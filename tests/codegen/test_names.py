"""What the library reads of requests by name stands in spec/: a rename there must not leave a reader behind.

Looked at are the modules that read JSON and not Structs: the server for tests, the check of dict requests, and
`adapt_request`. A name counts as read where it is the argument of `.get` or `.pop`, a subscript, one of a tuple that is
gone through, or looked for by `in`.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.schemas import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2] / "src/mimo_proto"
READERS = sorted(
    [*(ROOT / "testing").glob("*.py"), ROOT / "protocol/validate.py", *(ROOT / "protocol").glob("adapt*.py")]
)
PROPERTIES = {
    name
    for schema in SCHEMAS.values()
    for definition in schema["$defs"].values()
    for name in definition.get("properties", {})
}
IMAGES = {"bmp", "gif", "jpeg", "jpg", "png", "webp"}
# What a module reads that is no name of the spec's.
OTHERS: dict[str, set[str]] = {
    # What models and endpoints are called; the fields of HTTP; fields of other servers; JSON Schema.
    "adapt_fields.py": {"-tts"},
    "adapt_format.py": {"json_schema"},
    "adapt_items.py": {"detail", "file_id"},
    "adapt_messages.py": {"detail", "function_call"},
    "prompts.py": {"tokens"},
    "exchanges.py": {"Content-Length", "Transfer-Encoding"},
    "rules.py": {"api-key", "authorization", "n", "output_cap", "previous_response_id", "reasoning_effort", "responses"}
    | IMAGES,
    "speech_rules.py": {"assistant", "user"},
    "turns.py": {"const", "default", "enum", "examples", "minimum", "properties", "required"},
}


def texts_in(node: ast.AST) -> list[str]:
    """The texts of a tuple that is written down."""
    elements = node.elts if isinstance(node, ast.Tuple) else []
    return [each.value for each in elements if isinstance(each, ast.Constant) and isinstance(each.value, str)]


def names_read(tree: ast.AST) -> Iterator[str]:
    """The texts by which a module reads JSON."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="get" | "pop"), args=[ast.Constant(value=str(name)), *_]):
                yield name
            case ast.Subscript(slice=ast.Constant(value=str(name))):
                yield name
            case ast.Compare(left=ast.Constant(value=str(name)), ops=[ast.In() | ast.NotIn()]):
                yield name
            case ast.comprehension(iter=names) | ast.For(iter=names):
                yield from texts_in(names)
            case _:
                pass


@pytest.mark.parametrize("path", READERS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_names_that_are_read_are_in_the_spec(path: Path) -> None:
    read = set(names_read(ast.parse(path.read_text("utf-8"))))
    assert read - PROPERTIES == OTHERS.get(path.name, set())


def test_the_readers_read_the_limits() -> None:
    [rules] = [path for path in READERS if path.name == "rules.py"]
    assert {"model", "max_completion_tokens", "messages"} <= set(names_read(ast.parse(rules.read_text("utf-8"))))


def test_what_counts_as_reading() -> None:
    source = "a.get('b') + c['d'] + ('e' in f) + (g.get(h) for h in ('i', j)) + k('l') + 'm'\nfor n in ('o',): pass"
    assert sorted(names_read(ast.parse(source))) == ["b", "d", "e", "i", "o"]
