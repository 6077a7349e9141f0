"""Overlays: what they add, and what they may not do."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from codegen.__main__ import main
from codegen.load import SpecError, check, parse, read_directory
from codegen.overlay import merge
from codegen.render import render

ROOT = Path(__file__).parents[2]
MINI = parse(read_directory(Path(__file__).parents[1] / "fixtures/mini_spec"))
HEAD = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://mimo-proto.invalid/spec/mine.json",
    "title": "Mine",
    "description": "Another area.",
}


def over(**files: dict[str, Any]) -> dict[str, Any]:
    return {area: {"$defs": definitions} for area, definitions in files.items()}


def test_the_example(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "models"
    arguments = ["--overlay", str(ROOT / "examples/overlay/my_spec"), "--out", str(out)]
    assert main(arguments) == 0
    assert main([*arguments, "--check"]) == 0
    events = (out / "responses_events.py").read_text("utf-8")
    assert "class ResponseQueued(" in events
    assert "Our gateway sends it; MiMo does not." in events
    assert "reasoning_effort: Literal" in (out / "chat_request.py").read_text("utf-8")
    assert '+mine.1"' in (out / "__init__.py").read_text("utf-8")
    assert not capsys.readouterr().out
    assert main([*arguments[:2], "diff", str(ROOT / "spec")]) == 0
    assert "member ResponseQueued added" in capsys.readouterr().out


@pytest.mark.parametrize("out", [[], ["--out", "src/mimo_proto/models"]])
@pytest.mark.parametrize("other", ["--overlay", "--spec"])
def test_needs_a_place_of_its_own(
    other: str, out: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(SystemExit):
        main([other, "my_spec", *out])
    assert "--out is missing" in capsys.readouterr().err


def test_an_overlay_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "VERSION").write_text("1\n", "utf-8")
    for directory in (tmp_path, tmp_path / "nowhere"):
        assert main(["--overlay", str(directory), "--out", str(tmp_path / "out")]) == 2
        assert f"{directory}: an overlay is a directory" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_adds_to_what_is_there() -> None:
    merged = merge(
        MINI,
        over(
            parts={
                "Status": {"x-reason": "Seen.", "enum": ["paused", "completed"]},
                "Annotation": {"x-reason": "Seen.", "required": ["url"], "description": "A better one."},
                "Image": {
                    "x-reason": "Measured.",
                    "type": "object",
                    "properties": {
                        "url": {"type": "string", "description": "Any text."},
                        "detail": {"type": "string", "description": "How fine."},
                    },
                },
            }
        )
        | {
            "mine": {
                **HEAD,
                "$defs": {"Thing": {**MINI["parts"]["$defs"]["Image"], "x-reason": "New.", "x-root": "sent"}},
            }
        },
    )
    spec = check(merged, "1")
    assert spec.definitions["Status"].schema["enum"] == ["in_progress", "completed", "paused"]
    assert spec.definitions["Annotation"].required == ["url"]
    assert spec.definitions["Annotation"].schema["description"] == "A better one."
    assert [*spec.definitions["Image"].properties] == ["url", "detail"]
    assert "pattern" not in spec.definitions["Image"].properties["url"]
    assert [definition.name for definition in spec.of("mine")] == ["Thing"]
    assert "detail" not in MINI["parts"]["$defs"]["Image"]["properties"]


def test_says_what_stands_for_an_absent_property() -> None:
    note = {"type": "string", "description": "A remark.", "x-absent": ""}
    files = over(response={"TextDelta": {"x-reason": "Our gateway sends it.", "properties": {"note": note}}})
    source = render(check(merge(MINI, files), "1"))["response.py"]
    assert "note: str = field(default_factory=str)" in source


def test_refuses(snapshot: SnapshotAssertion) -> None:
    with pytest.raises(SpecError) as refused:
        merge(
            MINI,
            over(
                parts={
                    "Image": {"properties": {}},
                    "Author": 3,
                    "Status": {"x-reason": "No.", "type": "integer"},
                    "Part": {"x-reason": "No.", "oneOf": 3},
                }
            )
            | {"request": {"title": "Mine", "$def": {}}, "mine": {**HEAD, "$defs": []}},
        )
    assert str(refused.value) == snapshot


@pytest.mark.parametrize(
    "files",
    [
        over(parts={"Status": {"x-reason": "No.", "properties": {}}}),
        over(parts={"Part": {"x-reason": "No.", "enum": ["a"]}}),
        over(parts={"Image": {"x-reason": "A typo.", "propertis": {}}}),
        over(parts={"Image": {"x-reason": "", "required": ["url"]}}),
        over(parts={"Reply": {**MINI["response"]["$defs"]["Reply"], "x-reason": "It is in another file."}}),
        {"mine": {"$defs": {}}},
    ],
    ids=["kind", "keyword", "typo", "empty reason", "twice", "head"],
)
def test_the_dialect_refuses_what_was_merged(files: dict[str, Any], snapshot: SnapshotAssertion) -> None:
    with pytest.raises(SpecError) as refused:
        check(merge(MINI, files), "1")
    assert str(refused.value) == snapshot


def field(schema: dict[str, Any]) -> dict[str, Any]:
    """An overlay's file that adds one property to the chat request."""
    properties = {"mine": {"description": "Mine.", **schema}}
    return {"$defs": {"ChatCompletionRequest": {"x-reason": "Seen.", "properties": properties}}}


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "integer", "default": "x"}, 'default: "x" is not of type integer'),
        ({"type": "integer", "default": 1.5}, "default: 1.5 is not of type integer"),
        ({"type": "integer", "default": True}, "default: true is not of type integer"),
        ({"type": "integer", "minimum": 1, "default": 0}, "default: 0 is below the minimum 1"),
        ({"type": "number", "maximum": 2, "examples": [2, 2.5]}, "examples/1: 2.5 is above the maximum 2"),
        ({"type": ["string", "null"], "default": []}, "default: [] is not of type string or null"),
        ({"type": "string", "maxLength": 2, "examples": ["abc"]}, 'examples/0: "abc" is above the maxLength 2'),
        ({"type": "string", "pattern": "^a$", "examples": ["b"]}, 'examples/0: "b" does not match the pattern ^a$'),
        ({"type": "array", "minItems": 1, "default": []}, "default: [] is below the minItems 1"),
        ({"type": "array", "items": {"type": "string"}, "default": [1]}, "default: [1] is not of type string"),
        ({"type": "string", "enum": ["a"], "default": "b"}, 'default: "b" is none of the values that there are'),
        ({"const": "a", "examples": ["b"]}, 'examples/0: "b" is none of the values that there are'),
        (
            {"oneOf": [{"type": "string"}, {"type": "array"}], "default": 1},
            "default: 1 is of none of the types that there are",
        ),
        ({"$ref": "#/$defs/Thinking", "default": {}}, "default: {} lacks 'type'"),
        ({"$ref": "#/$defs/Thinking", "default": "on"}, 'default: "on" is no object'),
        ({"$ref": "#/$defs/Thinking", "default": {"type": 1}}, 'default: {"type": 1} is none of the values'),
        ({"$ref": "#/$defs/ChatTool", "default": {}}, "default: {} is of none of the types that there are"),
    ],
)
def test_defaults_and_examples_are_held_to_their_own_property(
    schema: dict[str, Any], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "chat_request.json").write_text(json.dumps(field(schema)), "utf-8")
    assert main(["--overlay", str(tmp_path), "--out", str(tmp_path / "models")]) == 2
    place = f"{tmp_path.as_posix()}/chat_request.json#/$defs/ChatCompletionRequest/properties/mine/"
    assert capsys.readouterr().err.startswith(place + message)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "default": 1.0, "minimum": 1, "maximum": 1},
        {"type": "number", "examples": [1, 1.5]},
        {"type": "boolean", "default": False},
        {"type": ["string", "null"], "default": None, "examples": ["x"], "maxLength": 1},
        {"type": "object", "default": {"a": 1}},
        {"type": "array", "items": {"type": "string"}, "default": ["a"]},
        {"type": "array", "default": [1, "a"]},
        {"$ref": "#/$defs/Thinking", "default": {"type": "enabled"}},
        {"$ref": "#/$defs/ChatTool", "default": {"type": "function", "function": {"name": "f"}}},
        {"oneOf": [{"type": "string"}, {"type": "array"}, {"type": "null"}], "default": None},
    ],
)
def test_defaults_and_examples_that_fit(schema: dict[str, Any]) -> None:
    spec = parse(read_directory(ROOT / "spec"))
    assert check(merge(spec, {"chat_request": field(schema)}), "1").version == "1"


