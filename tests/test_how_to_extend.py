"""An overlay from end to end: what docs/how-to-extend.md says is done word for word, then looked at more closely."""

from __future__ import annotations

import importlib
import json
import os
import pickle
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

import mimo_proto
from mimo_proto import (
    CHAT_COMPLETIONS,
    RESPONSES,
    Client,
    Endpoint,
    HTTPRequest,
    InvalidRequestError,
    ResponseAccumulator,
    StreamDecoder,
    build_request,
    parse_response,
    to_request,
    user,
    validate,
)
from mimo_proto.kept_fields import unknown_fields
from tests.support.payloads import CHAT, DONE, RESPONSE, chat_chunk, choice_chunk, response_delta, response_event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from mimo_proto.testing import LoopbackServer

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/how-to-extend.md").read_text("utf-8")
EXAMPLE = ROOT / "examples/overlay/my_spec"
JSON_HEAD = {"content-type": "application/json"}

pytestmark = pytest.mark.wrong_requests  # that is, wrong by our own spec


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that looks like a checkout, with the page's overlay in it, and with what the page's commands make."""
    root = tmp_path_factory.mktemp("checkout")
    for name in ("codegen", "spec"):
        (root / name).symlink_to(ROOT / name)
    (root / "my_spec").mkdir()
    for name, text in re.findall(r"in `(my_spec/\w+\.json)`[^\n]*:\n\n```json\n(.*?)```", PAGE, re.DOTALL):
        (root / name).write_text(text, "utf-8")
    [version] = re.findall(r"`my_spec/VERSION`.* with `([^`]+)` in it", PAGE)
    (root / "my_spec/VERSION").write_text(f"{version}\n", "utf-8")
    return root


@pytest.fixture(scope="module")
def said(checkout: Path) -> list[str]:
    """What the page's commands print."""
    _, commands = blocks("sh")
    # A checkout has the generator under a name of its own; tests/test_wheel.py has that of the page.
    commands = commands.replace("mimo-proto generate", "python -m codegen").replace("mimo_proto.codegen", "codegen")
    lines = [[sys.executable, *shlex.split(line)[1:]] for line in commands.splitlines()]
    return [subprocess.run(line, cwd=checkout, check=True, capture_output=True, text=True).stdout for line in lines]


