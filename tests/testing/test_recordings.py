from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import pytest

from mimo_proto.errors import ConfigurationError
from mimo_proto.testing import recorded, recordings
from tests.support.schemas import SPEC

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def afresh() -> Iterator[None]:
    yield
    recordings.cache_clear()
    recorded.cache_clear()


def test_every_example_is_a_recording() -> None:
    assert list(recordings()) == sorted(path.name for path in (SPEC / "examples").iterdir())


def test_a_recording_is_its_file_byte_for_byte() -> None:
    name = "ChatCompletionChunk.thinking.sse"
    assert recorded(name) == (SPEC / "examples" / name).read_bytes()


def test_an_unknown_name_is_refused_with_the_way_out() -> None:
    with pytest.raises(
        ConfigurationError, match=r"no recording is named '\.\./VERSION': recordings\(\) lists the names"
    ):
        recorded("../VERSION")


def test_in_an_installed_package_they_are_data_of_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = tmp_path / "spec" / "examples"
    examples.mkdir(parents=True)
    (examples / "ModelList.json").write_bytes(b"{}")
    monkeypatch.setattr(resources, "files", {"mimo_proto": tmp_path}.get)
    recordings.cache_clear()
    recorded.cache_clear()
    assert recordings() == ("ModelList.json",)
    assert recorded("ModelList.json") == b"{}"
