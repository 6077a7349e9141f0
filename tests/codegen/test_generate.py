"""The generator end to end over a small spec: the generated source, `--check`, stale files, exit codes."""

import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints
from unittest.mock import Mock

import msgspec
import pytest
from datamodel_code_generator import Error
from syrupy.assertion import SnapshotAssertion

from codegen.__main__ import main
from codegen.dialect import DRAFT
from codegen.load import check, load, read_directory
from codegen.prepare import docstring
from codegen.render import render
from tests.support.packages import imported

ROOT = Path(__file__).parents[2]
MINI = ROOT / "tests/fixtures/mini_spec"
OVERLAY = ROOT / "examples/overlay/my_spec"


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mini spec's models in a directory, generated once."""
    out = tmp_path_factory.mktemp("generated") / "mini_models"
    assert main(["--spec", str(MINI), "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="session")
def mini(generated: Path) -> Iterator[ModuleType]:
    """The mini spec's models, imported."""
    with imported(generated) as module:
        yield module


@pytest.fixture
def copy(generated: Path, tmp_path: Path) -> Path:
    """A copy of the generated directory, to be damaged."""
    return Path(shutil.copytree(generated, tmp_path / "models"))


@pytest.mark.parametrize("name", ["parts", "request", "response", "__init__"])
def test_source(generated: Path, name: str, snapshot: SnapshotAssertion) -> None:
    assert (generated / f"{name}.py").read_text("utf-8") == snapshot


def test_source_does_not_depend_on_where_temporary_files_are(
    generated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As nox has it: ruff leaves out what git is told to ignore.
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("*\n")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert render(load(read_directory(MINI)))["parts.py"] == (generated / "parts.py").read_text("utf-8")


def test_our_own_models_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0
    assert not capsys.readouterr().out


def test_shapes_at_run_time(mini: ModuleType) -> None:
    request = mini.Request(items=[mini.NoteItem(role="user", text="hi")], model="m")
    assert msgspec.json.encode(request) == b'{"items":[{"type":"note","role":"user","text":"hi"}],"model":"m"}'
    assert msgspec.json.encode(mini.Tool()) == b'{"type":"function"}'
    response = msgspec.json.decode(b'{"output":[{"type":"reply","content":[]}]}', type=mini.Response)
    assert response.id is None
    assert response.output[0].type == "reply"
    assert msgspec.json.encode(response) == b'{"output":[{"type":"reply","content":[]}]}'
    assert repr(response) == "Response(output=[Reply(content=[])])"


def test_what_only_type_checkers_see_is_no_member_at_run_time(mini: ModuleType) -> None:
    assert mini.Part == mini.TextPart | mini.ImagePart
    assert mini.Item == mini.NoteItem | mini.CallItem
    with pytest.raises(msgspec.ValidationError, match="Invalid value 'reply'"):
        msgspec.json.decode(b'{"type":"reply","content":[]}', type=mini.Item)


@pytest.mark.parametrize(
    "data",
    [
        b'{"output":[],"new":1}',
        b'{"output":[{"type":"reply","content":[],"new":1}]}',
        b'{"output":[],"usage":{"new":1}}',
    ],
)
def test_what_is_received_says_that_there_is_more(mini: ModuleType, data: bytes) -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field `new`"):
        msgspec.json.decode(data, type=mini.Response)


def test_classes_are_marked_by_the_way_that_they_travel(mini: ModuleType) -> None:
    marks = {
        name: (hasattr(cls, "__received__"), hasattr(cls, "__sent_back__"))
        for name in mini.__all__
        if isinstance(cls := getattr(mini, name), type) and issubclass(cls, msgspec.Struct)
    }
    assert marks == {
        # Sent only.
        **dict.fromkeys(["NoteItem", "ImagePart", "Image", "Author", "Request", "Mode", "Tool"], (False, False)),
        # Received only.
        **dict.fromkeys(["Response", "Usage", "Source", "TextDelta", "Completed"], (True, False)),
        # Received, and sent back.
        **dict.fromkeys(["CallItem", "TextPart", "Annotation", "Reply"], (True, True)),
    }


def test_what_stands_for_an_absent_one(mini: ModuleType) -> None:
    event = msgspec.json.decode(b'{"type":"text.delta","delta":"a"}', type=mini.Event)
    assert (event.from_, event.links, event.source, event.extra, event.end) == ("", [], mini.Source(), {}, None)
    # An empty value is written, and a null where something always stands for an absent one.
    written = b'{"type":"text.delta","delta":"a","from":"","links":[],"source":{},"extra":{},"end":null}'
    assert msgspec.json.encode(event) == written
    assert event.links is not msgspec.json.decode(written, type=mini.Event).links
    assert msgspec.json.decode(written, type=mini.Event) == event
    # A whole number that is received stays one.
    assert msgspec.json.encode(mini.TextDelta(delta="", links=[1, 1.5])).count(b"[1,1.5]") == 1


def test_where_an_object_travels_both_ways_the_sender_has_to_say_it(mini: ModuleType) -> None:
    assert mini.TextPart.__absent__ == {"text": ""}
    with pytest.raises(TypeError, match="text"):
        mini.TextPart()
    with pytest.raises(msgspec.ValidationError, match="missing required field `text`"):
        msgspec.json.decode(b'{"type":"text"}', type=mini.TextPart)
    assert not hasattr(mini.TextDelta, "__absent__")


# Each looks like something that the generator writes: a type, an absent value, the alias of a bound, an escape.
WORDS = ["list[x]", "dict[x]", "a | UnsetType", "a | None | UnsetType", "Values", "\\d", "it's", 'a "b"', "😀"]


@pytest.mark.parametrize("root", ["sent", "received"])
def test_what_goes_over_the_wire_is_left_as_it_is(root: str) -> None:
    bounded = {"type": "string", "pattern": "^list[ab]$"}
    properties: dict[str, dict[str, Any]] = {
        "words": {"type": "string", "enum": WORDS},
        "values": {"oneOf": [{"type": "array", "items": bounded, "minItems": 1}, bounded]},
        "tag": {"const": WORDS[-1]},
        "many": {"type": "array", "items": {"type": "object"}},
    }
    for schema in properties.values():
        schema["description"] = "Not a list[x], and not a | UnsetType."
    wire = {"type": "object", "description": "x", "x-root": root, "properties": properties}
    head = {"title": "x", "description": "x", "$schema": DRAFT, "$id": "https://mimo-proto.invalid/spec/odd.json"}
    source = render(check({"odd": {**head, "$defs": {"Wire": wire}}}, "1"))["odd.py"]
    names: dict[str, Any] = {}
    exec(source, names)
    hints = get_type_hints(names["Wire"], include_extras=True)
    assert get_args(get_args(hints["words"])[0]) == tuple(WORDS)
    if root == "sent":
        assert names["Wire"]().tag == "😀"
        assert "Annotated[Sequence[Annotated[str, Meta(" in source
        assert "many: Sequence[Mapping[str, Any]] | UnsetType = UNSET" in source
        assert source.count(r"^list[ab]$") == 2
    assert source.count("Not a list[x], and not a | UnsetType.") == 4


def test_all_is_exported(mini: ModuleType) -> None:
    assert mini.SPEC_VERSION == "1.2.0"
    assert {"Item", "Request", "RequestFields", "Status", "Event"} <= set(mini.__all__)
    assert all(hasattr(mini, name) for name in mini.__all__)


def test_check_shows_a_diff(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = copy / "request.py"
    path.write_text(path.read_text("utf-8").replace("le=1.5", "le=2.0"), "utf-8")
    assert main(["--check", "--spec", str(MINI), "--out", str(copy)]) == 1
    output = capsys.readouterr().out
    assert "-    temperature: Annotated[float, Meta(ge=0.0, le=2.0)]" in output
    assert "+    temperature: Annotated[float, Meta(ge=0.0, le=1.5)]" in output
    assert "request.py (as it is)" in output


def test_check_sees_another_line_ending(copy: Path) -> None:
    path = copy / "request.py"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert main(["--check", "--spec", str(MINI), "--out", str(copy)]) == 1


def test_stale_files_are_reported_then_deleted(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(copy / "request.py", copy / "older.py")
    (copy / "by_hand.py").write_text("x = 1\n", "utf-8")
    (copy / "response.py").unlink()
    assert main(["--check", "--spec", str(MINI), "--out", str(copy)]) == 1
    output = capsys.readouterr().out
    assert "-class Request(" in output
    assert "+class Response(" in output
    assert main(["--spec", str(MINI), "--out", str(copy)]) == 0
    assert sorted(path.name for path in copy.glob("*.py")) == [
        "__init__.py",
        "by_hand.py",
        "parts.py",
        "request.py",
        "response.py",
    ]


def test_nothing_is_written_when_the_spec_is_refused(
    copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = Path(shutil.copytree(MINI, tmp_path / "spec"))
    (spec / "request.json").write_text("{}", "utf-8")
    (copy / "parts.py").unlink()
    assert main(["--spec", str(spec), "--out", str(copy)]) == 2
    assert "request.json#: '$defs' is missing" in capsys.readouterr().err
    assert not (copy / "parts.py").exists()


def warn(*_: object, **__: object) -> None:
    warnings.warn("Req.a is generated without this constraint", stacklevel=1)


@pytest.mark.parametrize("fail", [warn, None], ids=["a warning", "an error"])
def test_what_only_the_generator_refuses_is_refused_as_the_spec_is(
    fail: Callable[..., None] | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("codegen.render.generate", fail or Mock(side_effect=Error("Req.a is generated")))
    assert main(["--spec", str(MINI), "--out", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("spec#: datamodel-code-generator cannot make models of it: Req.a is generated")
    assert not [*tmp_path.iterdir()]


def test_what_is_no_python_is_refused_as_the_spec_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("codegen.render.IMPORTS", "import (")
    assert main(["--spec", str(MINI), "--out", str(tmp_path / "models")]) == 2
    assert capsys.readouterr().err.startswith("spec#: ruff cannot make models of it: ")
    assert not (tmp_path / "models").exists()


# What was a traceback, or worse, once


def test_nothing_of_the_package_is_needed_so_that_broken_models_can_be_made_anew(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "sys.modules['mimo_proto'] = None\n"
        "from codegen.__main__ import main\n"
        f"sys.exit(main(['--spec', {str(MINI)!r}, '--out', {str(tmp_path / 'models')!r}]))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    assert (tmp_path / "models/request.py").exists()


def test_without_its_tools_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("codegen.__main__.find_spec", Mock(return_value=None))
    assert main(["--spec", str(MINI), "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.endswith("pip install 'mimo-proto[codegen]'\n")
    # Comparing does without them.
    assert main(["--spec", str(MINI), "diff", str(MINI)]) == 0


def test_files_of_other_generators_stay(copy: Path) -> None:
    others = {
        "grammar.py": b"# Generated from Expr.g4 by ANTLR 4.13.2\n",
        "latin.py": "# Generated from café\n".encode("latin-1"),
    }
    for name, data in others.items():
        (copy / name).write_bytes(data)
    assert main(["--spec", str(MINI), "--out", str(copy)]) == 0
    assert {name: (copy / name).read_bytes() for name in others} == others
    assert main(["--check", "--spec", str(MINI), "--out", str(copy)]) == 0


@pytest.mark.parametrize("spelling", ["./models", "models/", "../here/models", "absolute"])
def test_another_spelling_of_the_paths_is_no_drift(
    spelling: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here = tmp_path / "here"
    shutil.copytree(OVERLAY, here / "my_spec")
    monkeypatch.chdir(here)
    assert main(["--overlay", "my_spec", "--out", "models"]) == 0
    out = str(here / "models") if spelling == "absolute" else spelling
    assert main(["--overlay", out.replace("models", "my_spec"), "--out", out, "--check"]) == 0
    assert not capsys.readouterr().out


def test_an_overlay_whose_directory_is_called_spec(tmp_path: Path) -> None:
    shutil.copytree(OVERLAY, tmp_path / "spec")
    assert main(["--overlay", str(tmp_path / "spec"), "--out", str(tmp_path / "models")]) == 0
    first = (tmp_path / "models/chat_request.py").read_text("utf-8").partition("\n")[0]
    assert "from spec/chat_request.json and spec/chat_request.json." in first


@pytest.mark.parametrize("check", [[], ["--check"]])
def test_a_file_where_the_modules_should_go(
    check: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "models").write_text("mine")
    assert main(["--spec", str(MINI), "--out", str(tmp_path / "models"), *check]) == 2
    assert capsys.readouterr().err == f"{tmp_path / 'models'}: the modules go into a directory, and this is none\n"


def test_a_directory_below_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("mine")
    assert main(["--spec", str(MINI), "--out", str(tmp_path / "file/models")]) == 2
    assert "Not a directory" in capsys.readouterr().err


def test_check_compares_bytes_that_are_no_text(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copy / "request.py").write_bytes(b"caf\xe9\n")
    assert main(["--check", "--spec", str(MINI), "--out", str(copy)]) == 1
    assert "-caf\\xe9" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"title": "caf\xe9"}', "request.json#: the file is not UTF-8: invalid continuation byte at byte 14"),
        (b'{"title": "\\ud83d"}', "request.json#: a text holds half of a surrogate pair, or a control character"),
        (b'{"\\ude00": "x"}', "request.json#: a text holds half of a surrogate pair, or a control character"),
        (b'{"title": "\\u0000"}', "request.json#: a text holds half of a surrogate pair, or a control character"),
        (b"[" * 200_000 + b"]" * 200_000, "request.json#: arrays and objects stand in one another on more than 100"),
        (b"[" * 101 + b"]" * 101, "request.json#: arrays and objects stand in one another on more than 100 levels"),
    ],
    ids=["latin-1", "half", "half in a name", "nul", "200,000 levels", "101 levels"],
)
def test_files_that_no_module_can_be_made_of(
    data: bytes, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = Path(shutil.copytree(MINI, tmp_path / "spec"))
    (spec / "request.json").write_bytes(data)
    assert main(["--spec", str(spec), "--out", str(tmp_path / "models")]) == 2
    assert capsys.readouterr().err.startswith(message)


@pytest.mark.parametrize("version", ['1"2', '1"; import os; "', "1\n2", "1 2", "é"])
def test_a_version_is_no_code(version: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = Path(shutil.copytree(MINI, tmp_path / "spec"))
    (spec / "VERSION").write_text(version, "utf-8")
    assert main(["--spec", str(spec), "--out", str(tmp_path / "models")]) == 2
    assert capsys.readouterr().err.startswith("VERSION#: a version is made of")
    assert not (tmp_path / "models").exists()


def test_of_two_properties_that_python_would_call_the_same_the_identifier_keeps_its_name(tmp_path: Path) -> None:
    head = {"title": "x", "description": "x", "$schema": DRAFT, "$id": "https://mimo-proto.invalid/spec/odd.json"}
    properties = {name: {"type": "string", "description": name} for name in ("a-b", "a_b")}
    kept = {"type": "object", "description": "x", "x-root": "received", "properties": properties}
    names: dict[str, Any] = {}
    exec(render(check({"odd": {**head, "$defs": {"Kept": kept}}}, "1"))["odd.py"], names)
    decoded = msgspec.json.decode(b'{"a-b":"hyphen","a_b":"line"}', type=names["Kept"])
    assert decoded.a_b == "line"
    assert msgspec.json.encode(decoded) == b'{"a-b":"hyphen","a_b":"line"}'


def test_runs_as_a_module(generated: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "codegen", "--check", "--spec", MINI, "--out", generated],
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0


def test_generating_twice_gives_the_same() -> None:
    spec = load(read_directory(MINI))
    assert render(spec) == render(spec)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Short.", '"""Short."""'),
        ('Ends in a "quote"', '"""Ends in a "quote" """'),
        ('A back\\slash and """.', r'"""A back\\slash and \"\"\"."""'),
        ("First one, e.g. this. " + "More words " * 12, None),
        ("one very long sentence " * 8, None),
    ],
)
def test_docstrings(text: str, expected: str | None, snapshot: SnapshotAssertion) -> None:
    source = docstring(text.strip(), 4)
    assert source == (expected or snapshot)
    assert all(len(line) <= 120 for line in source.splitlines())
