"""The built wheel, tested as users get it, on every Python that we support and that this machine has.

    make nox                      all sessions
    make nox SESSION=minimum      one of them

An interpreter that is not there is skipped. The wheel is built by the environment that nox itself runs in.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nox

ROOT = Path(__file__).parent
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
LOWEST = PYTHONS[0]
CONSTRAINTS = ROOT / "constraints.txt"

nox.options.error_on_external_run = True


def find_python(version: str) -> str:
    """Find an interpreter that starts; the bare version, which nox then finds missing, if there is none.

    pyenv puts a shim on PATH for each version that it has, and most of them refuse to run.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    folders = [*map(Path, os.get_exec_path()), *sorted(pyenv.glob(f"versions/{version}.*/bin"))]
    found = (folder / f"python{version}" for folder in folders if (folder / f"python{version}").is_file())
    return next((str(python) for python in found if starts(python)), version)


def starts(python: Path) -> bool:
    """Whether an interpreter runs at all."""
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


def build_wheel(session: nox.Session) -> str:
    """Build the wheel that the session installs."""
    out = session.create_tmp()
    session.run(
        *(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, str(ROOT)),
        external=True,
        silent=True,
    )
    return str(next(Path(out).glob("*.whl")))


def run_tests(session: nox.Session) -> None:
    """Run the tests on what is installed: with `src` off the path, or the checkout would be tested after all."""
    session.run("python", "-I", "-c", "import mimo_proto; assert 'site-packages' in mimo_proto.__file__")
    session.run("python", "-m", "pytest", "--override-ini=pythonpath=.", "--numprocesses", "auto", *session.posargs)


def tests(session: nox.Session) -> None:
    """The tests, on the wheel with the versions that constraints.txt holds still."""
    session.install("--constraint", str(CONSTRAINTS), "--group", "test", build_wheel(session))
    run_tests(session)


for _version in PYTHONS:
    nox.session(name=f"tests-{_version}", python=find_python(_version))(tests)


@nox.session(python=find_python(LOWEST))
def minimum(session: nox.Session) -> None:
    """The tests, with the lowest versions that we say we work with, those of the extras included."""
    project = nox.project.load_toml(ROOT / "pyproject.toml")["project"]
    extras: list[list[str]] = list(project["optional-dependencies"].values())
    lowest = [re.sub(r">=([\d.]+).*", r"==\1", name) for name in sum(extras, project["dependencies"])]
    session.install("--constraint", str(CONSTRAINTS), "--group", "test", build_wheel(session))
    # By themselves: the group has other versions of the extras, and what these bring along moves too.
    session.install(*lowest)
    run_tests(session)


@nox.session(python=find_python(LOWEST))
def types(session: nox.Session) -> None:
    """What type checkers make of calls, on the wheel, where neither aiohttp nor httpx is installed."""
    groups = nox.project.load_toml(ROOT / "pyproject.toml")["dependency-groups"]
    checkers = [tool for tool in groups["dev"] if str(tool).startswith(("mypy", "pyright"))]
    session.install("--constraint", str(CONSTRAINTS), *checkers, build_wheel(session))
    # A copy, out of reach of the checkout's sources and settings.
    folder = Path(session.create_tmp())
    shutil.copytree(ROOT / "tests" / "typing", folder / "calls", dirs_exist_ok=True)
    settings = {"include": ["calls"], "typeCheckingMode": "strict", "reportUnnecessaryTypeIgnoreComment": True}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    session.chdir(folder)
    session.run("mypy", "--config-file=", "--strict", "calls")
    session.run("pyright", "--pythonpath", str(Path(session.bin) / "python"))
