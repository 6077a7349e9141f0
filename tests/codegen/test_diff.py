"""The report of what changed between two specs, each change marked by its direction."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from codegen.__main__ import main
from codegen.diff import compare
from codegen.load import check, load, parse, read_directory
from codegen.report import report
from codegen.spec import Schema, Spec

MINI = Path(__file__).parents[1] / "fixtures/mini_spec"


def named(areas: dict[str, Schema], name: str) -> Any:
    return next(content["$defs"][name] for content in areas.values() if name in content["$defs"])


def field(name: str, property_: str, **keywords: Any) -> Callable[[dict[str, Schema]], Any]:
    """Set keywords of a property; None takes one away."""

    def change(areas: dict[str, Schema]) -> None:
        schema = named(areas, name)["properties"].setdefault(property_, {"description": "New."})
        for key, value in keywords.items():
            schema[key] = value
            if value is None:
                del schema[key]

    return change


def define(name: str, **keywords: Any) -> Callable[[dict[str, Schema]], Any]:
    def change(areas: dict[str, Schema]) -> None:
        schema = named(areas, name)
        for key, value in keywords.items():
            schema[key.replace("_", "-")] = value
            if value is None:
                del schema[key.replace("_", "-")]

    return change


def drop(name: str, property_: str) -> Callable[[dict[str, Schema]], Any]:
    return lambda areas: named(areas, name)["properties"].pop(property_)


def move_events(areas: dict[str, Schema]) -> None:
    definitions = areas["response"]["$defs"]
    events = {name: definitions.pop(name) for name in ("Event", "TextDelta", "Source", "Completed")}
    events["Completed"]["properties"]["response"]["$ref"] = "response.json#/$defs/Response"
    areas["stream"] = {**areas["response"], "$id": "https://mimo-proto.invalid/spec/stream.json", "$defs": events}


def send_usage(areas: dict[str, Schema]) -> None:
    areas["parts"]["$defs"]["Usage"] = areas["response"]["$defs"].pop("Usage")
    named(areas, "Response")["properties"]["usage"]["oneOf"][0] = {"$ref": "parts.json#/$defs/Usage"}
    named(areas, "Request")["properties"]["usage"] = {"$ref": "parts.json#/$defs/Usage", "description": "New."}


def spell_out_status(areas: dict[str, Schema]) -> None:
    del areas["parts"]["$defs"]["Status"]
    status = {"type": "string", "enum": ["completed"], "description": "How far."}
    named(areas, "CallItem")["properties"]["status"] = status


def retag(default: str | None) -> Callable[[dict[str, Schema]], Any]:
    """Have another tag default, or none; the object that may leave its tag out no longer may."""

    def change(areas: dict[str, Schema]) -> None:
        named(areas, "NoteItem")["required"].append("type")
        define("Item", x_tag_default=default)(areas)

    return change


def rename_tag(*names: str) -> Callable[[dict[str, Schema]], Any]:
    """Have the members of a union told apart by `kind`; what told them apart stays, as a text."""

    def change(areas: dict[str, Schema]) -> None:
        for name in names:
            field(name, "kind", const=named(areas, name)["properties"]["type"]["const"])(areas)
            field(name, "type", const=None, type="string")(areas)
            named(areas, name)["required"] = [*{**dict.fromkeys(named(areas, name)["required"]), "kind": None}]

    return change


def join_a_union(areas: dict[str, Schema]) -> None:
    areas["request"]["$defs"]["AnyTool"] = {"description": "New.", "oneOf": [{"$ref": "#/$defs/Tool"}]}
    field("Request", "tools", items={"$ref": "#/$defs/AnyTool"})(areas)


OBJECT = {
    "type": "object",
    "description": "New.",
    "properties": {"type": {"const": "new", "description": "Tag."}},
    "required": ["type"],
}
NULLABLE = {"type": ["integer", "null"]}
PAUSED = ["in_progress", "completed", "paused"]

CHANGES: dict[str, Callable[[dict[str, Schema]], Any]] = {
    "nothing": lambda areas: None,
    "description": field("Request", "limit", description="Another."),
    "note gone": field("Request", "limit", **{"x-note": None}),
    "definition described otherwise": define("Status", description="Another."),
    "tag described otherwise": field("TextDelta", "type", description="Another."),
    "example added": field("Request", "metadata", examples=[{"a": 1}]),
    "definition added": lambda areas: areas["response"]["$defs"].update(Another={**OBJECT, "x-root": "received"}),
    "optional field added to sent": field("Request", "extra", type="string"),
    "optional field added to received": field("Response", "extra", type="string"),
    "required field added to sent": lambda areas: (
        field("Mode", "extra", type="string")(areas),
        named(areas, "Mode")["required"].append("extra"),
    ),
    "required field added to received": lambda areas: (
        field("Usage", "extra", type="string")(areas),
        define("Usage", required=["extra"])(areas),
    ),
    "field removed from sent": drop("Request", "limit"),
    "field removed from received": drop("Response", "status"),
    "newly required sent": define("Tool", required=["type", "parameters"]),
    "newly required received": define("Usage", required=["total"]),
    "newly optional sent": define("Request", required=["items"]),
    "newly optional received": define("TextDelta", required=["type"]),
    "newly optional both": define("CallItem", required=["type"]),
    "x-absent added, received": lambda areas: (
        field("TextDelta", "delta", **{"x-absent": ""})(areas),
        define("TextDelta", required=["type"])(areas),
    ),
    "x-absent added, both": field("CallItem", "name", **{"x-absent": ""}),
    "x-absent another": field("TextDelta", "from", type="array", **{"x-absent": []}),
    "x-absent gone, received": field("TextDelta", "from", **{"x-absent": None}),
    "x-absent gone, required and received": lambda areas: (
        field("TextDelta", "from", **{"x-absent": None})(areas),
        named(areas, "TextDelta")["required"].append("from"),
    ),
    "x-absent gone, both": field("TextPart", "text", **{"x-absent": None}),
    "x-absent null, gone": field("TextDelta", "end", **{"x-absent": None}),
    "null added to sent": field("Request", "limit", **NULLABLE),
    "null added to received": field("Usage", "total", **NULLABLE),
    "null added to required received": field("TextDelta", "delta", type=["string", "null"]),
    "null removed from sent": field("Request", "temperature", type="number"),
    "type changed": field("Usage", "total", type="string", minimum=None),
    "integer widened, sent": field("Request", "limit", type="number", maximum=10**9),
    "integer widened, received": field("Usage", "total", type="number"),
    "number narrowed, sent": field("Request", "temperature", type="integer", maximum=1),
    "items' type changed": field("TextDelta", "links", items={"type": "string"}),
    "items' type left out": field("TextDelta", "links", items=None),
    "enum value added, sent": field("Mode", "type", enum=["on", "off", "auto"]),
    "enum value removed, sent": field("Mode", "type", enum=["on"]),
    "enum value removed, received": field("Response", "status", enum=["completed"]),
    "named enum changed": define("Status", enum=PAUSED),
    "named enum replaced by a list": spell_out_status,
    "enum opened": field("Mode", "type", enum=None),
    "enum closed": field("Request", "model", enum=["a", "b"], **{"x-known": None}),
    "known value changed": field("Request", "model", **{"x-known": ["mimo-v2.6-pro", "mimo-v3"]}),
    "lone const changed, sent": field("Tool", "type", const="custom"),
    "lone const gone, sent": field("Tool", "type", const=None, type="string", enum=["function", "custom"]),
    "lone const gone, received": field("Response", "object", const=None, type="string"),
    "tag changed": field("TextDelta", "type", const="delta"),
    "tag's property renamed, received": rename_tag("TextDelta", "Completed"),
    "tag's property renamed, sent": rename_tag("NoteItem", "CallItem", "Reply"),
    "member of a union for the first time": join_a_union,
    "maximum narrowed": field("Request", "limit", maximum=10),
    "maximum widened": field("Request", "limit", maximum=10**9),
    "minimum narrowed": field("Request", "limit", minimum=10),
    "bound added": field("Request", "model", maxLength=10),
    "bound removed": field("Request", "limit", maximum=None),
    "pattern changed": field("Image", "url", pattern="^https:"),
    "bound narrowed, received": field("Usage", "total", minimum=1),
    "server default changed": field("Request", "stream", default=True),
    "server default left out": field("Request", "stream", default=None),
    "member added": lambda areas: (
        areas["response"]["$defs"].update(Another=OBJECT),
        named(areas, "Event")["oneOf"].append({"$ref": "#/$defs/Another"}),
    ),
    "member removed": define("Item", oneOf=[{"$ref": "#/$defs/NoteItem"}]),
    "tag default changed": retag("call"),
    "tag default removed": retag(None),
    "tag default added": define("Part", x_tag_default="text"),
    "x-accepts added, of what was received": define("Part", x_accepts=["Usage"]),
    "x-accepts added, of what is given back": define("Part", x_accepts=["Reply"]),
    "x-accepts added, of what is new": lambda areas: (
        areas["response"]["$defs"].update(Another={**OBJECT, "x-root": "received"}),
        define("Part", x_accepts=["Another"])(areas),
    ),
    "x-accepts removed": define("Item", x_accepts=[]),
    "kind changed": lambda areas: (
        areas["parts"]["$defs"].update(Status=OBJECT),
        field("CallItem", "status", description="How far.")(areas),
    ),
    "root added": define("Usage", x_root="received"),
    "root taken away": define("Response", x_root=None),
    "direction changed": send_usage,
    "moved to another file": move_events,
}  # fmt: skip


def changes(old: Spec, new: Spec) -> str:
    """The lines of the report below its title."""
    title, *lines = report(old, new, compare(old, new), "text").splitlines()
    assert title.startswith(f"spec {old.version} -> {new.version}: {len(lines)} changes")
    return "\n".join(lines)


@pytest.mark.parametrize("name", CHANGES)
def test_change(name: str, snapshot: SnapshotAssertion) -> None:
    old = load(read_directory(MINI))
    areas = parse(read_directory(MINI))
    CHANGES[name](areas)
    assert changes(old, check(areas, "1.3.0")) == snapshot


def tags(*types: str) -> Callable[[dict[str, Schema]], Any]:
    return field("Response", "tags", type="array", items={"type": [*types]} if types[1:] else {"type": types[0]})


def mark(**keywords: Any) -> Callable[[dict[str, Schema]], Any]:
    return field("Request", "mark", **keywords)


# From one change of the mini spec to another, for what it does not hold itself.
STEPS: dict[str, tuple[Callable[[dict[str, Schema]], Any], Callable[[dict[str, Schema]], Any]]] = {
    "null added to the items of an optional list, received": (tags("string"), tags("string", "null")),
    "null added to what x-absent stood for, received": (
        lambda _: None,
        field("TextDelta", "from", type=["string", "null"], **{"x-absent": None}),
    ),
    "null added to what was optional, received": (
        define("Usage", required=[]),
        lambda areas: (field("Usage", "total", **NULLABLE)(areas), define("Usage", required=["total"])(areas)),
    ),
    "null removed from what is required and received": (
        field("TextDelta", "delta", type=["string", "null"]),
        lambda _: None,
    ),
    "null removed from what is optional and received": (
        lambda areas: (field("Usage", "total", **NULLABLE)(areas), define("Usage", required=[])(areas)),
        define("Usage", required=[]),
    ),
    "null removed from the items of a list, received": (tags("string", "null"), tags("string")),
    "example gone": (field("Request", "metadata", examples=[{"a": 1}]), lambda _: None),
    "number narrowed, received": (
        field("Usage", "total", type="number"),
        field("Usage", "total", type="integer"),
    ),
    "lone const gone, optional and sent": (mark(const="x"), mark(type="string", enum=["x", "y"])),
    "lone const added, optional and sent": (mark(type="string", enum=["x"]), mark(const="x")),
    "lone const added, required and sent": (
        field("Mode", "type", enum=["on"]),
        field("Mode", "type", enum=None, const="on"),
    ),
}


@pytest.mark.parametrize("name", STEPS)
def test_step(name: str, snapshot: SnapshotAssertion) -> None:
    old, new = parse(read_directory(MINI)), parse(read_directory(MINI))
    for areas, change in zip((old, new), STEPS[name], strict=True):
        change(areas)
    assert changes(check(old, "1"), check(new, "2")) == snapshot


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_formats(form: Any, snapshot: SnapshotAssertion) -> None:
    old = load(read_directory(MINI))
    areas = parse(read_directory(MINI))
    drop("Request", "limit")(areas)
    field("Request", "extra", type="string")(areas)
    new = check(areas, "2.0.0")
    assert report(old, new, compare(old, new), form) == snapshot


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository whose only commit holds the mini spec; the work tree is to be changed."""
    spec = Path(shutil.copytree(MINI, tmp_path / "repository/spec"))
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "spec"]):
        subprocess.run(["git", *identity, *command], cwd=spec.parent, check=True)
    return spec


def test_against_a_commit(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--spec", str(repository), "diff"]) == 0
    assert capsys.readouterr().out == "spec 1.2.0 -> 1.2.0: 0 changes, 0 breaking\n"
    path = repository / "request.json"
    path.write_text(path.read_text("utf-8").replace("131072", "10"), "utf-8")
    assert main(["--spec", str(repository), "diff", "HEAD", "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["changes"] == [
        {
            "area": "request",
            "name": "Request.limit",
            "direction": "sent",
            "change": "maximum narrowed from 131072 to 10",
            "mark": "breaking",
        }
    ]


def test_against_a_directory(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--spec", str(MINI), "diff", str(MINI)]) == 0
    assert "0 changes" in capsys.readouterr().out


def test_a_ref_that_is_not_there(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--spec", str(repository), "diff", "nowhere"]) == 2
    assert "nowhere" in capsys.readouterr().err
