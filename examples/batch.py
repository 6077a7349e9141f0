"""Ask many things on one machine: `python batch.py questions.jsonl answers.jsonl`.

- A line in: `{"id": "1", "request": {"model": "mimo-v2.6-pro", "messages": [...]}}`; a line out: the id and the answer.
- At most so many requests are open at a time (`--at-once`), and no more lines are read than are asked.
- Answers are written as they come. Started again, it asks for what is missing, be it that it was killed.
- What cannot be answered is told, not written; the exit status is 1 then.
"""

import argparse
import asyncio
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from mimo_proto import (
    CHAT_COMPLETIONS,
    AsyncClient,
    AuthenticationError,
    ChatCompletion,
    InsufficientBalanceError,
    MimoError,
    RemoteProtocolError,
    RetryPolicy,
    TransportError,
)

# What MiMo refuses for the moment is asked again by the client.
RETRY = RetryPolicy(attempts=8, connection_lost=True)
# An answer that broke on its way is asked for again by `ask`: it may be billed twice, which the client does not risk.
TRIES = 8
# No other line would fare better.
FOR_ALL = (AuthenticationError, InsufficientBalanceError)


class Question(Struct):
    """A line that comes in."""

    id: str
    request: dict[str, Any]


class Answer(Struct):
    """A line that goes out."""

    id: str
    response: ChatCompletion


class Identified(Struct):
    """What is read of a line where only the id counts."""

    id: str


class Batch(NamedTuple):
    """What the workers share."""

    client: AsyncClient
    questions: Iterator[Question]
    out: BinaryIO
    progress: Progress
    failed: list[str]


def read_done(path: Path) -> set[str]:
    """Give the ids that have their answers; what a killed process left of a line is cut off."""
    if not path.exists():
        return set()
    with path.open("rb+") as file:
        done: set[str] = set()
        whole = 0
        for line in file:
            if line.endswith(b"\n"):
                done.add(msgspec.json.decode(line, type=Identified).id)
                whole += len(line)
        file.truncate(whole)
    return done


def read_ids(path: Path) -> set[str]:
    """Give the ids of all questions, each of which has to have its own."""
    ids: set[str] = set()
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                name = msgspec.json.decode(line, type=Question).id
            except msgspec.DecodeError as error:
                raise SystemExit(f"{path}, line {number}: {error}") from None
            if name in ids:
                raise SystemExit(f"{path}, line {number}: the id {name!r} was there before")
            ids.add(name)
    return ids


def read_questions(path: Path, done: set[str]) -> Iterator[Question]:
    """Give the questions that have no answer yet, one after the other."""
    with path.open("rb") as file:
        for line in file:
            question = msgspec.json.decode(line, type=Question)
            if question.id not in done:
                yield question


async def ask(client: AsyncClient, request: dict[str, Any]) -> ChatCompletion:
    """Ask until an answer is whole."""
    for attempt in range(1, TRIES):
        try:
            return (await client.send(CHAT_COMPLETIONS, request)).value
        except (TransportError, RemoteProtocolError):
            await asyncio.sleep(random.random() * min(8, 0.1 * 2**attempt))
    return (await client.send(CHAT_COMPLETIONS, request)).value


async def work(batch: Batch) -> None:
    """Take one question after the other."""
    for question in batch.questions:
        try:
            answer = Answer(question.id, await ask(batch.client, question.request))
        except FOR_ALL:
            raise
        except MimoError as error:
            batch.failed.append(f"{question.id}: {error}")
        else:
            batch.out.write(msgspec.json.encode(answer) + b"\n")  # one write, so that lines do not mix
        batch.progress.advance(batch.progress.task_ids[0])


async def run(source: Path, target: Path, at_once: int) -> list[str]:
    """Answer what has no answer yet, and say what could not be answered."""
    ids = read_ids(source)
    done = read_done(target) & ids
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    async with AsyncClient(retry=RETRY, pool_size=at_once) as client:
        with target.open("ab", buffering=0) as out, Progress(*columns, console=Console(stderr=True)) as progress:
            progress.add_task("answered", total=len(ids), completed=len(done))
            batch = Batch(client, read_questions(source, done), out, progress, [])
            async with asyncio.TaskGroup() as tasks:
                for _ in range(at_once):
                    tasks.create_task(work(batch))
    return batch.failed


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Ask MiMo many things, and lose no answer.")
    parser.add_argument("source", type=Path, help="the questions, JSON Lines")
    parser.add_argument("target", type=Path, help="the answers, JSON Lines; those that are there are kept")
    parser.add_argument("--at-once", type=int, default=16, help="how many requests are open at a time (default: 16)")
    options = parser.parse_args()
    failed: list[str] = []
    try:
        failed = asyncio.run(run(options.source, options.target, options.at_once))
    except* FOR_ALL as errors:
        failed = [str(errors.exceptions[0])]
    if failed:
        raise SystemExit("\n".join(failed))


if __name__ == "__main__":
    main()