@pytest.fixture
def models(checkout: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The package that was generated."""
    monkeypatch.setattr(sys, "path", [str(checkout), *sys.path])
    yield importlib.import_module("my_package.models")
    for name in [name for name in sys.modules if name.partition(".")[0] == "my_package"]:
        del sys.modules[name]


@pytest.fixture
def chat(models: ModuleType) -> Endpoint[Any, Any, Any]:
    return CHAT_COMPLETIONS.with_types(
        request=models.ChatCompletionRequest, reply=models.ChatCompletion, event=models.ChatCompletionChunk
    )


@pytest.fixture
def mine(models: ModuleType) -> Endpoint[Any, Any, Any]:
    return RESPONSES.with_types(request=models.ResponseRequest, reply=models.Response, event=models.ResponseStreamEvent)


# An emoji cut in two, as in `surrogates`: the halves are told as escapes.
TRANSLATED = [
    choice_chunk({"role": "assistant", "content": "Hello", "translation": "Bon"}),
    choice_chunk({"content": " you", "translation": "jour \ud83d"}),
    choice_chunk({"translation": "\ude00"}, "stop"),
    DONE,
]
WHOLE: dict[str, Any] = {
    **CHAT,
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello you", "translation": "Bonjour 😀"}}],
}
QUEUED = [
    response_event("response.queued", position=3, sequence_number=0, mood="new"),
    response_delta("Hello"),
    response_event("response.completed", response=RESPONSE),
]


# The page


def test_the_overlay_on_the_page_is_the_example(checkout: Path) -> None:
    written, example = ({path.name: path.read_text("utf-8") for path in directory.iterdir()} for directory in
                        (checkout / "my_spec", EXAMPLE))  # fmt: skip
    assert written == example
    assert len(written) == 4


def test_the_commands_say_what_the_page_says(said: list[str], models: ModuleType) -> None:
    assert said[:2] == ["", ""]
    ours = (ROOT / "spec/VERSION").read_text("utf-8").strip()
    assert f"{ours}+mine.1" == models.SPEC_VERSION
    assert said[2] == (
        f"spec {ours} -> {ours}+mine.1: 5 changes, 0 breaking\n"
        "compatible ChatCompletionRequest.reasoning_effort (sent): added, optional\n"
        "compatible ChatCompletionMessage.translation (received): added, optional\n"
        "compatible ChoiceDelta.translation (received): added, optional\n"
        "compatible ResponseStreamEvent (received): member ResponseQueued added\n"
        "compatible ResponseQueued (received): added\n"
    )


def test_the_header_says_where_it_comes_from(checkout: Path, models: ModuleType) -> None:
    for name, source in (
        ("chat_request", "spec/chat_request.json and my_spec/chat_request.json"),
        ("errors", "spec/errors.json"),
        ("__init__", "spec/ and my_spec/"),
    ):
        first = (checkout / f"my_package/models/{name}.py").read_text("utf-8").partition("\n")[0]
        mark = "# Generated by mimo-proto from"
        assert first == f"{mark} {source}. Do not edit: change the schema, and generate again."
    assert "Our gateway sends it; MiMo does not." in models.ResponseQueued.__doc__


def test_the_code_runs(
    models: ModuleType, server: LoopbackServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIMO_API_KEY", server.api_key)
    monkeypatch.setenv("MIMO_BASE_URL", server.base_url)
    for body in (b"".join(TRANSLATED), WHOLE, b"".join(QUEUED)):
        server.reply(body)
    over_http, without = blocks("python no-run")

    def my_http(_: HTTPRequest) -> list[bytes]:
        return TRANSLATED

    def json_of_my_http(_: HTTPRequest) -> bytes:
        return json.dumps(WHOLE).encode()

    names: dict[str, Any] = {"my_http": my_http, "json_of_my_http": json_of_my_http}
    exec(compile(over_http, "docs/how-to-extend.md", "exec"), names)
    assert capsys.readouterr().out.splitlines() == [
        *("Bon", "jour ", "😀"),
        "Hello you Bonjour 😀",
        "Bonjour 😀",
        "waiting, place 3",
        "Hello world",
    ]
    # What is sent, and what was said goes back.
    assert [request.body.get("reasoning_effort") for request in server.requests] == ["low", "low", None]
    assert server.requests[1].body["messages"][1] == WHOLE["choices"][0]["message"]
    exec(compile(without, "docs/how-to-extend.md", "exec"), names)
    assert capsys.readouterr().out.splitlines() == ["Bonjour 😀", "Bonjour 😀"]


def test_a_subclass_does_without_the_generator(
    server: LoopbackServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIMO_API_KEY", server.api_key)
    monkeypatch.setenv("MIMO_BASE_URL", server.base_url)
    server.reply(WHOLE)
    [by_hand] = blocks("python")
    names: dict[str, Any] = {"__name__": "by_hand"}
    exec(compile(by_hand, "docs/how-to-extend.md", "exec", dont_inherit=True), names)
    assert capsys.readouterr().out == "Hello you Bonjour 😀\n"
    assert server.requests[0].body["reasoning_effort"] == "low"
    wrong = {"model": "m", "messages": [user("hi")], "reasoning_effort": "huge"}
    with pytest.raises(InvalidRequestError, match="reasoning_effort"):
        validate(wrong, names["MyRequest"])


@pytest.mark.parametrize("checker", [["mypy", "--config-file=", "--strict"], ["pyright"]], ids=lambda each: each[0])
def test_type_checkers_take_the_subclass(tmp_path: Path, checker: list[str]) -> None:
    pytest.importorskip(checker[0])
    source = Path(mimo_proto.__file__).parents[1]
    paths = {} if "site-packages" in source.parts else {"MYPYPATH": str(source)}
    settings = {"typeCheckingMode": "strict", "extraPaths": [str(source)], "include": ["by_hand.py"]}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    (tmp_path / "by_hand.py").write_text(blocks("python")[0], "utf-8")
    command = [sys.executable, "-m", *checker, "by_hand.py"]
    if checker == ["pyright"]:
        command.insert(3, f"--pythonpath={sys.executable}")
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, **paths}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


# More closely


def test_requests_are_held_to_the_extended_spec(chat: Endpoint[Any, Any, Any], models: ModuleType) -> None:
    good = {"model": "m", "messages": [user("hi")], "reasoning_effort": "low"}
    assert validate(good, chat.request).reasoning_effort == "low"
    built = json.loads(build_request(chat, good, api_key="sk-1").body or b"")
    assert built == json.loads(build_request(chat, models.ChatCompletionRequest(**good), api_key="sk-1").body or b"")
    assert built["reasoning_effort"] == "low"
    for endpoint, wrong in ((chat, {**good, "reasoning_effort": "huge"}), (CHAT_COMPLETIONS, good)):
        with pytest.raises(InvalidRequestError) as refused:
            build_request(endpoint, wrong, api_key="sk-1")
        assert refused.value.path == "$.reasoning_effort"


@pytest.mark.parametrize("pieces", [1, 7, 10_000])
def test_the_new_event_is_typed_under_every_cut(mine: Endpoint[Any, Any, Any], models: ModuleType, pieces: int) -> None:
    body = b"".join(QUEUED)
    total = ResponseAccumulator(mine)
    events = list(StreamDecoder(mine).events(body[at : at + pieces] for at in range(0, len(body), pieces)))
    for each in events:
        total.add(each)
    assert isinstance(events[0], models.ResponseQueued)
    assert (events[0].position, events[0].sequence_number) == (3, 0)
    assert unknown_fields(events[0]) == {"mood": "new"}
    assert events[0].type == "response.queued"
    assert type(total.result()) is models.Response
    assert total.result().output_text == "Hello world"
    # Without the overlay it is not lost either.
    assert next(StreamDecoder(RESPONSES).events([body])) == json.loads(QUEUED[0].partition(b"data: ")[2])


def test_endpoints_can_be_made_with_replace(models: ModuleType, mine: Endpoint[Any, Any, Any]) -> None:
    assert mine == msgspec.structs.replace(
        RESPONSES, request=models.ResponseRequest, reply=models.Response, event=models.ResponseStreamEvent
    )


def test_a_broken_stream_tells_what_had_come(mine: Endpoint[Any, Any, Any], models: ModuleType) -> None:
    total = ResponseAccumulator(mine)
    for each in StreamDecoder(mine).feed(b"".join(QUEUED[:2])):
        total.add(each)
    partial = total.partial()
    assert partial is not None
    assert type(partial) is models.Response
    assert partial.output_text == "Hello"


def test_what_the_server_adds_beyond_the_overlay_goes_back(chat: Endpoint[Any, Any, Any], models: ModuleType) -> None:
    said = {**WHOLE["choices"][0]["message"], "signature": "x", "tool_calls": None, "content": None}
    body = json.dumps({"choices": [{"message": said}]}).encode()
    message = parse_response(chat, 200, JSON_HEAD, body).choices[0].message
    assert isinstance(message, models.ChatCompletionMessage)
    back = to_request(message, models.AssistantMessage)
    assert isinstance(back, models.AssistantMessage)
    assert pickle.loads(pickle.dumps(back)) == back
    assert json.loads(msgspec.json.encode(back)) == {
        "role": "assistant",
        "content": "",
        "translation": "Bonjour 😀",
        "signature": "x",
    }
    # Without being told whose, it goes back as ours, with the same words.
    assert json.loads(msgspec.json.encode(to_request(message))) == json.loads(msgspec.json.encode(back))


def test_the_client_takes_events_that_are_not_known_to_it(
    server: LoopbackServer, mine: Endpoint[Any, Any, Any]
) -> None:
    server.reply(chat_chunk("x", "stop") + DONE)
    server.reply(b"".join(QUEUED))
    with Client(server.api_key, server.base_url) as client:
        stream = client.stream(CHAT_COMPLETIONS, {"model": "m", "messages": [user("hi")]})
        assert stream.result().choices[0].message.content == "x"
        assert [each.type for each in client.stream(mine, {"model": "m", "input": "hi"})] == [
            *("response.queued", "response.output_text.delta", "response.completed")
        ]
