"""The command line of the generator.

    python -m codegen                     write src/mimo_proto/models/ and the negative vectors
    python -m codegen --check             write nothing; exit 1 with a diff if anything would change
    python -m codegen diff [REF]          what changed in spec/ since a git ref; exit 1 if it breaks
    python -m codegen --overlay my_spec/ --out my_package/models
                                          merge additions over spec/ and write somewhere else

Exit 2: the spec is refused, or what should be read is not there. Nothing is written unless all was rendered.
"""

import argparse
import difflib
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from codegen.diff import Format, compare, report
from codegen.facts import render_facts
from codegen.load import SpecError, check, load, parse, read_directory
from codegen.negatives import negatives
from codegen.overlay import merge
from codegen.render import GENERATED_MARK, render
from codegen.spec import Spec

__all__ = ["main"]

ROOT = Path(__file__).parent.parent.resolve()
SPEC = ROOT / "spec"
MODELS = ROOT / "src/mimo_proto/models"
NEGATIVES = ROOT / "tests/fixtures/negatives.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the module's docstring says what that takes.

    Returns:
        The exit code.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    is_ours = options.out.resolve() == MODELS
    if is_ours and not options.command and (options.overlay or options.spec.resolve() != SPEC):
        parser.error("--overlay and --spec need --out: our own models hold our own spec")
    try:
        spec = _load(options.spec, options.overlay)
        if options.command == "diff":
            return _diff(_load_old(options.ref, options.spec), spec, options.format)
        files = _render(spec, options)
        if is_ours:
            files[NEGATIVES] = negatives(spec)
            files |= {MODELS / name: text for name, text in render_facts(SPEC).items()}
    except (SpecError, OSError, subprocess.CalledProcessError) as error:
        print(getattr(error, "stderr", None) or error, file=sys.stderr)
        return 2
    stale = [path for path in sorted(options.out.glob("*.py")) if path not in files and _is_generated(path)]
    if options.check:
        return _compare({**files, **dict.fromkeys(stale, "")})
    _write(files, stale)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m codegen", description="Generate the models from the schemas.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 with a diff if a file would change")
    parser.add_argument("--overlay", type=Path, help="a directory of additions to spec/; needs --out")
    parser.add_argument(
        "--out", type=Path, default=MODELS, help="where the modules go (default: src/mimo_proto/models)"
    )
    parser.add_argument("--spec", type=Path, default=SPEC, help="the schemas (default: spec/)")
    commands = parser.add_subparsers(dest="command")
    diff = commands.add_parser("diff", help="what changed in the schemas; exit 1 if it breaks")
    diff.add_argument("ref", nargs="?", default="HEAD", help="a git ref, or a directory (default: %(default)s)")
    diff.add_argument("--format", choices=["text", "markdown", "json"], default="text")
    return parser


def _diff(old: Spec, new: Spec, output_format: Format) -> int:
    """Print the report; the exit code says whether a change breaks."""
    changes = compare(old, new)
    sys.stdout.write(report(old, new, changes, output_format))
    return int(any(change.breaking for change in changes))


def _render(spec: Spec, options: argparse.Namespace) -> dict[Path, str]:
    """The text of each module, by its path."""
    sources, command = {"spec": _areas(options.spec)}, "python -m codegen"
    if options.overlay:
        sources[options.overlay.as_posix()] = _areas(options.overlay)
        command += f" --overlay {options.overlay.as_posix()} --out {options.out.as_posix()}"
    return {options.out / name: text for name, text in render(spec, sources, command).items()}


def _write(files: Mapping[Path, str], stale: Iterable[Path]) -> None:
    for path in stale:
        path.unlink()
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")


def _load(directory: Path, overlay: Path | None) -> Spec:
    files = read_directory(directory)
    if not overlay:
        return load(files)
    additions = read_directory(overlay)
    if not additions.keys() - {"VERSION"}:
        raise FileNotFoundError(f"{overlay}: an overlay is a directory with <area>.json files")
    version = "+".join(filter(None, (text.get("VERSION", "").strip() for text in (files, additions))))
    return check(merge(parse(files), parse(additions)), version)


def _load_old(ref: str, directory: Path) -> Spec:
    """The older spec: in another directory, or in a commit (of the repository that `directory` is in)."""
    if Path(ref).is_dir():
        return load(read_directory(Path(ref)))

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=directory, check=True, capture_output=True, encoding="utf-8")
        return done.stdout

    names = [name for name in git("ls-tree", "--name-only", ref).splitlines() if name.endswith((".json", "VERSION"))]
    return load({name: git("show", f"{ref}:./{name}") for name in names})


def _areas(directory: Path) -> set[str]:
    return {path.stem for path in directory.glob("*.json")}


def _is_generated(path: Path) -> bool:
    return path.read_text("utf-8").startswith(GENERATED_MARK)


def _compare(files: Mapping[Path, str]) -> int:
    """Print what would change in the files; the exit code says whether anything would."""
    changed = False
    for path, text in files.items():
        old = path.read_bytes().decode("utf-8") if path.exists() else ""
        if old != text:
            changed = True
            name = os.path.relpath(path)
            lines = (old.splitlines(keepends=True), text.splitlines(keepends=True))
            sys.stdout.writelines(difflib.unified_diff(*lines, f"{name} (as it is)", f"{name} (as generated)"))
    return int(changed)


if __name__ == "__main__":
    sys.exit(main())
