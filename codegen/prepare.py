"""The schemas in the generator's terms: one document for datamodel-code-generator, and the data of its templates.

The document holds types only. Descriptions, defaults and order go to the templates, since the generator would send the
server's defaults, write each description twice, and put required fields first. By shape (see `shapes`):

- sent: absent is UNSET, bounds as `Meta`, enums closed, a lone `const` is the field's default.
- received: absent is None or what `x-absent` says, no bounds, enums and lone `const`s open (`Literal[...] | str`).
- both: absent is UNSET, no bounds, enums open, a lone `const` is the field's default. What `x-absent` says is for the
  decoder alone (`__absent__`): whoever sends has to give the field.

A whole number that is received stays one where the spec says `number`: the hint is `int | float`.
"""

import json
import re
from collections.abc import Iterable, Iterator
from textwrap import fill

from .dialect import BOUNDS, DRAFT, KEYWORDS_BY_TYPE
from .shapes import Shape, Shapes
from .spec import Definition, Schema, Spec, target, types_of

__all__ = ["LINE_LENGTH", "document", "docstring", "static_members", "template_data"]

LINE_LENGTH = 120
# What makes the value that stands for an absent one, by its JSON. msgspec takes none of these for an empty default, as
# it does with `list` and `dict`: what `omit_defaults` leaves out is nulls alone, and of those none that a factory made.
FACTORIES = {'""': "str", "[]": "lambda: []", "{}": "lambda: {}", "null": "NoneType"}
# A blank behind a full stop, but not behind that of a single letter (as in "e.g.").
SENTENCE = re.compile(r"(?<=[\w)`\"'][.!?])(?<!\b[a-z]\.) ")


def document(spec: Spec, shapes: Shapes) -> Schema:
    """All definitions as one JSON Schema that holds types and nothing else."""
    definitions: dict[str, Schema] = {}
    for name, definition in spec.definitions.items():
        shape = shapes.of(name)
        if definition.kind == "object":
            definitions[name] = _object(spec, definition, shape)
            if definition.schema.get("x-root") == "sent":
                definitions[f"{name}Fields"] = _fields(spec, definition)
        elif definition.kind == "union":
            definitions[name] = _union(spec, definition)
        else:
            definitions[name] = _one_of(_alternatives(definition.schema, shape))
    return {"$schema": DRAFT, "$defs": definitions}


def _union(spec: Spec, definition: Definition) -> Schema:
    tag = spec.definitions[definition.members[0]].tag
    return {
        "oneOf": [{"$ref": f"#/$defs/{member}"} for member in definition.members],
        "discriminator": {"propertyName": tag and tag[0]},
    }


def _object(spec: Spec, definition: Definition, shape: Shape) -> Schema:
    tag_field, _ = spec.tag_of(definition) or (None, None)
    properties: dict[str, Schema] = {}
    required = list(definition.required)
    # Of `a-b` and `a_b`, the second keeps its name: the generator renames what comes later.
    for name, schema in sorted(definition.properties.items(), key=lambda entry: not entry[0].isidentifier()):
        if name == tag_field:
            properties[name] = {"const": schema["const"]}
            required.append(name)
            continue
        alternatives = _alternatives(schema, shape)
        if "x-absent" in schema:
            required.append(name)
        elif name not in required and shape == "received":
            alternatives.append({"type": "null"})
        if "const" in schema and shape != "received":
            required.append(name)
        properties[name] = _one_of(alternatives)
    return {"type": "object", "properties": properties, "required": sorted(set(required))}


def _fields(spec: Spec, definition: Definition) -> Schema:
    """The keyword arguments of a request: its properties without bounds, each object also as a plain dict."""

    def widen(schema: Schema) -> Schema:
        if "oneOf" in schema:
            return _one_of(widen(member) for member in schema["oneOf"])
        if "$ref" in schema and spec.definitions[target(schema["$ref"])].kind != "enum":
            return {"oneOf": [schema, {"type": "object"}]}
        bare = {key: value for key, value in schema.items() if key not in BOUNDS}
        return {**bare, "items": widen(bare["items"])} if "items" in bare else bare

    properties = {name: widen(_one_of(_alternatives(schema, "sent"))) for name, schema in definition.properties.items()}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _alternatives(schema: Schema, shape: Shape) -> list[Schema]:
    """The types that a value may have, one by one."""
    if "oneOf" in schema:
        return [found for member in schema["oneOf"] for found in _alternatives(member, shape)]
    if "$ref" in schema:
        return [{"$ref": f"#/$defs/{target(schema['$ref'])}"}]
    if "const" in schema or "enum" in schema:
        listed: Schema = {"type": "string", "enum": schema.get("enum", [schema.get("const")])}
        return [listed] if shape == "sent" else [listed, {"type": "string"}]
    return [found for name in types_of(schema) for found in _of_type(name, schema, shape)]


def _of_type(name: str, schema: Schema, shape: Shape) -> list[Schema]:
    """The types that one JSON type of a schema becomes, with its bounds and items."""
    if name == "number" and shape != "sent":
        return [{"type": "integer"}, {"type": "number"}]
    known: list[Schema] = (
        [{"type": name, "enum": schema["x-known"]}] if name == "string" and "x-known" in schema else []
    )
    kept: Schema = {}
    if shape == "sent":
        kept = {key: schema[key] for key in BOUNDS if key in schema and key in KEYWORDS_BY_TYPE[name]}
    if name == "array" and "items" in schema:
        kept["items"] = _one_of(_alternatives(schema["items"], shape))
    return [*known, {"type": name, **kept}]


