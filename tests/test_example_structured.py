"""examples/structured.py: an answer that fits, one that is mended, and one that is not."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mimo_proto import Client, DecodeError
from mimo_proto.testing import Turn

if TYPE_CHECKING:
    from collections.abc import Generator

    from mimo_proto.testing import LoopbackServer

EXAMPLE = runpy.run_path(str(Path(__file__).parents[1] / "examples" / "structured.py"))
RIGHT = Turn('{"name": "Yangtze", "kilometres": 6300}', reasoning="Hm.")
WRONG = Turn('{"name": "Yangtze", "kilometres": "long"}', reasoning="Hm.")


@pytest.fixture
def client(server: LoopbackServer) -> Generator[Client]:
    with Client(server.api_key, server.base_url) as made:
        yield made


def test_an_answer_that_fits(server: LoopbackServer, client: Client) -> None:
    server.reply(RIGHT)
    assert EXAMPLE["ask"](client, "?") == EXAMPLE["River"]("Yangtze", 6300)
    [request] = server.requests
    assert request.body["response_format"] == {"type": "json_object"}
    assert "kilometres" in request.body["messages"][0]["content"]


def test_an_answer_that_does_not_fit_is_mended_once(server: LoopbackServer, client: Client) -> None:
    server.script([WRONG, RIGHT])
    assert EXAMPLE["ask"](client, "?") == EXAMPLE["River"]("Yangtze", 6300)
    _, second = server.requests
    *_, answer, complaint = second.body["messages"]
    assert (answer["content"], answer["reasoning_content"]) == (WRONG.text, "Hm.")
    assert "$.kilometres: Expected `int`, got `str`" in complaint["content"]


def test_an_answer_that_does_not_fit_twice_is_an_error(server: LoopbackServer, client: Client) -> None:
    server.script([WRONG, WRONG, RIGHT])
    with pytest.raises(DecodeError, match=r"\$.kilometres"):
        EXAMPLE["ask"](client, "?")
    assert len(server.requests) == 2
