"""The negative vectors: each is refused by the models, at the path that it names."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from codegen.load import load, read_directory
from codegen.negatives import negatives
from mimo_proto import models

HERE = Path(__file__).parent
VECTORS: list[dict[str, Any]] = json.loads((HERE / "fixtures/negatives.json").read_text("utf-8"))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['path']} {vector['constraint']}")
def test_refused_at_its_path(vector: dict[str, Any]) -> None:
    root = getattr(models, vector["root"])
    if vector["constraint"] == "known name":
        # The models ignore an unknown name; `validate` refuses it.
        *_, name = vector["path"].split(".")
        assert name not in root.__struct_fields__
        return
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert(vector["payload"], root)
    _, _, path = str(refused.value).partition(" - at ")
    assert path.strip("`").replace("[...]", "[0]") == vector["path"].removeprefix("$" if vector["path"] == "$" else "")


def test_covers_every_kind_of_constraint() -> None:
    kinds = {vector["constraint"].split()[0] for vector in VECTORS}
    assert kinds == {
        *("required", "type", "enum", "known"),
        *("minimum", "maximum", "minLength", "maxLength", "maxItems", "pattern"),
    }


def test_mini_spec_has_places_of_all_forms() -> None:
    vectors = json.loads(negatives(load(read_directory(HERE / "fixtures/mini_spec"))))
    assert {vector["definition"] for vector in vectors} >= {
        "Request",
        "NoteItem",
        "Author",
        "TextPart",
        "Image",
        "Mode",
    }
    assert any(vector["constraint"] == "minItems 1" for vector in vectors)
