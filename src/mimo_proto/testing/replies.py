"""What the server answers: a request that came in, turned into the bytes of an answer.

Rules: a body that is one of the spec's examples gets the example that belongs to it; what MiMo refuses is refused;
everything else gets a turn of the stand-in model, told as the endpoint and the mode want it.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from mimo_proto.protocol.json_types import is_object

from .chat_replies import completion, completion_events
from .prompts import Prompt, read_chat, read_response
from .recordings import recorded, recordings
from .response_replies import response, response_events
from .rules import Refusal, refuse_chat, refuse_key, refuse_response
from .turns import Turn, take_turn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Received", "Answer", "receive", "answer", "tell"]

_SECRET = ("authorization", "api-key")
_CHAT = "/v1/chat/completions"
_RESPONSES = "/v1/responses"
_NAMES = {
    _CHAT: ("ChatCompletionRequest", "ChatCompletion", "ChatCompletionChunk"),
    _RESPONSES: ("ResponseRequest", "Response", "ResponseStreamEvent"),
}


class Received(msgspec.Struct, frozen=True):
    """A request that came in.

    Attributes:
        method: The HTTP method.
        path: The path, ``/v1`` included.
        headers: The headers, their names in lower case, the key masked.
        body: The JSON body as plain data; None where there was none, or no JSON.
        raw: The body's bytes.
        connection: Which connection it came over, from 1: two calls with the same number shared one.
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


class Answer(msgspec.Struct, frozen=True):
    """An answer before it is sent: status, type, and the body in the pieces that it goes out in.

    Attributes:
        pieces: Each is written by itself; those of a stream are its events.
        streamed: Whether it goes out in chunks (else with its length).
    """

    status: int
    content_type: str
    pieces: Sequence[bytes]
    streamed: bool = False


def receive(method: str, path: str, headers: Mapping[str, str], raw: bytes, connection: int) -> Received:
    """Read a request, with the key masked."""
    masked = {name.lower(): "***" if name.lower() in _SECRET else value for name, value in headers.items()}
    try:
        body = json.loads(raw) if raw else None
    except ValueError:
        body = None
    return Received(method, path, masked, body, raw, connection)


def answer(request: Received, headers: Mapping[str, str], key: str, number: int) -> Answer:
    """Answer as MiMo does.

    Args:
        request: The request.
        headers: Its headers before masking, names in lower case.
        key: The key that is taken.
        number: Makes the ids of the answer.
    """
    wrong = refuse_key(headers, key)
    if wrong is None and (request.method, request.path) == ("GET", "/v1/models"):
        return tell(recorded("ModelList.json"), request, number)
    if wrong is None and (request.method != "POST" or request.path not in _NAMES):
        wrong = Refusal(404, "Not Found", f"{request.method} {request.path}")
    if wrong is None:
        example = _example(request)
        if example is not None:
            return tell(recorded(example), request, number)
        wrong = _refusal(request)
    return tell(wrong or take_turn(_prompt(request)), request, number)


def tell(what: Any, request: Received, number: int) -> Answer:
    """Put something into the form that the request asked for.

    Args:
        what: A `Turn`, a `Refusal`, the bytes of a body, or anything that encodes as JSON.
        request: What it answers.
        number: Makes the ids of the answer.
    """
    if isinstance(what, Refusal):
        kind = "text/event-stream" if request.streamed else "application/json"
        return Answer(what.status, kind, [what.body(streamed=request.streamed)])
    if isinstance(what, Turn):
        prompt = _prompt(request)
        whole, events = (response, response_events) if request.path == _RESPONSES else (completion, completion_events)
        if request.streamed:
            return Answer(200, "text/event-stream", events(what, prompt, number), streamed=True)
        what = whole(what, prompt, number)
    body: bytes = what if isinstance(what, bytes) else msgspec.json.encode(what)
    if body.lstrip()[:1] in (b"{", b"["):
        return Answer(200, "application/json", [body])
    *whole_events, rest = body.split(b"\n\n")
    return Answer(200, "text/event-stream", [*(event + b"\n\n" for event in whole_events), rest], streamed=True)


def _refusal(request: Received) -> Refusal | None:
    return (refuse_response if request.path == _RESPONSES else refuse_chat)(request.body)


def _prompt(request: Received) -> Prompt:
    """What is asked; a script may answer what MiMo would refuse, and that asks for nothing."""
    if _refusal(request):
        return Prompt(model="mimo-v2.6-pro")
    return (read_response if request.path == _RESPONSES else read_chat)(request.body)


def _example(request: Received) -> str | None:
    """The recording that answers this very request, `stream` aside, in the mode that it asks for."""
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
