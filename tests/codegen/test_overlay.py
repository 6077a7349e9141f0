"""Overlays: what they add, and what they may not do."""

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
    assert "need --out" in capsys.readouterr().err


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
