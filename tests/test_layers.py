"""Imports run one way: a file or package imports what stands left of it in `ORDER`, for type checkers as well."""

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
FILES = sorted(ROOT.rglob("*.py"))

ORDER = [
    *("_version", "errors", "limits", "retry", "speech", "unknown", "kept_fields", "models", "endpoints", "messages"),
    *("tools", "usage", "observe", "protocol", "call", "log", "http", "client", "__init__", "aio", "testing", "cli"),
    "__main__",
]

# What is sans-IO, and what it never imports: time, chance and the environment are arguments.
SANS_IO = set(ORDER[: ORDER.index("http")])
INPUT_AND_OUTPUT = {"asyncio", "logging", "os", "random", "socket", "ssl", "threading", "time", "urllib3", "http"}
EXCEPTIONS = {
    # Logging, and the clock, for both clients.
    ("log.py", "logging"),
    ("log.py", "time"),
    # What is learned from the wire belongs to the process: one lock.
    ("protocol/widen.py", "threading"),
    # What is remembered of replies belongs to all streams: one lock.
    ("protocol/history_store.py", "threading"),
    # The root resolves these when they are first asked for.
    ("__init__.py", "mimo_proto.aio.client"),
    ("__init__.py", "mimo_proto.aio.stream"),
    ("__init__.py", "mimo_proto.client"),
    ("__init__.py", "mimo_proto.http.stream"),
    ("__init__.py", "mimo_proto"),
}
LIBRARIES = {"aio/aiohttp.py": "aiohttp", "testing/pytest.py": "pytest"}


class Import(NamedTuple):
    """One import: the file that it stands in, relative to the package, and the name of the module."""

    file: str
    name: str


def imports(path: Path) -> Iterator[Import]:
    file = path.relative_to(ROOT)
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (Import(str(file), each.name) for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = ["mimo_proto", *file.parts[: -node.level]] if node.level else []
            yield Import(str(file), ".".join([*package, node.module or ""]).strip("."))


def place(file_or_module: str) -> int:
    """Where a file of the package, or what follows `mimo_proto.` in a module's name, stands in the order."""
    return ORDER.index(file_or_module.replace(".py", "").replace("/", ".").partition(".")[0] or "__init__")


IMPORTS = [each for path in FILES for each in imports(path)]
OURS = [each for each in IMPORTS if each.name.partition(".")[0] == "mimo_proto" and each not in EXCEPTIONS]
THEIRS = [each for each in IMPORTS if each.name.partition(".")[0] != "mimo_proto"]


def test_imports_run_one_way() -> None:
    inside = [place(each.file) == place(each.name[11:]) and "/" in each.file for each in OURS]
    wrong = [
        each
        for each, is_inside in zip(OURS, inside, strict=True)
        if not is_inside and place(each.name[11:]) >= place(each.file)
    ]
    assert wrong == []


def test_what_is_sans_io_does_no_input_or_output() -> None:
    rooms = [each for each in THEIRS if each.file.replace(".py", "").partition("/")[0] in SANS_IO]
    wrong = [each for each in rooms if each.name.partition(".")[0] in INPUT_AND_OUTPUT and each not in EXCEPTIONS]
    assert wrong == []


def test_asyncio_knows_nothing_of_the_sync_client() -> None:
    rooms = ("mimo_proto.http", "mimo_proto.client")
    assert [each for each in OURS if each.file.startswith("aio/") and each.name.startswith(rooms)] == []


def test_third_parties() -> None:
    known = {"msgspec", "urllib3", "typing_extensions", *sys.stdlib_module_names}
    wrong = [
        each
        for each in THEIRS
        if (library := each.name.partition(".")[0]) not in known and LIBRARIES.get(each.file) != library
    ]
    assert wrong == []


def test_the_root_is_small() -> None:
    assert len([path for path in ROOT.iterdir() if path.name != "__pycache__"]) <= 24


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_what_it_is_and_what_it_offers(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree)
    assigned = [node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]
    targets = [target for node in assigned for target in getattr(node, "targets", [getattr(node, "target", None)])]
    assert "__all__" in [target.id for target in targets if isinstance(target, ast.Name)]


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

import aiohttp, msgspec, urllib3, asyncio, http.server
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
