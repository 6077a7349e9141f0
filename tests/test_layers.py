"""Imports run one way, and the core does no input or output: read from the source of every module.

A module may import what stands left of it in its own group or in a group above, for type checkers as well.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1] / "src" / "mimo_proto"

CORE = """
    _version errors jsontypes unknown
    models
    limits base_url secret walk extra widen
    completion decode sse retry endpoints
    error_body mend json_reply projection surrogates pieces output_items tool_calls
    chat_accumulator response_accumulator answer_text
    consts validate messages
    stream request response
    __init__
"""
SHELL = """
    chunked head options watchdog network_errors answer connection pool transport
    call session client
    testing adapters
    words demo cli __main__
"""
LAYERS = [*CORE.split(), *SHELL.split()]
PACKAGES = {"models", "testing", "adapters"}

# What the core never imports: it takes values and returns values.
OUTSIDE = {"asyncio", "http", "logging", "os", "select", "signal", "socket", "ssl", "subprocess", "threading", "time"}
THIRD_PARTY = {"msgspec", "urllib3"}
# Type checkers have it without its being installed.
TYPING_ONLY = {"typing_extensions"}
# These may import the library that they adapt.
ADAPTED = {"httpx", "aiohttp"}
# What is learned from the wire belongs to the process: one lock.
LOCKED = {("widen", "threading")}
# Resolved when it is first asked for.
LAZY = {("__init__", "client"), ("__init__", "session")}


class Import(NamedTuple):
    """One import: by which module, of what, and whether only type checkers see it."""

    path: Path
    module: str
    name: str
    typing_only: bool


def layer(path: Path) -> str:
    """The module or package in the list that a file belongs to."""
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> Iterator[Import]:
    yield from _imports(path, ast.parse(path.read_text("utf-8")), typing_only=False)


def _imports(path: Path, node: ast.AST, *, typing_only: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(path, layer(path), each.name, typing_only) for each in child.names)
        elif isinstance(child, ast.ImportFrom):
            name = child.module or ""
            if child.level:
                package = [*path.relative_to(ROOT.parent).parts[: -child.level], *filter(None, [name])]
                name = ".".join(package)
            if name == "mimo_proto":
                yield from (Import(path, layer(path), f"{name}.{each.name}", typing_only) for each in child.names)
            else:
                yield Import(path, layer(path), name, typing_only)
        else:
            inside = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
            yield from _imports(path, child, typing_only=typing_only or inside)


FILES = sorted(ROOT.rglob("*.py"))
IMPORTS = [each for path in FILES for each in imports(path)]
every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))


def test_every_module_has_its_place() -> None:
    assert {layer(path) for path in FILES} == set(LAYERS)
    assert len(LAYERS) == len(set(LAYERS))
    assert {layer(path) for path in FILES if path.parent != ROOT} == PACKAGES


def test_imports_run_one_way() -> None:
    wrong: list[str] = []
    for each in IMPORTS:
        if not each.name.startswith("mimo_proto."):
            continue
        target = each.name.split(".")[1]
        target = target if target in LAYERS else "__init__"
        if (each.module, target) in LAZY and each.typing_only:
            continue
        same = target == each.module and each.module in PACKAGES
        if not same and LAYERS.index(target) >= LAYERS.index(each.module):
            wrong.append(f"{each.path.relative_to(ROOT)} imports {each.name}")
    assert wrong == []


def test_the_core_does_no_input_or_output() -> None:
    wrong = [
        f"{each.path.relative_to(ROOT)} imports {each.name}"
        for each in IMPORTS
        if each.module in CORE.split()
        and each.name.partition(".")[0] in OUTSIDE | {"urllib3"}
        and (each.module, each.name) not in LOCKED
    ]
    assert wrong == []


def test_third_parties() -> None:
    known = THIRD_PARTY | sys.stdlib_module_names | {"mimo_proto"}
    wrong = [
        f"{each.path.relative_to(ROOT)} imports {each.name}"
        for each in IMPORTS
        if each.name.partition(".")[0]
        not in known | (ADAPTED if each.module == "adapters" else set()) | (TYPING_ONLY if each.typing_only else set())
    ]
    assert wrong == []


def test_only_the_adapter_of_a_library_imports_it() -> None:
    for each in IMPORTS:
        if each.name.partition(".")[0] in ADAPTED:
            assert each.path.stem == each.name.partition(".")[0]


@every_file
def test_every_module_says_what_it_is_and_what_it_offers(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree)
    names = [target for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign) for target in targets(node)]
    assert "__all__" in names


def targets(node: ast.Assign | ast.AnnAssign) -> Iterator[str]:
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        if isinstance(target, ast.Name):
            yield target.id


def test_an_import_reads_no_environment_and_opens_nothing() -> None:
    """Every module is imported in a process whose environment, files to write and sockets are watched."""
    modules = [
        ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in FILES
        if path.stem != "__main__"
    ]
    script = f"""
import os, sys

read = []
class Watched(dict):
    def __getitem__(self, key):
        read.append(key)
        return super().__getitem__(key)
    def get(self, key, default=None):
        read.append(key)
        return super().get(key, default)
    def __contains__(self, key):
        read.append(key)
        return super().__contains__(key)

def watch(event, arguments):
    network = event.startswith("socket.") and event not in {{"socket.__new__", "socket.gethostname"}}
    if network or event in {{"subprocess.Popen", "os.mkdir", "os.remove"}}:
        raise RuntimeError(event)
    if event == "open" and arguments[1] and set(str(arguments[1])) & set("wax+") and ".pyc" not in str(arguments[0]):
        raise RuntimeError(f"{{event}} {{arguments}}")

import aiohttp, httpx, msgspec, urllib3, asyncio, http.server
os.environ = Watched(os.environ)
os.getenv = lambda key, default=None: read.append(key) or default
sys.addaudithook(watch)
sys.dont_write_bytecode = True
import importlib
for name in {modules!r}:
    importlib.import_module(name)
ours = [key for key in read if "MIMO" in str(key).upper() or "PROXY" in str(key).upper()]
assert ours == [], ours
"""
    outcome = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
