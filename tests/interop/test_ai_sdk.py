"""The AI SDK's providers, each through a tool loop of three turns, with the relay in front of MiMo's rules.

`make interop` installs the packages beside the interpreter where node is there; elsewhere these tests are skipped.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mimo_proto.testing import Refusal, Turn
from tests.interop.three_turns import RESULTS, TURNS, told
from tests.support.relaying import relaying

if TYPE_CHECKING:
    from mimo_proto.testing import LoopbackServer

PACKAGES = Path(sys.prefix) / "node"
SCRIPT = Path(__file__).parent / "ai_sdk" / "tool_loop.mjs"
NODE = shutil.which("node") or ""

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(not (NODE and (PACKAGES / "node_modules").is_dir()), reason="needs node and make interop"),
    pytest.mark.timeout(120),
]

PATHS = {
    "openai-compatible": "/v1/chat/completions",
    "openai-chat": "/v1/chat/completions",
    "openai-responses": "/v1/responses",
    "open-responses": "/v1/responses",
}
FAIL_ALONE = {
    "openai-chat": r"The reasoning_content in the thinking mode must be passed back to the API\.",
    "openai-responses": r"Invalid value \\?'item_reference\\?'",
}
"""The providers that MiMo's rules break where no relay stands between, and what MiMo says to them."""

PROVIDERS = pytest.mark.parametrize("provider", PATHS)
MODES = pytest.mark.parametrize("mode", ["json", "stream"])


def loop(base_url: str, api_key: str, provider: str, mode: str) -> subprocess.CompletedProcess[str]:
    # Node looks for packages beside the script.
    script = shutil.copy(SCRIPT, PACKAGES)
    command = [NODE, script, base_url, api_key, provider, mode]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=False)


@PROVIDERS
@MODES
def test_it_ends_through_the_relay(server: LoopbackServer, provider: str, mode: str) -> None:
    server.script(TURNS)
    with relaying(server.base_url, server.api_key) as relay:
        ended = loop(relay.base_url, relay.api_key, provider, mode)
    assert (ended.stdout, ended.returncode) == ("Cold noon.", 0), ended.stderr
    assert [told(request.body) for request in server.requests] == [[], RESULTS[:1], RESULTS]
    assert [request.streamed for request in server.requests] == [mode == "stream"] * 3
    assert [request.path for request in server.requests] == [PATHS[provider]] * 3


@PROVIDERS
@MODES
def test_they_hear_what_mimo_says(server: LoopbackServer, provider: str, mode: str) -> None:
    server.reply(Refusal(429, "Come again later", None, type="limitation"))
    with relaying(server.base_url, server.api_key) as relay:
        ended = loop(relay.base_url, relay.api_key, provider, mode)
    assert ended.returncode != 0
    assert re.search(r"AI_APICallError.*Come again later", ended.stderr)


@PROVIDERS
def test_they_hear_what_goes_wrong_in_a_stream(server: LoopbackServer, provider: str) -> None:
    server.reply(Turn("It is cold in Harbin today."), cut=1200)
    with relaying(server.base_url, server.api_key) as relay:
        ended = loop(relay.base_url, relay.api_key, provider, "stream")
    assert ended.returncode != 0
    assert re.search(r"Error.*connection broke", ended.stderr)


@pytest.mark.wrong_requests  # these go out as they are
@PROVIDERS
@MODES
def test_which_end_without_it(server: LoopbackServer, provider: str, mode: str) -> None:
    server.script(TURNS)
    ended = loop(server.base_url, server.api_key, provider, mode)
    assert (ended.returncode == 0) == (provider not in FAIL_ALONE)
    assert re.search(FAIL_ALONE.get(provider, ""), ended.stderr)
