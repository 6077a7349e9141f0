"""`mimo-proto serve`: a server in a process of its own, until Ctrl-C."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

import pytest

from mimo_proto import Client
from mimo_proto.cli import main as cli
from mimo_proto.testing import LoopbackServer
from tests.support.commands import start

if TYPE_CHECKING:
    import subprocess


def variables(process: subprocess.Popen[bytes]) -> dict[str, str]:
    """The variables that it prints."""
    assert process.stdout is not None
    lines = [process.stdout.readline().decode() for _ in range(2)]
    return dict(re.findall(r"export (\w+)=(\S+)\n", "".join(lines)))


def test_it_serves_what_its_variables_name_until_ctrl_c() -> None:
    with LoopbackServer() as free:
        port = free.base_url.split(":")[2].partition("/")[0]
    with start("serve", "--port", port) as process:
        printed = variables(process)
        assert printed["MIMO_BASE_URL"] == f"http://127.0.0.1:{port}/v1"
        with start("chat", "hi", "--no-thinking", environment=printed) as asking:
            assert asking.communicate(b"", timeout=30) == (b"You said: hi\n", b"")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, b"", b"")


def test_a_free_port_and_a_stream_that_is_cut_off_by_ctrl_c() -> None:
    with start("serve") as process:
        printed = variables(process)
        with Client(printed["MIMO_API_KEY"], printed["MIMO_BASE_URL"]) as client:
            assert client.list_models().data  # its connection is kept, and ends nobody's wait
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, b"", b"")


@pytest.mark.parametrize("port", ["taken", "70000"])
def test_a_port_that_cannot_be_had(server: LoopbackServer, capsys: pytest.CaptureFixture[str], port: str) -> None:
    if port == "taken":
        port = server.base_url.split(":")[2].partition("/")[0]
    assert cli.main(["serve", "--port", port]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("mimo-proto: ")
    assert port in output.err
    assert output.err.count("\n") == 1
