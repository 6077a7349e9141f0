"""The proof on history: MiMo's pages of the v2.5 age, what is generated from them, and the step to today's."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from codegen.__main__ import main
from codegen.diff import compare
from codegen.load import load, read_directory
from mimo_proto import models
from tests.support.packages import imported

HERE = Path(__file__).parents[1]
OLD = HERE / "fixtures/spec_v25"
NEW = HERE.parent / "spec"


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The models of the older age, generated once and imported."""
    directory = tmp_path_factory.mktemp("generated") / "older_models"
    assert main(["--spec", str(OLD), "--out", str(directory)]) == 0
    with imported(directory) as module:
        yield module


def fields(module: ModuleType) -> set[str]:
    """The names of all Structs of a package, and the paths of their fields; a union's tag is not a field."""
    values = [getattr(module, name) for name in module.__all__]
    structs = {cls for cls in values if isinstance(cls, type) and issubclass(cls, msgspec.Struct)}
    paths = {f"{cls.__name__}.{field.encode_name}" for cls in structs for field in msgspec.structs.fields(cls)}
    return {cls.__name__ for cls in structs} | paths


def test_the_report_between_them(capsys: pytest.CaptureFixture[str], snapshot: SnapshotAssertion) -> None:
    assert main(["--spec", str(NEW), "diff", str(OLD), "--format", "markdown"]) == 1
    assert capsys.readouterr().out == snapshot


def test_the_models_became_what_the_report_says(older: ModuleType) -> None:
    changes = compare(load(read_directory(OLD)), load(read_directory(NEW)))
    reported, removed = (
        {change.name for change in changes if change.change.split(",")[0] == what} for what in ("added", "removed")
    )
    before, after = fields(older), fields(models)
    # A Struct that is gone stands in the report alone too.
    assert {name for name in before - after if "." not in name or name.split(".")[0] in after} == removed & before
    # A new Struct stands in the report alone, and there unions stand beside the Structs.
    added = {name for name in after - before if "." not in name or name.split(".")[0] in before}
    assert added == reported & after
    assert all(hasattr(models, name) for name in reported - after)
    assert "InputAudio" in added
    assert "Choice.error" in added


def test_the_older_models_at_run_time(older: ModuleType) -> None:
    assert older.SPEC_VERSION == "0.9.0"
    chunk = msgspec.json.decode(b'{"choices":[{"delta":{"content":"hi"}}],"created":1}', type=older.ChatCompletionChunk)
    assert (chunk.choices[0].delta.content, chunk.created) == ("hi", 1)
    # What today's have a default for had to come in that age.
    with pytest.raises(msgspec.ValidationError, match="missing required field `delta`"):
        msgspec.json.decode(b'{"choices":[{}]}', type=older.ChatCompletionChunk)
    efforts = [module.Reasoning.__annotations__["effort"] for module in (older, models)]
    assert ["xhigh" in str(hint) for hint in efforts] == [False, True]