@pytest.mark.parametrize(
    ("file", "text", "place"),
    [
        ("chat_request.json", "{", "chat_request.json#: Expecting"),
        ("VERSION", "1 2", "VERSION#: a version is made of"),
        ("mine.json", '{"$defs": {}}', "mine.json#: '$schema' is missing"),
        (
            "chat_request.json",
            '{"$defs": {"Thinking": {"properties": {}}}}',
            "chat_request.json#/$defs/Thinking: 'x-reason' is missing",
        ),
        (
            "chat_request.json",
            '{"$defs": {"Thinking": {"x-reason": "Seen.", "required": ["tpye"]}}}',
            "chat_request.json#/$defs/Thinking/required/1: there is no property 'tpye'",
        ),
        (
            "chat_request.json",
            '{"$defs": {"Thinking": {"x-reason": "Seen.", "x-root": "both"}}}',
            "chat_request.json#/$defs/Thinking/x-root: must be",
        ),
    ],
    ids=["no JSON", "version", "new file", "no reason", "appended", "put in place"],
)
def test_a_problem_of_the_overlay_names_its_file(
    file: str, text: str, place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "errors.json").write_text('{"$defs": {}}', "utf-8")
    (tmp_path / file).write_text(text, "utf-8")
    assert main(["--overlay", str(tmp_path), "--out", str(tmp_path / "models")]) == 2
    assert capsys.readouterr().err.startswith(f"{tmp_path.as_posix()}/{place}")


