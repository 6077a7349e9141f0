"""Other people's frameworks, each through a tool loop of three turns, with the relay in front of MiMo's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto.testing import Call, LoopbackServer, Refusal, Turn
from tests.interop.three_turns import RESULTS, TURNS, told
from tests.interop.tool_loops import LOOPS
from tests.support.relaying import relaying

if TYPE_CHECKING:
    from tests.interop.tool_loops import Loop

# What they warn of is theirs.
pytestmark = [pytest.mark.interop, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(120)]

CASES = [
    f"{name} {api} {mode}"
    for name in LOOPS
    for api in ("chat", "responses")
    for mode in ("json", "stream")
    if (name, api) != ("litellm", "responses")
]

FAIL_ALONE = {
    # The thinking of a call does not come back, and MiMo's Chat refuses the history.
    "openai chat json": "BadRequestError",
    "openai chat stream": "BadRequestError",
    "openai-agents chat json": "BadRequestError",
    "openai-agents chat stream": "BadRequestError",
    "langchain-openai chat json": "OpenAIInvalidRequestError",
    "langchain-openai chat stream": "OpenAIInvalidRequestError",
    # The replies lack what OpenAI's types demand.
    "openai responses json": "APIResponseValidationError",
    "openai responses stream": "APIResponseValidationError",
    # The sources of a web search have another form.
    "pydantic-ai chat json": "UnexpectedModelBehavior",
}
"""The loops that MiMo's rules and forms break where no relay stands between, and the error that their users get."""

WEATHER, TIME = (Call(name, {"city": "Harbin"}) for name in ("get_weather", "get_time"))
AT_ONCE = [
    Turn(reasoning="Both.", calls=[WEATHER, TIME]),
    Turn(reasoning="And again.", calls=[TIME, WEATHER]),
    Turn("Cold noon.", reasoning="Enough."),
]


def thoughts(body: Any) -> list[str]:
    """The thinking that a request has back."""
    if "messages" in body:
        return [message["reasoning_content"] for message in body["messages"] if message.get("tool_calls")]
    return [item["content"][0]["text"] for item in body["input"] if item.get("type") == "reasoning"]


def parts_of(case: str) -> tuple[Loop, str, bool]:
    name, api, mode = case.split()
    return LOOPS[name], api, mode == "stream"


@pytest.mark.wrong_requests  # what a kept object has beside the spec's fields is left to MiMo, which filters it
@pytest.mark.parametrize("case", CASES)
def test_it_ends_through_the_relay(server: LoopbackServer, case: str) -> None:
    loop, api, streamed = parts_of(case)
    server.script(TURNS)
    with relaying(server.base_url, server.api_key) as relay:
        assert loop(relay.base_url, relay.api_key, api, streamed) == "Cold noon."
    assert [told(request.body) for request in server.requests] == [[], RESULTS[:1], RESULTS]
    assert [request.streamed for request in server.requests] == [streamed] * 3
    assert [request.path for request in server.requests] == [
        "/v1/chat/completions" if api == "chat" else "/v1/responses"
    ] * 3


@pytest.mark.wrong_requests  # what a kept object has beside the spec's fields is left to MiMo, which filters it
@pytest.mark.parametrize("case", CASES)
def test_calls_at_once_have_their_thinking_back(case: str) -> None:
    loop, api, streamed = parts_of(case)
    with LoopbackServer(strict_null_content=True) as server, relaying(server.base_url, server.api_key) as relay:
        server.script(AT_ONCE)
        assert loop(relay.base_url, relay.api_key, api, streamed) == "Cold noon."
    assert [told(request.body) for request in server.requests] == [[], RESULTS, [*RESULTS, *reversed(RESULTS)]]
    assert thoughts(server.requests[-1].body) == ["Both.", "And again."]


@pytest.mark.parametrize("case", CASES)
def test_they_hear_what_mimo_says(server: LoopbackServer, case: str) -> None:
    loop, api, streamed = parts_of(case)
    server.reply(Refusal(400, param="Not this one."))
    with relaying(server.base_url, server.api_key) as relay, pytest.raises(Exception, match="Not this one"):
        loop(relay.base_url, relay.api_key, api, streamed)


@pytest.mark.parametrize("case", [case for case in CASES if case.endswith("stream")])
def test_they_hear_what_goes_wrong_in_a_stream(server: LoopbackServer, case: str) -> None:
    loop, api, streamed = parts_of(case)
    server.reply(Turn("It is cold in Harbin today."), cut=1200)
    with relaying(server.base_url, server.api_key) as relay, pytest.raises(Exception, match="connection broke"):
        loop(relay.base_url, relay.api_key, api, streamed)


@pytest.mark.wrong_requests  # these go out as they are
@pytest.mark.parametrize("case", CASES)
def test_which_end_without_it(server: LoopbackServer, case: str) -> None:
    loop, api, streamed = parts_of(case)
    server.script(TURNS)
    try:
        ended = loop(server.base_url, server.api_key, api, streamed)
    except Exception as error:  # noqa: BLE001 - each has errors of its own
        ended = type(error).__name__
    assert ended == FAIL_ALONE.get(case, "Cold noon.")
