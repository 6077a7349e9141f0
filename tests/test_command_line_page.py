"""docs/command-line.md: its shell blocks run, from top to bottom in one folder, and print what the page shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mimo_proto.cli import main as cli

if TYPE_CHECKING:
    from mimo_proto.testing import LoopbackServer

PAGE = (Path(__file__).parents[1] / "docs" / "command-line.md").read_text("utf-8")
BLOCK = re.compile(r"^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
MIMO_PROTO = f'mimo-proto() {{ "{sys.executable}" -m mimo_proto "$@"; }}\n'


def test_the_shell_blocks_do_what_the_page_shows(server: LoopbackServer, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "MIMO_API_KEY": server.api_key,
        "MIMO_BASE_URL": server.base_url,
    }
    blocks = BLOCK.findall(PAGE)
    assert len(blocks) == PAGE.count("```sh\n") > 3
    for script, output in blocks:
        done = subprocess.run(
            ["bash", "-eu", "-c", MIMO_PROTO + script],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=50,
        )
        assert not output or done.stdout == output


def test_the_page_has_each_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    commands = re.findall(r"^    (\w+)  ", capsys.readouterr().out, re.MULTILINE)
    assert len(commands) > 7
    for command in commands:
        assert re.search(rf"^\|[^|]*`{command}`", PAGE, re.MULTILINE), command