def _one_of(alternatives: Iterable[Schema]) -> Schema:
    unique: list[Schema] = []
    for alternative in alternatives:
        for member in alternative.get("oneOf", [alternative]):
            if member not in unique:
                unique.append(member)
    return unique[0] if len(unique) == 1 else {"oneOf": unique}


def template_data(spec: Spec, shapes: Shapes) -> dict[str, Schema]:
    """The data that the templates need beside the document, by the name of the definition."""
    data: dict[str, Schema] = {}
    for name, definition in spec.definitions.items():
        if definition.kind == "object":
            data[name] = _struct(spec, shapes, definition)
            if definition.schema.get("x-root") == "sent":
                data[f"{name}Fields"] = _typed_dict(definition)
        else:
            data[name] = {
                "docs": docstring(_description(definition.schema), 0),
                "static_members": static_members(definition),
            }
    return data


def static_members(definition: Definition) -> list[str]:
    """The members of a union that are there for type checkers alone."""
    return [*definition.schema.get("x-accepts", []), "Unknown"] if definition.kind == "union" else []


def _typed_dict(definition: Definition) -> Schema:
    docs = f"The keyword arguments that make a `{definition.name}`; nested objects as dicts too."
    required = {name: name in definition.required for name in definition.properties}
    return {
        "typed_dict": True,
        "docs": docstring(docs, 4),
        "attributes": [{"name": name, "required": needed} for name, needed in required.items()],
    }


def _struct(spec: Spec, shapes: Shapes, definition: Definition) -> Schema:
    shape = shapes.of(definition.name)
    sent_back = definition.name in shapes.sent_back
    absent: Schema = {}
    if shape == "both":
        absent = {name: prop["x-absent"] for name, prop in definition.properties.items() if "x-absent" in prop}
    return {
        "docs": docstring(_description(definition.schema), 4),
        "options": ", ".join(_options(spec, definition, shape, sent_back=sent_back)),
        "shape": shape,
        "marks": [*(["__received__"] if shape != "sent" else []), *(["__sent_back__"] if sent_back else [])],
        "absent": absent,
        "attributes": [_attribute(spec, definition, name, shape) for name in definition.properties],
    }


def _options(spec: Spec, definition: Definition, shape: Shape, *, sent_back: bool) -> Iterator[str]:
    """The options of a Struct's class."""
    yield "kw_only=True"
    if tag := spec.tag_of(definition):
        yield f"tag_field={tag[0]!r}"
        yield f"tag={tag[1]!r}"
    if shape != "sent":
        yield "forbid_unknown_fields=True"
        yield "repr_omit_defaults=True"
    if shape == "received":
        yield "omit_defaults=True"
    # JSON makes trees: what holds no more than it came with needs no search for cycles.
    is_tree = shape == "received" and not sent_back
    if is_tree or all(_is_scalar(spec, schema) for schema in definition.properties.values()):
        yield "gc=False"


def _attribute(spec: Spec, definition: Definition, name: str, shape: Shape) -> Schema:
    """The data of one field: its docstring, and its default or what makes that."""
    schema = definition.properties[name]
    attribute: Schema = {"name": name, "docs": docstring(_field_description(schema), 4)}
    if (tag := spec.tag_of(definition)) and name == tag[0]:
        default_tag = any(union.schema.get("x-tag-default") == tag[1] for union in spec.unions_of(definition.name))
        return {**attribute, "tag": repr(tag[1]), "default_tag": default_tag}
    if "const" in schema and shape != "received":
        return {**attribute, "default": repr(schema["const"])}
    if name in definition.required:
        return attribute
    if "x-absent" in schema:
        return {**attribute, "factory": _factory(schema)}
    return {**attribute, "default": "None" if shape == "received" else "UNSET"}


def _factory(schema: Schema) -> str:
    """The source of what makes the value that stands for an absent one."""
    if schema["x-absent"] == {} and "$ref" in schema:
        return target(schema["$ref"])
    return FACTORIES[json.dumps(schema["x-absent"])]


def _is_scalar(spec: Spec, schema: Schema) -> bool:
    if "oneOf" in schema:
        return all(_is_scalar(spec, member) for member in schema["oneOf"])
    if "$ref" in schema:
        return spec.definitions[target(schema["$ref"])].kind == "enum"
    return not {"object", "array"} & {*types_of(schema)}


def _description(schema: Schema) -> str:
    return " ".join(schema[key] for key in ("description", "x-note", "x-reason") if key in schema)


def _field_description(schema: Schema) -> str:
    parts = [_description(schema)]
    if "default" in schema:
        parts.append(f"The server's default: `{json.dumps(schema['default'], ensure_ascii=False)}`.")
    for keyword, title in (("examples", "Examples"), ("x-known", "Known")):
        if keyword in schema:
            values = ", ".join(f"`{json.dumps(value, ensure_ascii=False)}`" for value in schema[keyword])
            parts.append(f"{title}: {values}.")
    return " ".join(filter(None, parts))


def docstring(text: str, indent: int) -> str:
    """A docstring's source: on one line if it fits, else its first sentence, a blank line and the rest."""
    text = text.replace("\\", "\\\\").replace('"""', r"\"\"\"")
    if text.endswith('"'):
        text += " "
    if indent + len(text) + 6 <= LINE_LENGTH:
        return f'"""{text}"""'
    space = " " * indent
    first, _, rest = SENTENCE.sub("\n", text, count=1).partition("\n")
    if indent + len(first) + 3 > LINE_LENGTH or not rest:
        first, rest = text, ""
    paragraphs = [
        fill(
            part,
            LINE_LENGTH,
            initial_indent=start,
            subsequent_indent=space,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for part, start in ((first, f'{space}"""'), (rest, space))
        if part
    ]
    return "\n\n".join(paragraphs).lstrip() + f'\n{space}"""'
