"""`mimo-proto chat` and `respond`: ask, and show the answer as it is written.

Rules: what comes on stdin stands before the prompt, as in `mimo-proto chat "What is wrong here?" < app.py`; a terminal
is read only where the prompt is `-`.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from mimo_proto.cli.connection import open_client
from mimo_proto.cli.output import fail, fail_if_failed
from mimo_proto.cli.text import TextWriter, takes_dimming
from mimo_proto.errors import InvalidRequestError
from mimo_proto.messages import system, user
from mimo_proto.models import Reasoning, Thinking

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from mimo_proto.client import Client
    from mimo_proto.http.stream import Stream

__all__ = ["add_commands"]


def add_commands(add: Callable[..., argparse.ArgumentParser], parents: list[argparse.ArgumentParser]) -> None:
    """Add the commands.

    Args:
        add: Makes the parser of a command.
        parents: The parsers of the options that they share with others.
    """
    for name, stream, what in (("chat", _chat, "Chat Completions"), ("respond", _respond, "the Responses API")):
        ask_help = f"ask through {what}; the answer is shown as it is written"
        ask = add(name, help=ask_help, parents=parents)
        ask.add_argument("prompt", nargs="?", default="", help="what to ask, behind what comes on stdin; - is stdin")
        ask.add_argument("--instructions", metavar="TEXT", help="what the model is told before")
        ask.add_argument("--no-thinking", action="store_true", help="answer without thinking first")
        ask.set_defaults(run=_ask, stream=stream)


def _ask(chosen: argparse.Namespace) -> int:
    prompt = _read_prompt(chosen.prompt)
    if not prompt.strip():
        return fail("there is nothing to ask: give a prompt, or a text on stdin", 2)
    with open_client(chosen) as client:
        return _show(chosen.stream(client, chosen, prompt))


def _chat(client: Client, chosen: argparse.Namespace, prompt: str) -> Stream[Any, Any]:
    instructions = [system(chosen.instructions)] if chosen.instructions else []
    thinking = Thinking(type="disabled" if chosen.no_thinking else "enabled")
    return client.stream_chat_completion(model=chosen.model, messages=[*instructions, user(prompt)], thinking=thinking)


def _respond(client: Client, chosen: argparse.Namespace, prompt: str) -> Stream[Any, Any]:
    more: dict[str, Any] = {"instructions": chosen.instructions} if chosen.instructions else {}
    if chosen.no_thinking:
        more["reasoning"] = Reasoning(effort="none")
    return client.stream_response(model=chosen.model, input=prompt, **more)


def _show(stream: Stream[Any, Any]) -> int:
    """Show the text as it comes; the exit status."""
    writer = TextWriter(sys.stdout, sys.stderr, dim=takes_dimming(sys.stderr, os.environ))
    with stream:
        try:
            for delta in stream.deltas():
                writer.show(delta)
        finally:
            writer.end()
        return fail_if_failed(stream.result())


def _read_prompt(given: str) -> str:
    """Put what comes on stdin before the prompt that was given.

    Raises:
        InvalidRequestError: What comes on stdin is not text.
    """
    asked = "" if given == "-" else given
    if sys.stdin is None or (sys.stdin.isatty() and given != "-"):
        return asked
    try:
        piped = sys.stdin.read()
    except UnicodeDecodeError as error:
        raise InvalidRequestError(f"what comes on stdin is not text: {error}") from None
    if not (asked.strip() and piped.strip()):
        return asked if asked.strip() else piped
    return f"{piped.rstrip()}\n\n{asked}"
