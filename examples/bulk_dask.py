"""Ask many things over a Dask cluster: `python bulk_dask.py questions.jsonl answers.jsonl --scheduler tcp://host:8786`.

- What comes in and goes out is that of batch.py, and so is what happens when it is started again.
- Dask is the engine: it gives out the questions, and gives those of a worker that died to another.
- Each worker has one client, for as many calls at a time as it has threads: `dask worker --nthreads 16`. The workers
  need this package and MIMO_API_KEY; the key is in no task, and does not pass the scheduler.
- Answers are written here, each as it comes, by nobody else: a question that was asked twice has one answer.
"""

import argparse
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import distributed
import msgspec
from batch import FOR_ALL, RETRY, TRIES, Question, read_done, read_ids, read_questions

from mimo_proto import (
    CHAT_COMPLETIONS,
    Client,
    ConfigurationError,
    MimoError,
    RemoteProtocolError,
    TransportError,
)

# So many questions are with the cluster for each of its threads: one is asked, one waits there.
QUESTIONS_PER_THREAD = 2


class ClientOfWorker(distributed.WorkerPlugin):
    """One client in each worker, those that come later and those that are started again too."""

    name = "mimo"

    def setup(self, worker: distributed.Worker) -> None:
        """Make the client, with the key of the worker's environment."""
        self.client = Client(retry=RETRY, pool_size=worker.state.nthreads)

    def teardown(self, worker: distributed.Worker) -> None:  # noqa: ARG002 - Dask names what it gives
        """Close its connections."""
        self.client.close()


def ask(name: str, request: dict[str, Any]) -> bytes | MimoError:
    """Give an answer as a line, or what it was refused for; runs in a worker.

    Raises:
        TransportError: The answer broke on its way: Dask asks again.
        RemoteProtocolError: It came, and was none: the same.
    """
    client = distributed.get_worker().plugins[ClientOfWorker.name].client
    try:
        response = client.send(CHAT_COMPLETIONS, request).value
    except (TransportError, RemoteProtocolError):
        raise
    except MimoError as error:
        return error  # not raised: asked again it would be refused again
    return msgspec.json.encode({"id": name, "response": response}) + b"\n"


def answers(cluster: distributed.Client, questions: Iterator[Question]) -> Iterator[tuple[str, bytes | BaseException]]:
    """Give the id of each question with its answer, or with what became of it, in the order in which they come."""
    names: dict[str, str] = {}

    def submit(question: Question) -> distributed.Future:
        # Not pure: two questions may be alike, and each has its answer.
        future = cluster.submit(ask, question.id, question.request, retries=TRIES - 1, pure=False)
        names[future.key] = question.id
        return future

    cluster.wait_for_workers(1)
    at_once = QUESTIONS_PER_THREAD * sum(cluster.nthreads().values())
    futures = distributed.as_completed(map(submit, islice(questions, at_once)))
    for future in futures:
        yield names.pop(future.key), future.exception() or future.result()
        futures.update(map(submit, islice(questions, 1)))


def run(cluster: distributed.Client, source: Path, target: Path) -> list[str]:
    """Answer what has no answer yet, and say what could not be answered."""
    ids = read_ids(source)
    questions = read_questions(source, read_done(target) & ids)
    cluster.register_plugin(ClientOfWorker())
    failed: list[str] = []
    with target.open("ab", buffering=0) as out:
        for name, answer in answers(cluster, questions):
            if isinstance(answer, FOR_ALL):
                return [str(answer)]
            if isinstance(answer, BaseException):
                failed.append(f"{name}: {answer}")
            else:
                out.write(answer)
    return failed


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Ask MiMo many things over a Dask cluster, and lose no answer.")
    parser.add_argument("source", type=Path, help="the questions, JSON Lines")
    parser.add_argument("target", type=Path, help="the answers, JSON Lines; those that are there are kept")
    parser.add_argument("--scheduler", help="the cluster's address; without it two workers are started on this machine")
    options = parser.parse_args()
    here = {"n_workers": 2, "threads_per_worker": 8}
    with distributed.Client(options.scheduler, **({} if options.scheduler else here)) as cluster:
        try:
            failed = run(cluster, options.source, options.target)
        except ConfigurationError as error:
            failed = [f"a worker cannot make its client: {error}"]
    if failed:
        raise SystemExit("\n".join(failed))


if __name__ == "__main__":
    main()
