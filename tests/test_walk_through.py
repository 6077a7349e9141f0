"""CONTRIBUTING's walk-through ("The page changed: what now?") does what it says, on a copy of the spec.

What follows its fourth step, a version and a green `make check`, is for people.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from codegen.__main__ import main
from tests.support.page_facts import contradictions

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
STEPS = re.split(
    r"^### \d\. ", PAGE.partition("## The page changed: what now?")[2].partition("\n## ")[0], flags=re.MULTILINE
)


def blocks(step: int, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", STEPS[step], re.DOTALL)


def put(path: Path, before: str, text: str) -> None:
    """Put text before the only place that reads so."""
    head, tail = path.read_text("utf-8").split(before)
    path.write_text(head + text + before + tail, "utf-8")


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """The spec as it is, without what the page adds: whoever follows the page has that in the checkout already."""
    spec = Path(shutil.copytree(ROOT / "spec", tmp_path / "before"))
    for path in (spec / "responses_events.json", spec / "chat_request.json"):
        text = path.read_text("utf-8")
        for block in blocks(1, "json"):
            text = text.replace(block, "")
        path.write_text(text, "utf-8")
    return spec


@pytest.fixture
def checkout(tmp_path: Path, before: Path) -> Path:
    """A directory with the spec in it, as steps 1 and 3 change it."""
    spec = Path(shutil.copytree(before, tmp_path / "spec"))
    definition, member, field = blocks(1, "json")
    put(spec / "responses_events.json", '    "ErrorEvent": {', definition)
    put(spec / "responses_events.json", '        { "$ref": "#/$defs/ErrorEvent" }', member)
    properties = (spec / "chat_request.json").read_text("utf-8")
    # After `tool_choice`, that is before what follows it.
    [following] = re.findall(r'^ {8}"tool_choice": \{.*?^ {8}\},\n(.*?\n)', properties, re.MULTILINE | re.DOTALL)
    put(spec / "chat_request.json", following, field)
    [name] = re.findall(r"`spec/examples/(\w+\.\w+\.json)`:", STEPS[3])
    (spec / "examples" / name).write_text(blocks(3, "json")[0], "utf-8")
    [commands] = blocks(3, "sh")
    subprocess.run(["bash", "-ec", commands], cwd=tmp_path, check=True)
    return tmp_path


def test_the_facts_are_what_the_spec_says(checkout: Path) -> None:
    """Step 2, the lines of which stand under the names of their files."""
    facts = re.findall(r"`(spec/facts/\w+\.tsv)`[^\n]*:\n\n```text\n(.*?)```", STEPS[2], re.DOTALL)
    assert len(facts) == 2
    for name, lines in facts:
        path = checkout / name
        present = path.read_text("utf-8")
        path.write_text(present.replace(lines, "") + lines, "utf-8")
    assert contradictions(checkout / "spec") == []


def test_the_report_is_the_one_on_the_page(checkout: Path, before: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--spec", str(checkout / "spec"), "diff", str(before)]) == 0
    version = (ROOT / "spec/VERSION").read_text("utf-8").strip()
    assert capsys.readouterr().out == blocks(4, "text")[0].replace("3.0.0", version)


def test_models_come_of_it(checkout: Path) -> None:
    out = checkout / "models"
    assert main(["--spec", str(checkout / "spec"), "--out", str(out)]) == 0
    assert "class ResponseOutputTextHighlighted(" in (out / "responses_events.py").read_text("utf-8")
    assert 'answer_length: Literal["low", "medium", "high"]' in (out / "chat_request.py").read_text("utf-8")


def test_the_example_stream_has_the_event_once(checkout: Path) -> None:
    examples = checkout / "spec/examples"
    stream = (examples / "ResponseStreamEvent.highlighted.sse").read_text("utf-8")
    events: list[Any] = [json.loads(line[5:]) for line in stream.splitlines() if line.startswith("data:")]
    [event] = [event for event in events if event["type"] == "response.output_text.highlighted"]
    assert event["start"] + event["length"] <= len(events[-1]["response"]["output"][0]["content"][0]["text"])
    assert (examples / "Response.highlighted.final.json").exists()
