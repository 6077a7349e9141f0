"""The names that the package offers: documented, usable by `help()` and `inspect`, and the client only when asked for.

Public are the names of `mimo_proto`, `mimo_proto.models` and `mimo_proto.testing`. The snapshot has their signatures as
they are written, one a line.
"""

from __future__ import annotations

import ast
import json
import pydoc
import re
import subprocess
import sys
from importlib import import_module
from inspect import getdoc, isfunction, signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, is_typeddict

import msgspec
import pytest

import mimo_proto
from mimo_proto import errors, models
from mimo_proto.protocol.convert import reachable
from tests.support.signatures import definition, public_names, signatures

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

PACKAGE = Path(mimo_proto.__file__).parent
MODULES = ["mimo_proto", "mimo_proto.models", "mimo_proto.testing"]
PUBLIC = [(module, name) for module in MODULES for name in public_names(module)]
CLASSES = [(module, name) for module, name in PUBLIC if isinstance(getattr(import_module(module), name), type)]
each_public_name = pytest.mark.parametrize(("module", "name"), PUBLIC)
each_public_class = pytest.mark.parametrize(("module", "name"), CLASSES)

# All modules but the generated ones, for what holds inside as well.
ALL_MODULES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if "models" not in path.parts and path.stem != "__main__"
)


def run(script: str) -> str:
    """What a script prints in a process of its own."""
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout


def test_the_signatures_are_these(snapshot: SnapshotAssertion) -> None:
    lines = [line for module in MODULES for line in signatures(module)]
    assert len(lines) <= 500
    assert "\n".join(lines) == snapshot


@each_public_name
def test_a_public_name_is_there_and_documented(module: str, name: str) -> None:
    value = getattr(import_module(module), name)
    if isinstance(value, type) or isfunction(value):
        assert getdoc(value)


@each_public_class
def test_public_methods_are_documented(module: str, name: str) -> None:
    cls: type = getattr(import_module(module), name)
    methods = {method for method in vars(cls) if not method.startswith("_") and callable(getattr(cls, method))}
    assert {method for method in methods if not getdoc(getattr(cls, method))} == set()


@each_public_name
def test_help_is_rendered(module: str, name: str) -> None:
    value = getattr(import_module(module), name)
    if not isinstance(value, str):  # help() takes a text for the name of something
        assert pydoc.render_doc(value)


@pytest.mark.parametrize("module", MODULES)
def test_help_of_a_module_names_what_it_offers(module: str) -> None:
    text = re.sub(".\b", "", pydoc.render_doc(import_module(module)))  # bold letters are struck twice
    assert [name for name in public_names(module) if name not in text and name != "__version__"] == []


@each_public_name
def test_the_signature_can_be_asked_for(module: str, name: str) -> None:
    value = getattr(import_module(module), name)
    # A TypedDict is called as dict is, and Python gives no signature of that.
    if isfunction(value) or (isinstance(value, type) and not is_typeddict(value)):
        assert str(signature(value))


@each_public_class
def test_the_signature_of_methods_can_be_asked_for(module: str, name: str) -> None:
    cls: type = getattr(import_module(module), name)
    for method, value in vars(cls).items():
        if isfunction(value):
            assert str(signature(value)), method


@each_public_class
def test_hints_of_fields_resolve(module: str, name: str) -> None:
    cls = getattr(import_module(module), name)
    if issubclass(cls, msgspec.Struct):
        assert [field.name for field in msgspec.structs.fields(cls)] == list(cls.__struct_fields__)


@pytest.mark.parametrize("module", MODULES)
def test_each_name_is_there_once(module: str) -> None:
    names = public_names(module)
    assert len(names) == len(set(names))


def test_no_two_classes_have_one_name() -> None:
    """Inside as well: whoever reads `Reply` knows which one is meant. The models are the spec's."""
    places: dict[str, set[str]] = {}
    for module in ALL_MODULES:
        for name in public_names(module):
            found = definition(module, name)
            if isinstance(found.nodes[0], ast.ClassDef) and not found.module.startswith("mimo_proto.models."):
                places.setdefault(name, set()).add(found.module)
    assert {name: modules for name, modules in places.items() if len(modules) > 1} == {}


