"""MiMo's web search, asked for by the openai package through the relay: the sources come in OpenAI's form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.interop.tool_loops import strict_openai
from tests.support.relaying import relaying

if TYPE_CHECKING:
    from mimo_proto.testing import LoopbackServer

pytest.importorskip("openai")
pytestmark = pytest.mark.interop

ASKED: dict[str, Any] = {
    "model": "mimo-v2.6-pro",
    "messages": [{"role": "user", "content": "What is new in Harbin?"}],
    "tools": [{"type": "web_search", "force_search": True}],
}


@pytest.mark.parametrize("streamed", [False, True], ids=["json", "stream"])
def test_sources(server: LoopbackServer, streamed: bool) -> None:
    with (
        relaying(server.base_url, server.api_key) as relay,
        strict_openai(relay.base_url, relay.api_key) as client,
    ):
        if streamed:
            chunks = list(client.chat.completions.create(**ASKED, stream=True))
            deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
            found = [source for delta in deltas for source in getattr(delta, "annotations", None) or ()]
            [source] = [each["url_citation"] for each in found]
        else:
            done = client.chat.completions.create(**ASKED)
            [source] = [each.url_citation.model_dump() for each in done.choices[0].message.annotations]
    assert (source["url"], source["title"]) == ("https://example.com/found", "Found")
    assert {"start_index", "end_index"} <= source.keys()
