"""The fixture for services: each test here is a pytest run of its own, over a project with a conftest of one line."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.commands import run_pytest

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

HEAD = """
import os
import pytest
from mimo_proto import Client, user
from mimo_proto.testing import LoopbackServer, Turn

def ask() -> str:
    with Client() as client:
        messages = [user("hi")]
        done = client.create_chat_completion(model="mimo-v2.6-pro", messages=messages)
        return done.choices[0].message.content
"""
CONFTEST = 'pytest_plugins = ["mimo_proto.testing.pytest"]\n'


@pytest.fixture
def run(tmp_path: Path) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Run the tests of a project, which are given without their imports."""

    def run_tests(tests: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "conftest.py").write_text(CONFTEST, "utf-8")
        (tmp_path / "test_service.py").write_text(HEAD + textwrap.dedent(tests), "utf-8")
        return run_pytest(tmp_path)

    return run_tests


def test_a_server_for_each_test_which_the_environment_names(
    run: Callable[[str], subprocess.CompletedProcess[str]],
) -> None:
    outcome = run(
        """
        def test_one(mimo_server: LoopbackServer) -> None:
            mimo_server.reply(Turn("42"))
            assert ask() == "42"
            assert len(mimo_server.requests) == 1

        def test_two(mimo_server: LoopbackServer) -> None:
            assert mimo_server.requests == []
            mimo_server.reply(Turn("always"), every=True)
            assert [ask(), ask()] == ["always", "always"]

        def test_without() -> None:
            assert "MIMO_API_KEY" not in os.environ
        """
    )
    assert (outcome.returncode, outcome.stderr) == (0, ""), outcome.stdout
    assert "3 passed" in outcome.stdout


def test_scripted_replies_that_are_left_fail_the_test(
    run: Callable[[str], subprocess.CompletedProcess[str]],
) -> None:
    outcome = run(
        """
        @pytest.fixture
        def service(request):
            return request.getfixturevalue("mimo_server")

        def test_one(service) -> None:
            service.script([Turn("42"), Turn("43"), Turn("44")])
            assert ask() == "42"

        def test_two(mimo_server) -> None:
            mimo_server.reply(Turn("42"))

        def test_that_fails_by_itself(mimo_server) -> None:
            mimo_server.reply(Turn("42"))
            assert ask() == "43"
            mimo_server.reply(Turn("44"))
        """
    )
    assert outcome.returncode == 1
    assert "3 failed" in outcome.stdout
    two = "2 scripted replies were taken by no request; the requests that came: POST /v1/chat/completions\n"
    assert two in outcome.stdout
    assert "1 scripted reply was taken by no request; the requests that came: none\n" in outcome.stdout
    assert outcome.stdout.count("the requests that came") == 2  # nothing is added to a failure


def test_what_a_function_of_the_script_raises_is_an_error_of_the_test(
    run: Callable[[str], subprocess.CompletedProcess[str]],
) -> None:
    outcome = run(
        """
        from mimo_proto import ServerError

        def test_one(mimo_server: LoopbackServer) -> None:
            def fail(request):
                raise LookupError("my own mistake")

            mimo_server.reply(fail)
            with pytest.raises(ServerError):
                ask()
        """
    )
    assert outcome.returncode == 1
    assert "LookupError: my own mistake" in outcome.stdout


def test_nothing_is_switched_on_by_itself(tmp_path: Path) -> None:
    """An installed plugin would load this package in every run of pytest; there is no entry point."""
    outcome = run_pytest(tmp_path, "--fixtures")
    assert "monkeypatch" in outcome.stdout
    assert "mimo_server" not in outcome.stdout


def test_the_page_does_what_it_says(tmp_path: Path) -> None:
    """docs/how-to-test.md has the conftest and a test of a service; here is the service."""
    page = (Path(__file__).parents[2] / "docs" / "how-to-test.md").read_text("utf-8")
    conftest, test = re.findall(r"^```py\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    service = HEAD + "\n\ndef describe(file: str) -> str:\n    return ask()\n"
    for name, text in (("conftest", conftest), ("shop", service), ("test_shop", test)):
        (tmp_path / f"{name}.py").write_text(text, "utf-8")
    outcome = run_pytest(tmp_path)
    assert (outcome.returncode, outcome.stderr) == (0, ""), outcome.stdout
    assert "1 passed" in outcome.stdout
