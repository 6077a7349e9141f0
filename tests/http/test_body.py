"""The body of a response: what urllib3 does with it, where its own versions of Python and zlib differ."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

from urllib3.response import GzipDecoder

from mimo_proto import Client, user
from mimo_proto.testing import recorded

if TYPE_CHECKING:
    import pytest

    from mimo_proto.testing import LoopbackServer


def test_what_follows_the_last_member_of_gzip_is_passed_over_where_the_inflater_takes_no_flush(
    server: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(decoder: GzipDecoder) -> bytes:
        raise zlib.error("Error -3 while decompressing data: incorrect header check")

    monkeypatch.setattr(GzipDecoder, "flush", refuse)
    whole = recorded("ChatCompletion.thinking.json")
    server.reply(gzip.compress(whole) + b"{}" * 99, headers={"content-encoding": "gzip"})
    with Client(server.api_key, server.base_url) as client:
        done = client.create_chat_completion(model="mimo-v2.6-pro", messages=[user("hi")])
    assert done.choices[0].message.content
