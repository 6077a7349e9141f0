"""The public signatures of the package, as they are written: read from the syntax tree, the same in every Python."""

from __future__ import annotations

import ast
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Definition", "definition", "public_names", "signatures"]

SOURCE = Path(__file__).parents[2] / "src"

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Definition(NamedTuple):
    """Where a name is defined, and how: one node, or the overloads of a function."""

    module: str
    nodes: list[ast.stmt]


@cache
def _body(module: str) -> tuple[ast.stmt, ...]:
    """The statements of a module; of `if TYPE_CHECKING` those that a type checker sees."""
    path = SOURCE.joinpath(*module.split("."))
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return tuple(_flat(ast.parse(source.read_text("utf-8")).body))


def _flat(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in statements:
        if isinstance(statement, ast.If):
            yield from _flat(statement.body)
        else:
            yield statement


def public_names(module: str) -> list[str]:
    """What `__all__` of a module lists."""
    names: list[str] = import_module(module).__all__
    return names


def definition(module: str, name: str) -> Definition:
    """Where a name of a module comes from."""
    for node in _body(module):
        if isinstance(node, ast.ImportFrom):
            parts = module.split(".")
            if node.level and not SOURCE.joinpath(*parts).is_dir():
                parts = parts[: -node.level]
            source = ".".join([*(parts if node.level else []), node.module or ""])
            names = [alias.name for alias in node.names]
            if name in names or (names == ["*"] and name in public_names(source)):
                return definition(source, name)
    nodes = [node for node in _body(module) if _named(node, name)]
    assert nodes, f"{module} has no {name}"
    return Definition(module, nodes)


def _named(node: ast.stmt, name: str) -> bool:
    match node:
        case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
            return node.name == name
        case ast.AnnAssign(target=ast.Name(id=target)) | ast.Assign(targets=[ast.Name(id=target)]):
            return target == name
        case _:
            return False


def signatures(module: str) -> Iterator[str]:
    """A line for each public name of a module, and for each public method of a class; with overloads, for each of them.

    Of a name that `mimo_proto.models` has as well, the root says only that.
    """
    for name in public_names(module):
        found = definition(module, name)
        if module == "mimo_proto" and found.module.startswith("mimo_proto.models."):
            yield f"{module}.{name}: of mimo_proto.models"
        else:
            yield from _lines(f"{module}.{name}", found.nodes)


def _lines(name: str, nodes: list[ast.stmt]) -> Iterator[str]:
    functions = [node for node in nodes if isinstance(node, Function)]
    overloads = [node for node in functions if "overload" in map(ast.unparse, node.decorator_list)]
    for function in overloads or functions:
        yield _function(name, function)
    for node in nodes:
        match node:
            case ast.ClassDef():
                yield from _class(name, node)
            case ast.AnnAssign(annotation=ast.Name(id="TypeAlias"), value=ast.expr() as value):
                yield f"{name} = {ast.unparse(value)}"
            case ast.AnnAssign(annotation=annotation):
                yield f"{name}: {ast.unparse(annotation)}"
            case ast.Assign(value=value):
                yield f"{name} = {'...' if isinstance(value, ast.Constant) else ast.unparse(value)}"
            case _:
                pass


def _function(name: str, node: Function) -> str:
    kinds = {
        "property": "property ",
        "cached_property": "property ",
        "classmethod": "classmethod ",
        "staticmethod": "static ",
    }
    kind = "".join(kinds.get(ast.unparse(decorator), "") for decorator in node.decorator_list)
    start = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{kind}{start}{name}({ast.unparse(node.args)}){returns}"


def _class(name: str, node: ast.ClassDef) -> Iterator[str]:
    arguments = ", ".join(map(ast.unparse, [*node.bases, *node.keywords]))
    fields = "; ".join(
        f"{ast.unparse(field.target)}: {ast.unparse(field.annotation)}"
        + (f" = {ast.unparse(field.value)}" if field.value else "")
        for field in node.body
        if isinstance(field, ast.AnnAssign) and not ast.unparse(field.target).startswith("_")
    )
    yield f"class {name}({arguments})" + (f": {fields}" if fields else "")
    methods: dict[str, list[ast.stmt]] = {}
    for method in node.body:
        if isinstance(method, Function) and (method.name == "__init__" or not method.name.startswith("_")):
            methods.setdefault(method.name, []).append(method)
    for method_name, nodes in methods.items():
        yield from _lines(f"{name}.{method_name}", nodes)
