"""The facts of MiMo's pages that spec/ follows, a file a page in spec/facts/, and what spec/ says otherwise.

Rules:
- A file has a line for each fact, with the columns of a `Fact`, and three more: `differs`, the columns in which spec/
  says otherwise on purpose; `why`; and `spec`, the properties that the fact is about, as "Definition.property".
- A line without a type is of a property that the page does not have: what differs is the `name`.
- Where the page does not say whether a field is required, spec/ may say either; and where it names no options, a
  `const`, by which spec/ tells the objects of a union apart.
- Null is compared in what is only sent: what is received may be null anywhere.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from .page import Fact, PageError, bounds, json_text, text_of
from .shapes import find_shapes
from .spec import Definition, Schema, Spec, json_types, target

__all__ = ["HEADER", "Line", "Property", "all_properties", "differences", "properties_of", "read_facts"]

HEADER = ["table", "name", "type", "required", "default", "range", "options", "differs", "why", "spec"]
# The keywords of the two ends of a range, and what they count.
BOUNDS = [
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", "characters"),
    ("minItems", "maxItems", "items"),
]


@dataclass(frozen=True)
class Line:
    """A line of a file of facts.

    Attributes:
        place: The file and the number of the line, for messages.
        fact: What the page says.
        differs: The columns in which spec/ says otherwise, on purpose.
        why: The reason, if there are any.
        spec: The properties that it is about.
    """

    place: str
    fact: Fact
    differs: list[str]
    why: str
    spec: list[str]

    @property
    def is_on_the_page(self) -> bool:
        """Whether the page has the field; else spec/ alone has it."""
        return bool(self.fact.type)


@dataclass(frozen=True)
class Property:
    """What spec/ says of a property, in the words of a `Fact`.

    Attributes:
        type: The JSON types.
        required: "yes" or "no".
        default: The default, or "".
        range: The bounds, or "".
        options: The values, known or all that there are.
        is_const: Whether there is one value, which tells objects apart.
        is_sent: Whether the property is sent, and never received.
    """

    type: str
    required: str
    default: str
    range: str
    options: str
    is_const: bool
    is_sent: bool


def read_facts(directory: Path) -> dict[Path, list[Line]]:
    """The lines of each file of facts, by its path.

    Raises:
        PageError: There is no file, or a file is not as the rules of this module say.
    """
    paths = sorted(directory.glob("*.tsv"))
    if not paths:
        raise PageError(f"{directory}: no facts (*.tsv) are here; a checkout of mimo-proto has them in spec/facts")
    return {path: list(_lines(path)) for path in paths}


def all_properties(spec: Spec) -> dict[str, Property]:
    """What a spec says of the properties of its objects, by "Definition.property"."""
    sent = find_shapes(spec.definitions)
    return {
        f"{name}.{prop}": _property(schema, prop in definition.required, sent.of(name) == "sent", spec.definitions)
        for name, definition in spec.definitions.items()
        for prop, schema in definition.properties.items()
    }


def properties_of(line: Line, properties: Mapping[str, Property]) -> Iterator[tuple[str, Property]]:
    """The properties that a line is about, with what a spec says of them.

    Raises:
        PageError: The spec does not have one.
    """
    for name in line.spec:
        if name not in properties:
            raise PageError(f"{line.place}: the spec has no property {name}")
        yield name, properties[name]


def differences(fact: Fact, said: Property) -> dict[str, str]:
    """The columns in which a spec says otherwise, each with its own text."""
    null: set[str] = set() if said.is_sent else {"null"}
    same = {
        "type": _types(fact.type) - null == _types(said.type) - null,
        "required": fact.required in ("", said.required),
        "default": _defaults(fact.default) == _defaults(said.default),
        "range": fact.range == said.range,
        "options": set(fact.options.split(", ")) == set(said.options.split(", "))
        or (said.is_const and not fact.options),
    }
    return {column: getattr(said, column) for column, is_same in same.items() if not is_same}


def _lines(path: Path) -> Iterator[Line]:
    header, *lines = text_of(path).splitlines() or [""]
    if header.split("\t") != HEADER:
        raise PageError(f"{path}:1: the columns are not {', '.join(HEADER)}, with tabs between them")
    for number, line in enumerate(lines, 2):
        cells = line.split("\t")
        if len(cells) != len(HEADER):
            raise PageError(f"{path}:{number}: {len(cells)} columns, not {len(HEADER)}")
        *fact, differs, why, spec = cells
        yield Line(f"{path}:{number}", Fact(*fact), differs.split(), why, spec.split())


def _property(schema: Schema, required: bool, is_sent: bool, definitions: Mapping[str, Definition]) -> Property:
    parts = list(_parts(schema, definitions))
    ranges = (bounds(_end(part, low), _end(part, high), unit) for part in parts for low, high, unit in BOUNDS)
    return Property(
        type=" | ".join(json_types(schema, definitions)),
        required="yes" if required else "no",
        default=json_text(schema["default"]) if "default" in schema else "",
        range=", ".join(filter(None, ranges)),
        options=", ".join(chain.from_iterable(map(_options, parts))),
        is_const="const" in schema,
        is_sent=is_sent,
    )


def _parts(schema: Schema, definitions: Mapping[str, Definition]) -> Iterator[Schema]:
    """The schema, its alternatives, and the enums that it refers to."""
    yield schema
    for member in schema.get("oneOf", []):
        yield from _parts(member, definitions)
    if "$ref" in schema and (definition := definitions[target(schema["$ref"])]).kind == "enum":
        yield definition.schema


def _end(schema: Schema, keyword: str) -> str | None:
    return json_text(schema[keyword]) if keyword in schema else None


def _options(schema: Schema) -> list[str]:
    if "const" in schema:
        return [schema["const"]]
    options: list[str] = schema.get("enum") or schema.get("x-known", [])
    return options


def _types(text: str) -> set[str]:
    # "long" is what MiMo calls a whole number here and there.
    return {"integer" if name == "long" else name for name in text.split(" | ")}


def _defaults(text: str) -> set[str]:
    """The defaults, without the models that have them."""
    return {default.partition(" for ")[0] for default in text.split("; ")}