def test_dir_lists_them() -> None:
    assert dir(mimo_proto) == sorted(mimo_proto.__all__)


def test_every_error_is_public() -> None:
    assert set(errors.__all__) <= set(mimo_proto.__all__)


def test_every_event_is_public() -> None:
    events = {cls.__name__ for cls in mimo_proto.RESPONSES.event.__args__}
    assert events <= set(mimo_proto.__all__)


@pytest.mark.parametrize("request_", [mimo_proto.ChatCompletionRequest, mimo_proto.ResponseRequest])
def test_what_a_request_is_made_of_is_public(request_: type[msgspec.Struct]) -> None:
    assert {struct.__name__ for struct in reachable(request_)} <= set(mimo_proto.__all__)


def test_names_of_the_spec_are_those_of_models() -> None:
    for name in set(models.__all__) & set(mimo_proto.__all__):
        assert getattr(mimo_proto, name) is getattr(models, name)


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'mimo_proto' has no attribute 'nothing'"):
        mimo_proto.nothing  # noqa: B018


def test_everything_can_be_imported_with_a_star() -> None:
    assert json.loads(run("from mimo_proto import *; import json; print(json.dumps(sorted(dir())))")) >= ["APIError"]


HEAVY = [
    "urllib3",
    "urllib.request",
    "http.client",
    "http.server",
    "ssl",
    "email.utils",
    "email.parser",
    "logging",
    "socket",
    "asyncio",
]


def test_the_client_is_imported_when_it_is_asked_for() -> None:
    script = f"""
import sys, json
import msgspec
before = set(sys.modules)
import mimo_proto
light = [name for name in {HEAVY!r} if name in sys.modules and name not in before]
light += [name for name in sys.modules if name in ("mimo_proto.client", "mimo_proto.http.stream")]
print(json.dumps([light, mimo_proto.Client is mimo_proto.__dict__["Client"]]))
"""
    assert json.loads(run(script)) == [[], True]


def test_defaults_are_the_designs() -> None:
    client: dict[str, Any] = {
        name: parameter.default for name, parameter in signature(mimo_proto.Client).parameters.items()
    }
    assert client["auth"] == "bearer"
    assert client["pool_size"] == 10
    assert client["allow_http"] is False
    assert msgspec.structs.asdict(mimo_proto.Timeouts()) == {"connect": 10, "read": 600, "idle": 600, "total": None}
    assert msgspec.structs.asdict(mimo_proto.RetryPolicy()) == {
        "attempts": 1,
        "on": {408, 409, 429, 500, 502, 503, 504},
        "connection_lost": False,
        "backoff": 0.5,
        "backoff_max": 8,
        "retry_after_max": 120,
    }
    assert msgspec.structs.asdict(mimo_proto.Limits()) == {
        "event": 16 * 2**20,
        "body": 64 * 2**20,
        "error_body": 64 * 2**10,
        "drain": 64 * 2**10,
        "linger": 2,
    }


def test_the_fields_of_raw_events_and_replies() -> None:
    assert mimo_proto.ServerSentEvent._fields == ("event", "data", "id", "retry")
    assert set(mimo_proto.Reply.__struct_fields__) >= {"value", "status", "headers", "request_id", "attempts", "body"}
    assert mimo_proto.HTTPRequest.__struct_fields__ == ("method", "url", "headers", "body")


@pytest.mark.parametrize(
    "name", ["Client", "Stream", "StreamDecoder", "SSEDecoder", "ChatAccumulator", "ResponseAccumulator", "Unknown"]
)
def test_classes_say_what_threads_may_do(name: str) -> None:
    assert "thread" in (getdoc(getattr(mimo_proto, name)) or "").lower()