def test_a_named_enum_has_its_values() -> None:
    level = {"$ref": "#/$defs/Level", "description": "How hard."}

    def default(value: str) -> dict[str, Any]:
        return over(request={"Request": {"x-reason": "Seen.", "properties": {"level": {**level, "default": value}}}})

    assert check(merge(MINI, default("low")), "1").version == "1"
    with pytest.raises(SpecError, match='default: "huge" is none of the values that there are'):
        check(merge(MINI, default("huge")), "1")


def test_a_problem_of_ours_does_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec, overlay = Path(shutil.copytree(ROOT / "spec", tmp_path / "spec")), tmp_path / "overlay"
    overlay.mkdir()
    path = spec / "chat_request.json"
    text = path.read_text("utf-8").replace('"required": ["model"', '"required": ["modle"')
    path.write_text(text.replace('"required": ["type", "function"]', '"required": ["type", "functoin"]'), "utf-8")
    (overlay / "chat_request.json").write_text(json.dumps(field({"type": "string"})), "utf-8")
    (overlay / "errors.json").write_text('{"$defs": {}}', "utf-8")
    assert main(["--spec", str(spec), "--overlay", str(overlay), "--out", str(tmp_path / "models")]) == 2
    places = [line.partition(": ")[0] for line in capsys.readouterr().err.splitlines()]
    assert places == [
        "chat_request.json#/$defs/FunctionTool/required/1",  # the overlay does not have it
        "chat_request.json#/$defs/ChatCompletionRequest/required/0",
    ]
    (spec / "model_list.json").write_text("[", "utf-8")
    assert main(["--spec", str(spec), "--overlay", str(overlay), "--out", str(tmp_path / "models")]) == 2
    assert capsys.readouterr().err.startswith("model_list.json#: ")


def test_the_overlay_alone_is_compared_where_nothing_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--overlay", str(ROOT / "examples/overlay/my_spec"), "diff"]) == 0
    assert ": 5 changes, 0 breaking" in capsys.readouterr().out
