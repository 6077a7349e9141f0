"""Speech that is asked for as a stream, and comes as one line of bare JSON: seen at MiMo on 2026-10-03."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto import AudioOptions, Client, assistant, pcm_to_wav, user
from tests.support.dummyserver import END, Peer, Server, answer, chunk, once, sse
from tests.support.outcomes import KEY
from tests.support.shells import ASYNC, open_shell, run

if TYPE_CHECKING:
    from collections.abc import Callable

PCM = bytes(range(256)) * 40
SOUND = base64.b64encode(PCM).decode()
REPLY = json.dumps(
    {
        "id": "1",
        "object": "chat.completion",
        "created": 1790000000,
        "model": "mimo-v2.5-tts",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": "", "audio": {"id": "2", "data": SOUND}},
            }
        ],
        "usage": {"completion_tokens": 20, "prompt_tokens": 5, "total_tokens": 25},
    }
).encode()
REQUEST: dict[str, Any] = {
    "model": "mimo-v2.5-tts",
    "messages": [user("calm"), assistant("The tide is coming in.")],
    "audio": AudioOptions(format="pcm16", voice="mia"),
}


def in_pieces(peer: Peer) -> None:
    """The line in pieces of 1,000 bytes, labelled as an event stream."""
    peer.request()
    peer.send(sse(), *(chunk(REPLY[at : at + 1000]) for at in range(0, len(REPLY), 1000)), END)


LINES = pytest.mark.parametrize(
    "script",
    [
        once(answer(REPLY, kind="text/event-stream")),
        once(answer(REPLY + b"\n", kind="text/event-stream;charset=UTF-8")),
        once(answer(b"\xef\xbb\xbf" + REPLY + b"\n\n", kind="text/event-stream")),
        once(answer(REPLY, kind=None)),
        in_pieces,
    ],
    ids=["line", "line end", "mark and blank line", "no label", "pieces"],
)


@LINES
def test_from_the_client(script: Callable[[Peer], object]) -> None:
    with Server(script) as server, Client(KEY, server.url) as client:
        with client.stream_chat_completion(**REQUEST) as stream:
            deltas = list(stream.deltas())
            done = stream.result()
    assert [(delta.kind, delta.text) for delta in deltas] == [("audio", SOUND)]
    assert stream.end == "completed"
    sound = done.choices[0].message.audio
    assert sound is not None
    assert pcm_to_wav(base64.b64decode(sound.data or "")).endswith(PCM)
    assert (done.choices[0].finish_reason, done.usage and done.usage.total_tokens) == ("stop", 25)


@LINES
@pytest.mark.parametrize("shell", ASYNC)
def test_from_asyncio(script: Callable[[Peer], object], shell: str) -> None:
    async def work() -> None:
        async with open_shell(shell, server.url) as client:
            async with client.stream_chat_completion(**REQUEST) as stream:
                deltas = [delta async for delta in stream.deltas()]
                done = await stream.result()
        assert [(delta.kind, delta.text) for delta in deltas] == [("audio", SOUND)]
        sound = done.choices[0].message.audio
        assert sound is not None
        assert (sound.data, stream.end) == (SOUND, "completed")

    with Server(script) as server:
        run(work, shell)
