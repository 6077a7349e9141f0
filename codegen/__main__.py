"""The command line of the generator: `python -m codegen` in the checkout, `python -m mimo_proto.codegen` elsewhere.

    python -m codegen                     write src/mimo_proto/models/ and what else follows from spec/
    python -m codegen --check             write nothing; exit 1 with a diff if anything would change
    python -m codegen diff [REF]          what changed in spec/ since a git ref; exit 1 if it breaks
    python -m codegen page OLD.md NEW.md  what changed in a page of MiMo's, and what spec/ says otherwise; exit 1 if any
    python -m codegen --overlay my_spec/ --out my_package/models
                                          merge additions over spec/ and write somewhere else

Exit 2: the spec is refused, or what should be read is not there. Nothing is written unless all was rendered.
Nothing of `mimo_proto` is imported: models that are broken can be generated anew.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from .diff import compare
from .files import compare_files, find_stale, write_files
from .load import SpecError
from .page import PageError
from .page_report import compare_pages
from .report import Format, report
from .sources import areas_in, load_directory, load_older
from .spec import Spec

__all__ = ["main"]

# The directory of the checkout; of the package `mimo_proto`, where we are a part of that.
ROOT = Path(__file__).parent.parent.resolve()
SPEC = ROOT / "spec"
MODELS = ROOT / "src/mimo_proto/models"
TOOLS = ("datamodel_code_generator", "ruff")


def main(arguments: Sequence[str] | None = None, program: str = f"python -m {__package__}") -> int:
    """Run the command line; the module's docstring says what that takes.

    Args:
        arguments: The arguments behind the program's name; those of the process by default.
        program: What the program is called, for its help.

    Returns:
        The exit code.
    """
    parser = _parser(program)
    options = parser.parse_args(arguments)
    out = options.out or MODELS
    is_ours = out.resolve() == MODELS
    if is_ours and not options.command and not _is_our_own(options):
        parser.error("--out is missing: where the models go. Our own hold our own spec, and are made in a checkout")
    try:
        spec = load_directory(options.spec, options.overlay)
        if options.command == "page":
            return _page(options, spec)
        if options.command:
            return _diff(_older(options), spec, options.format)
        return _generate(spec, options, None if is_ours else out)
    except (SpecError, PageError, OSError) as error:
        print(error, file=sys.stderr)
    except subprocess.CalledProcessError as error:
        print(error.stderr.decode("utf-8", "replace"), file=sys.stderr)
    return 2


def _is_our_own(options: argparse.Namespace) -> bool:
    """Whether our own spec is asked for, in a checkout."""
    return not options.overlay and options.spec.resolve() == SPEC and (ROOT / "pyproject.toml").exists()


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=program, description="Generate the models from the schemas.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 with a diff if a file would change")
    parser.add_argument("--overlay", type=Path, help="a directory of additions to spec/; needs --out")
    parser.add_argument("--out", type=Path, help="where the modules go (default in a checkout: src/mimo_proto/models)")
    parser.add_argument("--spec", type=Path, default=SPEC, help="the schemas (default: spec/)")
    commands = parser.add_subparsers(dest="command")
    diff = commands.add_parser("diff", help="what changed in the schemas; exit 1 if it breaks")
    ref_help = "a git ref, or a directory (default: HEAD; with an overlay, the spec without it)"
    diff.add_argument("ref", nargs="?", help=ref_help)
    diff.add_argument("--format", choices=["text", "markdown", "json"], default="text")
    page = commands.add_parser("page", help="what changed in a page of MiMo's, and what the schemas say otherwise")
    page.add_argument("old", type=Path, help="the raw Markdown of the page as it was")
    page.add_argument("new", type=Path, help="as it is; the same file: only what the schemas say otherwise")
    return parser


def _older(options: argparse.Namespace) -> Spec:
    """The spec that another is compared to."""
    if options.overlay and not options.ref:
        return load_directory(options.spec)
    return load_older(options.ref or "HEAD", options.spec)


def _diff(old: Spec, new: Spec, output_format: Format) -> int:
    """Print the report; the exit code says whether a change breaks."""
    changes = compare(old, new)
    sys.stdout.write(report(old, new, changes, output_format))
    return int(any(change.mark == "breaking" for change in changes))


def _page(options: argparse.Namespace, spec: Spec) -> int:
    """Print the report on a page; the exit code says whether anything differs."""
    text, differs = compare_pages(options.old, options.new, options.spec, spec)
    sys.stdout.write(text)
    return int(differs)


def _generate(spec: Spec, options: argparse.Namespace, out: Path | None) -> int:
    """Write or compare the files of a package, or without `out` those of the checkout; give the exit code."""
    if any(find_spec(name) is None for name in TOOLS):
        print(
            "The generator needs two tools that are not installed: pip install 'mimo-proto[codegen]'", file=sys.stderr
        )
        return 2
    from .generate import own_files, package_files  # noqa: PLC0415 - all else does without the tools

    if out is None:
        files = own_files(spec, ROOT)
    elif out.exists() and not out.is_dir():
        raise NotADirectoryError(f"{out}: the modules go into a directory, and this is none")
    else:
        sources = [("spec", areas_in(options.spec))]
        if options.overlay:
            sources.append((options.overlay.resolve().name, areas_in(options.overlay)))
        files = package_files(spec, sources, out)
    stale = find_stale(out or MODELS, files)
    if options.check:
        return int(compare_files({**files, **dict.fromkeys(stale, "")}))
    write_files(files, stale)
    return 0


if __name__ == "__main__":
    sys.exit(main())
