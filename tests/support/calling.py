"""The plainest HTTP client there is, to ask a LoopbackServer without any code of ours in between."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mimo_proto.testing import LoopbackServer
    from tests.support.relaying import Served

__all__ = ["CHAT", "RESPONSES", "Answered", "call", "payloads", "said", "tool"]

CHAT = "/v1/chat/completions"
RESPONSES = "/v1/responses"


class Answered(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def call(
    server: LoopbackServer | Served,
    path: str,
    body: Any = None,
    *,
    method: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answered:
    """One call over a connection of its own."""
    address = urlsplit(server.base_url)
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    with closing(http.client.HTTPConnection(address.hostname or "", address.port)) as connection:
        connection.request(
            method or ("GET" if body is None else "POST"),
            path,
            body=raw or None,
            headers={"Authorization": f"Bearer {server.api_key}"} if headers is None else dict(headers),
        )
        response = connection.getresponse()
        return Answered(response.status, dict(response.getheaders()), response.read())


def payloads(body: bytes) -> list[Any]:
    """The JSON values of a stream, `[DONE]` left out."""
    blocks = [[line for line in block.split("\n") if line.startswith("data:")] for block in body.decode().split("\n\n")]
    joined = ["\n".join(line.removeprefix("data:").removeprefix(" ") for line in lines) for lines in blocks if lines]
    return [json.loads(data) for data in joined if data != "[DONE]"]


def said(*words: str, model: str = "mimo-v2.6-pro", **more: Any) -> dict[str, Any]:
    """A chat request in which the user says something."""
    return {"model": model, "messages": [{"role": "user", "content": word} for word in words], **more}


def tool(name: str, **parameters: Any) -> dict[str, Any]:
    """A chat tool."""
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": parameters}}}
