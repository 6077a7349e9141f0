"""The command line: `python -m codegen [--check]`, run where spec/ and src/ are."""

import argparse
import difflib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from codegen.dialect import SpecError, load, read_directory
from codegen.render import MARK, render

__all__ = ["main"]

ROOT = Path(__file__).parent.parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0 if all is well, 1 if something is out of date, 2 if the spec is refused.
    """
    parser = argparse.ArgumentParser(prog="python -m codegen", description="Generate the models from the schemas.")
    parser.add_argument("--spec", type=Path, default=ROOT / "spec", help="the schemas (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=ROOT / "src/mimo_proto/models", help="where the modules go")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 with a diff if a file would change")
    options = parser.parse_args(arguments)
    try:
        files = {options.out / name: text for name, text in render(load(read_directory(options.spec))).items()}
    except SpecError as error:
        print(error, file=sys.stderr)
        return 2
    stale = [path for path in sorted(options.out.glob("*.py")) if path not in files and _is_generated(path)]
    if options.check:
        return _compare(files, stale)
    options.out.mkdir(parents=True, exist_ok=True)
    for path in stale:
        path.unlink()
    for path, text in files.items():
        path.write_text(text, "utf-8", newline="\n")
    return 0


def _is_generated(path: Path) -> bool:
    return path.read_text("utf-8").startswith(MARK)


def _compare(files: Mapping[Path, str], stale: Sequence[Path]) -> int:
    changed = False
    for path, text in (*files.items(), *((path, "") for path in stale)):
        old = path.read_bytes().decode("utf-8") if path.exists() else ""
        if old != text:
            changed = True
            sys.stdout.writelines(
                difflib.unified_diff(
                    old.splitlines(keepends=True), text.splitlines(keepends=True), str(path), f"{path} (generated)"
                )
            )
    return int(changed)


if __name__ == "__main__":
    sys.exit(main())
