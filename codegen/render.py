"""From a spec to the text of the modules: datamodel-code-generator translates, its output is cut up, ruff formats.

The generator runs once over all definitions. Each of its templates begins what it writes with a line `#@ Name`, so the
output is cut there and put together again: one module per spec file, in the spec's order as far as Python allows.
"""

import re
import subprocess
import sys
import warnings
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from datamodel_code_generator import Error, generate
from datamodel_code_generator.enums import DataModelType, InputFileType
from datamodel_code_generator.format import PythonVersion
from datamodel_code_generator.parser import LiteralType

from .header import header
from .load import Problem, SpecError
from .prepare import LINE_LENGTH, docstring, document, static_members, template_data
from .shapes import find_shapes
from .spec import Schema, Spec, in_order

__all__ = ["formatted", "render"]

# All that a module may need: ruff takes out what it does not.
IMPORTS = """
from collections.abc import Mapping, Sequence
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Required, TypeAlias, TypedDict

from msgspec import UNSET, Meta, Struct, UnsetType, field

from mimo_proto.unknown import STATIC_ONLY
"""
# A string of Python's, of whatever quotes.
STRING_LITERAL = r"""\"{3}[\s\S]*?\"{3}|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'"""
RUFF_OPTIONS = (
    "--quiet",
    "--isolated",
    "--no-cache",
    # The temporary directory may be in one that git is told to ignore, such as `.nox`.
    "--no-respect-gitignore",
    "--target-version=py311",
    f"--config=line-length={LINE_LENGTH}",
    '--config=lint.isort.known-first-party=["mimo_proto"]',
    "--config=lint.isort.split-on-trailing-comma=false",
    "--config=format.skip-magic-trailing-comma=true",
)


def render(spec: Spec, sources: Collection[tuple[str, Collection[str]]] = ()) -> dict[str, str]:
    """Generate all modules.

    Args:
        spec: The checked schemas.
        sources: The directories that the schemas are in, each with its areas, for the headers; without them, `spec`.

    Returns:
        The text of each file, by its name: one module per area, and `__init__.py`.

    Raises:
        SpecError: A tool makes no models of the schemas, although the dialect takes them.
    """
    code = _definitions(spec)
    sources = sources or [("spec", spec.areas)]
    order = in_order(spec.definitions, lambda name: spec.definitions[name].references)
    files: dict[str, str] = {}
    exported: dict[str, list[str]] = {}
    for area in spec.areas:
        names = _names(spec, area, order, code)
        head = header(f"{directory}/{area}.json" for directory, areas in sources if area in areas)
        files[f"{area}.py"] = _module(spec, area, head, exported, {name: code[name] for name in names})
        exported[area] = names
    head = header(f"{directory}/" for directory, _ in sources)
    files["__init__.py"] = _package(spec.version, head, exported)
    return formatted(files)


def _names(spec: Spec, area: str, order: Iterable[str], code: Collection[str]) -> list[str]:
    """The names of one area that are written down: of its definitions, and of the keyword arguments of some."""
    own = [name for name in order if spec.definitions[name].area == area]
    return [name for owner in own for name in (owner, f"{owner}Fields") if name in code]


def _module(spec: Spec, area: str, head: str, earlier: Mapping[str, Collection[str]], code: Mapping[str, str]) -> str:
    """The module of one area; of the earlier areas, it imports all names."""
    docs = docstring("{title}. {description}".format_map(spec.areas[area]), 0)
    static = sorted({name for definition in spec.of(area) for name in static_members(definition)})
    imports = {other: [name for name in names if name not in static] for other, names in earlier.items()}
    return "\n".join(
        [
            head + docs,
            IMPORTS,
            *(f"from .{other} import {', '.join(names)}" for other, names in imports.items()),
            _static_imports(spec, static),
            f"\n__all__ = {[*code]}\n",
            *code.values(),
        ]
    )


def _static_imports(spec: Spec, names: Collection[str]) -> str:
    """Import the members of unions that only type checkers see; at run time each is `STATIC_ONLY`."""
    if not names:
        return ""
    modules = {name: f".{spec.definitions[name].area}" for name in names if name in spec.definitions}
    imports = (f"from {modules.get(name, 'mimo_proto.unknown')} import {name}" for name in names)
    return "\n    ".join(["if TYPE_CHECKING:", *imports]) + f"\nelse:\n    {' = '.join(names)} = STATIC_ONLY"


