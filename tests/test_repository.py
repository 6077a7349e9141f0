"""The house rules that a program can hold: versions, files that do not belong or are too long, Markdown, make targets.

The files looked at are those that git tracks or would; an unpacked sdist has no git, and is left alone.
"""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import mimo_proto

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SEMVER = r"\d+\.\d+\.\d+"
GENERATOR = sorted((ROOT / "codegen").glob("*.py"))
MODELS = ROOT / "src/mimo_proto/models"
MODULES = [path for path in sorted((ROOT / "src").rglob("*.py")) if MODELS not in path.parents]
MAX_LINES = 350
# Ours and written by hand; what git tracks of it is what is held to the rules.
WRITTEN = {".py", ".md", ".toml", ".yml", ".txt", ".json", ".jinja2", ".svg", ".cfg", ""}


def tracked() -> list[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    return sorted(ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


TRACKED = tracked()
# The results of the benchmarks are written by a program.
MARKDOWN = [path for path in TRACKED if path.suffix == ".md" and path.name != "RESULTS.md"]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def test_version_is_semantic_and_newest_in_the_changelog() -> None:
    assert re.fullmatch(SEMVER, mimo_proto.__version__)
    released = re.findall(rf"^## ({SEMVER}) ", text_of("CHANGELOG.md"), re.MULTILINE)
    assert released[0] == mimo_proto.__version__


def test_changelog_keeps_its_form() -> None:
    text = text_of("CHANGELOG.md")
    titles = re.findall(r"^## .*", text, re.MULTILINE)
    assert titles[0] == "## Unreleased"
    assert all(re.fullmatch(rf"## {SEMVER} - \d{{4}}-\d\d-\d\d", title) for title in titles[1:])
    kinds = set(re.findall(r"^### (.*)", text, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_spec_version_is_semantic_and_newest_in_its_changelog() -> None:
    version = text_of("spec/VERSION").strip()
    assert re.fullmatch(SEMVER, version)
    assert version == mimo_proto.SPEC_VERSION
    assert re.findall(r"^## (\S+)", text_of("spec/CHANGELOG.md"), re.MULTILINE)[0] == version


def test_the_same_pythons_everywhere() -> None:
    declared = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["project"]["classifiers"]))
    assert PROJECT["project"]["requires-python"] == f">={declared[0]}"
    [listed] = re.findall(r"^PYTHONS = (.*)", text_of("noxfile.py"), re.MULTILINE)
    assert re.findall(r"3\.\d+", listed) == declared
    workflow = ROOT / ".github/workflows/ci.yml"
    # What starts the checks is no part of an sdist.
    if workflow in TRACKED:
        assert re.findall(r"session: tests-(3\.\d+)", workflow.read_text("utf-8")) == declared
    assert PROJECT["tool"]["mypy"]["python_version"] == PROJECT["tool"]["pyright"]["pythonVersion"] == declared[0]


def test_pins_agree() -> None:
    constrained = dict(line.split("==") for line in text_of("constraints.txt").splitlines() if "==" in line)
    groups: dict[str, list[Any]] = PROJECT["dependency-groups"]
    for entry in (entry for group in groups.values() for entry in group if isinstance(entry, str)):
        name, _, version = re.sub(r"\[.*?\]|;.*", "", entry).partition("==")
        assert version, f"{entry} is not pinned"
        assert constrained.get(name, version) == version
    assert PROJECT["build-system"]["requires"] == [f"hatchling=={constrained['hatchling']}"]


def test_every_make_target_says_what_it_does() -> None:
    makefile = text_of("Makefile")
    phony = " ".join(re.findall(r"^\.PHONY: (.*)", makefile, re.MULTILINE))
    helped = re.findall(r"^([a-z-]+):.*?  ## .+", makefile, re.MULTILINE)
    assert sorted(phony.split()) == sorted(helped)
    for name in re.findall(r"`make ([a-z-]+)", "\n".join(path.read_text("utf-8") for path in MARKDOWN)):
        assert name in helped


@pytest.mark.skipif(not TRACKED, reason="no checkout")
def test_what_changed_since_the_last_version_can_be_read() -> None:
    steps = text_of("CONTRIBUTING.md").partition("\n## Releases\n")[2]
    [command] = re.findall(r"`(git log -1 [^`]+)`", steps)
    last = subprocess.run(shlex.split(command), cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    assert last
    for told in re.findall(r"`(?:\.venv/bin/)?((?:git|python) [^`]*\bLAST\b[^`]*)`", steps):
        words = [sys.executable if word == "python" else word.replace("LAST", last) for word in shlex.split(told)]
        done = subprocess.run(words, cwd=ROOT, check=False, capture_output=True, text=True)
        # 1: something in the spec breaks.
        assert (done.returncode in {0, 1}, done.stderr) == (True, ""), told


@pytest.mark.parametrize("path", GENERATOR, ids=name_of)
def test_a_module_of_the_generator_says_its_rules_and_its_names(path: Path) -> None:
    text = path.read_text("utf-8")
    assert re.match(r'(# .*\n)?"""', text)
    assert re.search(r"^__all__(: list\[str\])? = \[", text, re.MULTILINE)


@pytest.mark.parametrize("path", [*MODULES, *GENERATOR], ids=name_of)
def test_a_module_is_short(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MAX_LINES


def test_no_two_public_classes_have_one_name() -> None:
    trees = [ast.parse(path.read_text("utf-8")) for path in MODULES]
    names = Counter(node.name for tree in trees for node in tree.body if isinstance(node, ast.ClassDef))
    assert [name for name, count in names.items() if count > 1 and not name.startswith("_")] == []


def test_nothing_is_left_out_of_the_coverage() -> None:
    for path in [*GENERATOR, *(ROOT / "src").rglob("*.py")]:
        assert "pragma: no" not in path.read_text("utf-8"), name_of(path)


def test_no_lock_files_and_no_registry() -> None:
    assert not [path for path in TRACKED if re.search(r"(?:\.lock|^pylock.*\.toml|-lock\.(?:json|yaml))$", path.name)]
    for path in TRACKED:
        if path.suffix in {".toml", ".txt", ".cfg", ".yml", ""} and path.name != "LICENSE":
            assert not re.search(r"(?:index|find|trusted)-(?:url|links|host)", path.read_text("utf-8")), name_of(path)


def test_no_path_of_a_certain_machine() -> None:
    for path in TRACKED:
        if path.suffix in WRITTEN:
            found = re.findall(r"(?<![\w.~-])/(?:home|root|work|Users)/\w+", path.read_text("utf-8"))
            assert not found, name_of(path)


def without_code(path: Path) -> str:
    """A Markdown file with its code taken out, and each line where it was."""
    text = re.sub(r"(?ms)^```.*?^```$", lambda block: "\n" * block[0].count("\n"), path.read_text("utf-8"))
    return re.sub(r"`[^`\n]*`", "`x`", text)


@pytest.mark.parametrize("path", MARKDOWN, ids=name_of)
def test_one_sentence_a_line(path: Path) -> None:
    lines = enumerate(without_code(path).splitlines(), 1)
    prose = [(number, line) for number, line in lines if not line.lstrip().startswith("|")]
    assert not [f"{number}: {line}" for number, line in prose if re.search(r"(?<!\d)[.!?] [A-Z`*]", line)]


@pytest.mark.parametrize("path", MARKDOWN, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", without_code(path)):
        file, _, anchor = target.partition("#")
        found = path.parent / file if file else path
        assert found.exists(), f"{name_of(path)} links to {target}"
        if anchor:
            titles = re.findall(r"^#+ (.*)", found.read_text("utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
            assert anchor in slugs, f"{name_of(path)} links to {target}"


def test_the_documents_are_on_the_map() -> None:
    index = text_of("docs/index.md")
    assert not [path.name for path in MARKDOWN if path.parent.name == "docs" and path.name not in index + "index.md"]


def test_files_from_the_pages_are_in_the_notice() -> None:
    quoted = {path.name for path in (ROOT / "spec/examples").glob("*.page.json")}
    assert quoted == set(re.findall(r"spec/examples/(\S+\.page\.json)", text_of("NOTICE")))


def test_figures_of_the_readme_are_those_of_the_results() -> None:
    """A new `bench/RESULTS.md` wants new figures in the README, by these names."""
    results = {
        (row[0], row[2].rpartition(" ")[0], row[3])
        for row in (line.strip("| ").split(" | ") for line in text_of("bench/RESULTS.md").splitlines())
        if len(row) > 4
    }
    [table] = re.findall(r"\| what \| against \| ratio \|\n\|---\|---\|---\|\n((?:\|.*\n)+)", text_of("README.md"))
    for line in table.splitlines():
        assert tuple(line.strip("| ").split(" | ")) in results


def test_live_streams_of_the_readme_are_those_of_the_results() -> None:
    """A new `bench/LIVE.md` wants its figures in the README: lines of its table, of the ways that are shown there."""
    readme, results = text_of("README.md"), text_of("bench/LIVE.md").splitlines()
    [table] = re.findall(r"\|  \| CPU µs, plain \|.*\n(?:\|.*\n)+", readme)
    assert [line for line in table.splitlines() if line not in results] == []
    assert "bench/live.svg" in readme
