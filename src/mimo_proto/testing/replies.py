"""What the server answers: the response to each request.

Rules: what MiMo refuses is refused, a scripted turn or not, and where the day is known so is a model that was switched
off by then; a body that is one of the spec's examples is never refused, and gets the example that belongs to it;
everything else gets a turn of the stand-in model, in the shape that the endpoint and the mode have.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

from mimo_proto.errors import DecodeError
from mimo_proto.protocol.decode import TolerantDecoder
from mimo_proto.protocol.json_types import is_object

from .chat_replies import completion, completion_events
from .prompts import Prompt, read_chat, read_response
from .recordings import recorded, recordings
from .response_replies import response, response_events
from .rules import KIND, Refusal, Strictness, list_models, refuse_chat, refuse_key, refuse_response, refuse_retired
from .turns import Turn, take_turn

__all__ = ["Received", "HTTPResponse", "receive", "refuse", "respond", "make_response"]

# Whatever comes, its value can be written again.
_JSON = TolerantDecoder[Any](Any)
_SECRET = ("authorization", "api-key")
_CHAT = "/v1/chat/completions"
_RESPONSES = "/v1/responses"
_MODELS = "/v1/models"
_METHODS = {_CHAT: "POST", _RESPONSES: "POST", _MODELS: "GET"}
_NAMES = {
    _CHAT: ("ChatCompletionRequest", "ChatCompletion", "ChatCompletionChunk"),
    _RESPONSES: ("ResponseRequest", "Response", "ResponseStreamEvent"),
}


class Received(msgspec.Struct, frozen=True):
    """A request that came in.

    Attributes:
        method: The HTTP method.
        path: The path, ``/v1`` included, without a query.
        headers: The headers, their names in lower case, the key masked.
        body: The JSON value of the body, half an emoji as U+FFFD; None for an empty body, and for one that is not JSON.
        raw: The body's bytes.
        connection: The number of the connection, from 1: two calls with the same number shared one.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    raw: bytes
    connection: int

    @property
    def streamed(self) -> bool:
        """Whether a stream was asked for."""
        return is_object(self.body) and self.body.get("stream") is True


class HTTPResponse(msgspec.Struct, frozen=True):
    """A response before it is sent.

    Attributes:
        status: The HTTP status.
        content_type: The value of ``Content-Type``.
        parts: The body; each part is written by itself, those of a stream are its events.
        chunked: Whether the body is sent by the chunked coding, else with its length.
        headers: What the head has besides.
    """

    status: int
    content_type: str
    parts: Sequence[bytes]
    chunked: bool = False
    headers: Mapping[str, str] = {}


def receive(method: str, path: str, headers: Mapping[str, str], raw: bytes, connection: int) -> Received:
    """Read a request, whose headers have their names in lower case, with the key masked."""
    masked = {name: "***" if name in _SECRET else value for name, value in headers.items()}
    try:
        body = _JSON.decode(raw) if raw else None
    except DecodeError:
        body = None
    return Received(method, path.partition("?")[0], masked, body, raw, connection)


def refuse(request: Received, headers: Mapping[str, str], key: str, strictness: Strictness) -> Refusal | None:
    """Give the error with which MiMo refuses a request, or None.

    Args:
        request: The request.
        headers: Its headers before masking, names in lower case.
        key: The key that the server takes.
        strictness: What else is refused.
    """
    refusal = refuse_key(headers, key)
    if refusal is None and _METHODS.get(request.path) != request.method:
        status, reason = (405, "Method Not Allowed") if request.path in _METHODS else (404, "Not Found")
        refusal = Refusal(status, reason, f"{request.method} {request.path}")
    if refusal or request.path == _MODELS:
        return refusal
    retired = refuse_retired(request.body, strictness.today)
    return retired or (None if _example(request) else _refusal(request, strictness))


def respond(request: Received, strictness: Strictness, number: int) -> HTTPResponse:
    """Respond as MiMo does to a request that it does not refuse.

    Args:
        request: The request.
        strictness: What the server goes by.
        number: The number that the ids of the response are made of.
    """
    return make_response(_content(request, strictness), request, number)


def _content(request: Received, strictness: Strictness) -> bytes | dict[str, Any] | Turn:
    if request.path == _MODELS:
        return list_models(strictness.today)
    example = _example(request)
    return recorded(example) if example else take_turn(_prompt(request))


def make_response(content: Any, request: Received, number: int) -> HTTPResponse:
    """Give a content the shape that the request asked for.

    Args:
        content: A `Turn`, a `Refusal`, the bytes of a body, or anything that encodes as JSON.
        request: The request that is answered.
        number: The number that the ids of the response are made of.

    Raises:
        TypeError: The content is a text, or has what JSON has no place for.
    """
    if isinstance(content, str):
        raise TypeError(
            f"a text is no reply: Turn({content[:40]!r}) has the model say it, and bytes go out as they are"
        )
    if isinstance(content, Refusal):
        kind = "text/event-stream" if request.streamed else "application/json"
        # RFC 9110, 15.5.6: a 405 says which methods there are.
        allowed = {"Allow": _METHODS[request.path]} if content.status == 405 and request.path in _METHODS else {}
        return HTTPResponse(content.status, kind, [content.body(streamed=request.streamed)], headers=allowed)
    if isinstance(content, Turn):
        prompt = _prompt(request)
        make, make_events = (
            (response, response_events) if request.path == _RESPONSES else (completion, completion_events)
        )
        content = b"".join(make_events(content, prompt, number)) if request.streamed else make(content, prompt, number)
    body: bytes = content if isinstance(content, bytes) else msgspec.json.encode(content)
    if body.lstrip()[:1] in (b"{", b"["):
        return HTTPResponse(200, "application/json", [body])
    *events, rest = body.split(b"\n\n")
    return HTTPResponse(200, "text/event-stream", [*(event + b"\n\n" for event in events), rest], chunked=True)


def _refusal(request: Received, strictness: Strictness = KIND) -> Refusal | None:
    return (refuse_response if request.path == _RESPONSES else refuse_chat)(request.body, strictness)


def _prompt(request: Received) -> Prompt:
    """Read what a request asks for; one that MiMo would refuse, and a script answers all the same, asks for nothing."""
    if _refusal(request):
        return Prompt(model="mimo-v2.6-pro")
    return (read_response if request.path == _RESPONSES else read_chat)(request.body)


def _example(request: Received) -> str | None:
    """Give the recording that answers this very request, `stream` aside, in the mode that it asks for."""
    if not is_object(request.body):
        return None
    name = _examples(request.path).get(_fingerprint(request.body))
    _, whole, event = _NAMES[request.path]
    wanted = f"{event}.{name}.sse" if request.streamed else f"{whole}.{name}.json"
    return wanted if wanted in recordings() else None


@cache
def _examples(path: str) -> dict[str, str]:
    names = [name.removesuffix(".json") for name in recordings() if name.startswith(f"{_NAMES[path][0]}.")]
    return {_fingerprint(json.loads(recorded(f"{name}.json"))): name.partition(".")[2] for name in names}


def _fingerprint(body: Mapping[str, Any]) -> str:
    return json.dumps({name: value for name, value in body.items() if name != "stream"}, sort_keys=True)
