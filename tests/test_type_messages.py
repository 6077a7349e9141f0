"""What type checkers say about a wrong call: one line names the keyword that is wrong, missing or ill-typed.

The first line of each message is held, up to where the types are listed that a keyword may have. That of `model` shows
that the known ids are not lost among all texts: editors complete them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

import mimo_proto

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE = Path(mimo_proto.__file__).parents[1]

HEAD = """
from mimo_proto import Client, ChatCompletionRequest, user

client = Client()
"""


class Call(NamedTuple):
    """A wrong call, and how the first line of what each type checker says begins."""

    code: str
    mypy: str
    pyright: str


CALLS = [
    Call(
        'client.create_chat_completion(model="m")',
        'Missing named argument "messages" for "create_chat_completion" of "Client"',
        'Argument missing for parameter "messages"',
    ),
    Call(
        'client.create_chat_completion(messages=[user("hi")])',
        'Missing named argument "model" for "create_chat_completion" of "Client"',
        'Argument missing for parameter "model"',
    ),
    Call(
        'client.create_chat_completion(modle="m", model="m", messages=[user("hi")])',
        'Unexpected keyword argument "modle" for "create_chat_completion" of "Client"',
        'No parameter named "modle"',
    ),
    Call(
        'client.stream_chat_completion(model="m", messages=[user("hi")], timeout=5)',
        'Unexpected keyword argument "timeout" for "stream_chat_completion" of "Client"; did you mean "timeouts"?',
        'No parameter named "timeout"',
    ),
    Call(
        'client.create_chat_completion(model="m", messages=[user("hi")], timeouts=5)',
        'Argument "timeouts" to "create_chat_completion" of "Client" has incompatible type "int"; expected "Timeouts',
        'Argument of type "Literal[5]" cannot be assigned to parameter "timeouts" of type "Timeouts | None"',
    ),
    Call(
        'client.create_chat_completion(model=5, messages=[user("hi")])',
        'Argument "model" to "create_chat_completion" of "Client" has incompatible type "Literal[5]"; expected '
        "\"Literal['mimo-v2.6-pro', ",
        'Argument of type "Literal[5]" cannot be assigned to parameter "model" of type "str | '
        "Literal['mimo-v2.6-pro', ",
    ),
    Call(
        'client.create_chat_completion(model="m", messages=[user("hi")], temperature="hot")',
        'Argument "temperature" to "create_chat_completion" of "Client" has incompatible type "str"; expected "float"',
        'Argument of type "Literal[\'hot\']" cannot be assigned to parameter "temperature" of type "float"',
    ),
    Call(
        'client.create_response(model="m", input=5)',
        'Argument "input" to "create_response" of "Client" has incompatible type "int"; expected "str | Sequence[',
        'Argument of type "Literal[5]" cannot be assigned to parameter "input" of type "str | Sequence[',
    ),
    Call(
        'client.stream_response(model="m")',
        'Missing named argument "input" for "stream_response" of "Client"',
        'Argument missing for parameter "input"',
    ),
    Call(
        'client.create_chat_completion("hi")',
        'Missing named argument "model" for "create_chat_completion" of "Client"',
        'Arguments missing for parameters "model", "messages"',
    ),
    Call(
        "Client(max_retries=2)",
        'Unexpected keyword argument "max_retries" for "Client"',
        'No parameter named "max_retries"',
    ),
    Call("client.chat", '"Client" has no attribute "chat"', 'Cannot access attribute "chat" for class "Client"'),
]
RIGHT = """
arguments: dict[str, str] = {}
model = str(arguments)
client.create_chat_completion(model=model, messages=[user("hi"), {"role": "user", "content": "hi"}])
client.create_chat_completion(model="mimo-v2.6-pro", messages=[user("hi")], timeouts=None)
"""


def write(folder: Path) -> Path:
    """A program with each call on a line of its own, so that its line number tells which one is meant."""
    program = folder / "calls.py"
    program.write_text(HEAD + "\n".join(call.code for call in CALLS) + RIGHT, "utf-8")
    return program


def first_messages(messages: list[tuple[int, str]]) -> Mapping[int, str]:
    """The first line of the first message of each line of the program, by its place in CALLS."""
    first: dict[int, str] = {}
    for line, message in messages:
        first.setdefault(line - HEAD.count("\n") - 1, message.partition("\n")[0])
    return first


def check(found: Mapping[int, str], expected: list[str]) -> None:
    assert found.keys() == set(range(len(CALLS))), "each wrong call is refused, and nothing else is"
    for place, message in found.items():
        assert message.startswith(expected[place]), CALLS[place].code


def test_mypy_names_the_keyword(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    program = write(tmp_path)
    source = {} if "site-packages" in SOURCE.parts else {"MYPYPATH": str(SOURCE)}
    mypy = [sys.executable, "-m", "mypy", "--config-file=", "--strict", program.name]
    checked = subprocess.run(
        mypy, cwd=tmp_path, env={**os.environ, **source}, capture_output=True, text=True, check=False
    )
    found = re.findall(rf"^{program.name}:(\d+): error: (.*)$", checked.stdout, re.MULTILINE)
    check(first_messages([(int(line), message) for line, message in found]), [call.mypy for call in CALLS])


def test_pyright_names_the_keyword(tmp_path: Path) -> None:
    pytest.importorskip("pyright")
    program = write(tmp_path)
    settings = {"typeCheckingMode": "standard", "extraPaths": [str(SOURCE)]}
    tmp_path.joinpath("pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    pyright = [sys.executable, "-m", "pyright", "--outputjson", f"--pythonpath={sys.executable}", program.name]
    checked = subprocess.run(pyright, cwd=tmp_path, capture_output=True, text=True, check=False)
    found = [
        (each["range"]["start"]["line"] + 1, each["message"])
        for each in json.loads(checked.stdout)["generalDiagnostics"]
    ]
    check(first_messages(found), [call.pyright for call in CALLS])
