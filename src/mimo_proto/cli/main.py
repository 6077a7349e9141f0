"""The command line: `mimo-proto`, the same as `python -m mimo_proto`.

Rules:

- What was asked for goes to stdout, everything else (thinking, errors) to stderr, so that the output can be piped on.
- The exit status is 0 for done, 1 for an error of the server, the connection or the data, 2 for a wrong call,
  130 after Ctrl-C and 141 when the reader of the output has gone.
- The key and the base URL come from the environment: MIMO_API_KEY and MIMO_BASE_URL.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from mimo_proto.cli import generate
from mimo_proto.cli.demo import run_demo
from mimo_proto.cli.preflight import check_file
from mimo_proto.cli.text import TextWriter, json_line
from mimo_proto.client import Client
from mimo_proto.endpoints import CHAT_COMPLETIONS, RESPONSES, Endpoint
from mimo_proto.errors import ConfigurationError, MimoError
from mimo_proto.messages import system, user
from mimo_proto.models import Reasoning, Response, Thinking
from mimo_proto.protocol.stream import StreamDecoder
from mimo_proto.protocol.validate import validate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mimo_proto.http.stream import Stream
    from mimo_proto.models import ChatMessage

__all__ = ["main"]

MODEL = "mimo-v2.6-pro"
ENDPOINTS: dict[str, Endpoint[Any, Any, Any]] = {"chat": CHAT_COMPLETIONS, "responses": RESPONSES}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: The arguments behind the program's name; those of the process by default.

    Returns:
        The exit status.
    """
    for out in (sys.stdout, sys.stderr):
        if isinstance(out, io.TextIOWrapper):
            out.reconfigure(errors="backslashreplace")  # text that the terminal's encoding lacks is not an error
    chosen = _parser().parse_args(arguments)
    try:
        status: int = chosen.run(chosen) or 0
        sys.stdout.flush()
    except BrokenPipeError:
        # What is left in the buffer must not be tried again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    except (MimoError, OSError) as error:
        return _fail(str(error), 2 if isinstance(error, ConfigurationError) else 1)
    return status


def _fail(message: str, status: int) -> int:
    sys.stdout.flush()
    print(f"mimo-proto: {message}", file=sys.stderr)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mimo-proto", description="Talk to Xiaomi MiMo, and look at what it says.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    model_option = argparse.ArgumentParser(add_help=False)
    model_option.add_argument("--model", default=MODEL, help="which model answers (%(default)s)")

    demo_help = "five exchanges: with MiMo if MIMO_API_KEY is set, else with a local stand-in"
    commands.add_parser("demo", help=demo_help, parents=[model_option]).set_defaults(run=_demo)
    commands.add_parser("models", help="list the models, one a line").set_defaults(run=_models)

    for name, run, what in (("chat", _chat, "Chat Completions"), ("respond", _respond, "the Responses API")):
        ask_help = f"ask through {what}; the answer is shown as it is written"
        ask = commands.add_parser(name, help=ask_help, parents=[model_option])
        ask.add_argument("prompt", help="what to ask; - reads it from stdin")
        ask.add_argument("--instructions", help="what the model is told before")
        ask.add_argument("--no-thinking", action="store_true", help="answer without thinking first")
        ask.set_defaults(run=run)

    decode = commands.add_parser("decode", help="turn a recorded stream into events, one JSON object a line")
    decode.add_argument("endpoint", choices=ENDPOINTS, help="which API it came from")
    decode.add_argument("file", nargs="?", default="-", help="the server-sent events; - is stdin (the default)")
    decode.set_defaults(run=_decode)

    check = commands.add_parser("validate", help="check requests against the spec")
    check.add_argument("file", nargs="+", help="a file with the JSON of a request; - is stdin")
    check.set_defaults(run=_validate)

    look = commands.add_parser("preflight", help="say what MiMo would refuse, ignore or do otherwise than one thinks")
    look.add_argument("file", nargs="+", help="a file with the JSON of a request, or of one on each line; - is stdin")
    look.add_argument("--today", type=date.fromisoformat, metavar="YYYY-MM-DD", help="the day on which it is sent")
    look.set_defaults(run=_preflight)
    generate_help = "write models of the spec, with your additions to it"
    generate.add_options(commands.add_parser("generate", help=generate_help))
    return parser


def _demo(chosen: argparse.Namespace) -> None:
    run_demo(chosen.model)


def _models(_: argparse.Namespace) -> None:
    with Client() as client:
        for model in client.list_models().data:
            print(model.id)


def _chat(chosen: argparse.Namespace) -> int:
    instructions = [system(chosen.instructions)] if chosen.instructions else []
    thinking = Thinking(type="disabled" if chosen.no_thinking else "enabled")
    with Client() as client:
        messages: list[ChatMessage] = [*instructions, user(_prompt(chosen))]
        return _show(client.stream_chat_completion(model=chosen.model, messages=messages, thinking=thinking))


def _respond(chosen: argparse.Namespace) -> int:
    more: dict[str, Any] = {"instructions": chosen.instructions} if chosen.instructions else {}
    if chosen.no_thinking:
        more["reasoning"] = Reasoning(effort="none")
    with Client() as client:
        return _show(client.stream_response(model=chosen.model, input=_prompt(chosen), **more))


def _show(stream: Stream[Any, Any]) -> int:
    """Show the text as it comes; the exit status."""
    writer = TextWriter(sys.stdout, sys.stderr)
    with stream:
        for delta in stream.deltas():
            writer.show(delta)
        writer.end()
        result = stream.result()
    if isinstance(result, Response) and result.status == "failed":
        said = [result.error.code, result.error.message] if result.error else []
        reason = ": ".join(str(part) for part in said if part is not None) or "the server gives no reason"
        return _fail(f"the response has failed: {reason}", 1)
    return 0


def _prompt(chosen: argparse.Namespace) -> str:
    return sys.stdin.read() if chosen.prompt == "-" else chosen.prompt


def _decode(chosen: argparse.Namespace) -> None:
    with _opened(chosen.file) as file:
        chunks = iter(lambda: file.read1(65_536), b"")  # a pipe's bytes as they come, not when a block is full
        for event in StreamDecoder(ENDPOINTS[chosen.endpoint]).events(chunks):
            print(json_line(event), flush=True)


def _validate(chosen: argparse.Namespace) -> int:
    status = 0
    for name in chosen.file:
        with _opened(name) as file:
            data: bytes = file.read()
        try:
            request = validate(msgspec.json.decode(data, type=dict[str, Any]))
            print(f"{name}: a {type(request).__name__}")
        except (MimoError, msgspec.DecodeError) as error:
            status = _fail(f"{name}: {error}", 1)
    return status


def _preflight(chosen: argparse.Namespace) -> int:
    status = 0
    for name in chosen.file:
        with _opened(name) as file:
            data: bytes = file.read()
        for place, found in check_file(name, data, chosen.today):
            if isinstance(found, str):
                status = _fail(f"{place}: {found}", 1)
                continue
            for each in found:
                status |= each.severity == "refused"
                print(f"{place}: {each.severity} {each.path}: {each.message} ({each.code}; {each.source})")
    return status


def _opened(name: str) -> AbstractContextManager[Any]:
    return nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb")