def _package(version: str, head: str, exported: Mapping[str, Collection[str]]) -> str:
    return "\n".join(
        [
            head + '"""The models: one module per file of the spec, all names here."""',
            *(f"from .{area} import {', '.join(names)}" for area, names in exported.items()),
            f"__all__ = {['SPEC_VERSION', *chain.from_iterable(exported.values())]}",
            f'SPEC_VERSION: str = "{version}"',
            '"""Which version of spec/ the models were generated from."""',
        ]
    )


def _definitions(spec: Spec) -> dict[str, str]:
    """The source of each definition, as the generator writes it with our templates."""
    shapes = find_shapes(spec.definitions)
    expected = template_data(spec, shapes)
    source = _translated(document(spec, shapes), expected)
    _, *parts = re.split(r"^#@ (\w+)\n", source, flags=re.MULTILINE)
    code = dict(zip(parts[::2], parts[1::2], strict=True))
    # A bound inside of a union gets an alias of the generator's own: its text goes back to where it is used.
    for alias in [name for name in code if name not in expected]:
        text = code.pop(alias).partition(" = ")[2].strip()
        code = {name: _replaced(rf"\b{alias}\b(?! *[:=])", text, body) for name, body in code.items()}
    for name, data in expected.items():
        for pattern, text in _hint_changes(data):
            code[name] = _replaced(pattern, text, code[name])
    return code


def _translated(schema: Schema, data: Mapping[str, Schema]) -> str:
    """What datamodel-code-generator writes; a warning says that it left something out, and refuses the spec."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return str(
                generate(
                    schema,
                    input_file_type=InputFileType.JsonSchema,
                    output_model_type=DataModelType.MsgspecStruct,
                    target_python_version=PythonVersion.PY_311,
                    custom_template_dir=Path(__file__).with_name("templates"),
                    extra_template_data=defaultdict(dict, data),
                    enum_field_as_literal=LiteralType.All,
                    field_constraints=True,
                    use_annotated=True,
                    use_standard_collections=True,
                    use_union_operator=True,
                    use_msgspec_tagged_unions=True,
                    use_type_alias=True,
                    class_name="WholeSpec",
                    skip_root_model=True,
                    strict_refs=True,
                    allow_remote_refs=False,
                    schema_version="2020-12",
                    disable_future_imports=True,
                    formatters=[],
                )
            )
    except (Error, Warning) as error:
        raise _refused("datamodel-code-generator", str(error)) from None


def _refused(tool: str, message: str) -> SpecError:
    """The safety net below the dialect: a tool cannot say in which file, so its message stands there whole."""
    return SpecError([Problem("spec", "", f"{tool} cannot make models of it: {message}")])


def _hint_changes(data: Schema) -> Iterator[tuple[str, str]]:
    """What to replace in the hints of one definition, by its shape, and by what."""
    yield r" \| None \| UnsetType\b", " | UnsetType | None"
    if data.get("shape") == "received":
        yield r" \| UnsetType\b", ""
    if data.get("typed_dict") or data.get("shape") == "sent":
        yield r"\blist\[", "Sequence["
        yield r"\bdict\[", "Mapping["


def _replaced(pattern: str, text: str, source: str) -> str:
    """Replace in Python, not within its strings: those are docstrings, patterns, and what goes over the wire."""
    return re.sub(rf"({STRING_LITERAL})|{pattern}", lambda found: found[1] or text, source)


def formatted(files: dict[str, str]) -> dict[str, str]:
    """Sort the imports of modules, take out those that are not needed, and format the text.

    Raises:
        SpecError: It is no Python.
    """
    with TemporaryDirectory() as name:
        directory = Path(name)
        for file, text in files.items():
            (directory / file).write_text(text, "utf-8")
        for command in (["check", "--fix", "--select=F401,I"], ["format"]):
            done = subprocess.run(
                [sys.executable, "-m", "ruff", *command, *RUFF_OPTIONS, name],
                check=False,
                capture_output=True,
                encoding="utf-8",
            )
            if done.returncode:
                raise _refused("ruff", (done.stdout + done.stderr).strip())
        return {file: (directory / file).read_text("utf-8") for file in files}
