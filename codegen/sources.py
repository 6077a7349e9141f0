"""Where specs come from: a directory, with or without an overlay, or a commit of the repository around it."""

import subprocess
from dataclasses import replace
from pathlib import Path

from .load import Problem, SpecError, check, decoded, load, parse, read_directory
from .overlay import adds, merge
from .spec import Spec

__all__ = ["areas_in", "load_directory", "load_older"]


def areas_in(directory: Path) -> set[str]:
    """The names of the areas that a directory has files for."""
    return {path.stem for path in directory.glob("*.json")}


def load_directory(directory: Path, overlay: Path | None = None) -> Spec:
    """Read and check a spec, with the additions of an overlay merged over it.

    Raises:
        SpecError: The spec, or what was merged, is refused; problems of the overlay's own name its directory.
        FileNotFoundError: The overlay's directory has no schemas.
    """
    files = read_directory(directory)
    if not overlay:
        return load(files)
    areas = parse(files)
    try:
        additions = read_directory(overlay)
        if not additions.keys() - {"VERSION"}:
            raise FileNotFoundError(f"{overlay}: an overlay is a directory with <area>.json files")
        added = parse(additions)
        merged = merge(areas, added)
    except SpecError as error:
        raise SpecError([_in_overlay(problem, overlay) for problem in error.problems]) from None
    version = "+".join(filter(None, (text.get("VERSION", "").strip() for text in (files, additions))))
    try:
        return check(merged, version)
    except SpecError as error:
        problems = [_in_overlay(each, overlay) if adds(areas, added, each) else each for each in error.problems]
        raise SpecError(problems) from None


def _in_overlay(problem: Problem, overlay: Path) -> Problem:
    return replace(problem, file=f"{overlay.as_posix()}/{problem.file}")


def load_older(ref: str, directory: Path) -> Spec:
    """Read and check an older spec, in another directory or in a commit of the repository that `directory` is in.

    Raises:
        SpecError: The older spec is refused.
        CalledProcessError: git does not know the commit.
    """
    if Path(ref).is_dir():
        return load_directory(Path(ref))

    def git(*arguments: str) -> bytes:
        return subprocess.run(["git", *arguments], cwd=directory, check=True, capture_output=True).stdout

    names = git("ls-tree", "--name-only", ref).decode().splitlines()
    return load(
        decoded({name: git("show", f"{ref}:./{name}") for name in names if name.endswith((".json", "VERSION"))})
    )
