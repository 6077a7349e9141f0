"""What is published: the wheel holds the library, the spec and its examples, and needs msgspec and urllib3 alone.

Both archives are built once, from the checkout, by the tools that are installed; nothing is fetched.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections import defaultdict
from pathlib import Path

import msgspec
import pytest
import urllib3

import mimo_proto
from codegen.__main__ import main
from tests.support.pages import row, write_page

ROOT = Path(__file__).parent.parent

# Stands for a bare machine: -I and -S leave the standard library, and what is put on the path here.
BARE = "import sys; sys.path[:0] = {paths!r}\n{code}"
CORE = """
import mimo_proto
from mimo_proto import CHAT_COMPLETIONS, ChatAccumulator, StreamDecoder, build_request, user
from mimo_proto.testing import recorded

request = CHAT_COMPLETIONS.request(model="mimo-v2.6-pro", messages=[user("hi")])
assert build_request(CHAT_COMPLETIONS, request, api_key="sk-1", stream=True).body
total = ChatAccumulator()
for event in StreamDecoder(CHAT_COMPLETIONS).events([recorded("ChatCompletionChunk.thinking.sse")]):
    total.add(event)
assert total.result().choices[0].finish_reason == "stop"
foreign = {name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names - {"__main__"}
assert foreign == {"mimo_proto", "msgspec"}, foreign
"""
CLIENT = """
import mimo_proto
try:
    mimo_proto.Client("key")
except ModuleNotFoundError as error:
    assert error.name == "urllib3", error
else:
    raise AssertionError("the client came without urllib3")
"""

# A twentieth more than it was when this was written: a release may grow, and a folder of tests or pages does not pass.
MAX_WHEEL_BYTES = 550_000

TWO = ROOT / "tests/fixtures/two_providers"
CHUNK = (
    b'data: {"choices":[{"index":0,"delta":{"content":"a"},"stop_reason":7,"token_ids":[1],'
    b'"logprobs":{"content":[{"token":"a","logprob":-1.5}]}}],"usage":{"prompt_cache_hit_tokens":3}}\n\n'
)


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory that both archives were built into."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--sdist", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return out


@pytest.fixture(scope="module")
def wheel(dist: Path) -> zipfile.ZipFile:
    """The wheel, opened."""
    return zipfile.ZipFile(next(dist.glob("*.whl")))


@pytest.fixture(scope="module")
def installed(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as pip would lay it out, beside msgspec and nothing else."""
    site = tmp_path_factory.mktemp("site")
    wheel.extractall(site)
    (site / "msgspec").symlink_to(Path(msgspec.__file__).parent)
    return site


@pytest.fixture
def unpacked(dist: Path, tmp_path: Path) -> Path:
    """The sdist's directory, which is no checkout."""
    with tarfile.open(next(dist.glob("*.tar.gz"))) as archive:
        archive.extractall(tmp_path, filter="data")
    [directory] = tmp_path.iterdir()
    return directory


def metadata(wheel: zipfile.ZipFile) -> dict[str, list[str]]:
    """The fields of the metadata's head, each with all its values."""
    name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    fields: defaultdict[str, list[str]] = defaultdict(list)
    for line in wheel.read(name).decode().partition("\n\n")[0].splitlines():
        field, _, value = line.partition(": ")
        fields[field].append(value)
    return fields


def test_the_spec_and_its_examples_ship(wheel: zipfile.ZipFile) -> None:
    shipped = {name for name in wheel.namelist() if name.startswith("mimo_proto/spec/")}
    # The tables of facts are modules of `mimo_proto.models`; once is enough.
    spec = {path.relative_to(ROOT) for path in (ROOT / "spec").rglob("*") if path.is_file()}
    assert shipped == {f"mimo_proto/{path.as_posix()}" for path in spec if path.parts[1] != "facts"}


def test_the_wheel_does_not_grow_by_what_slips_in(dist: Path) -> None:
    assert next(dist.glob("*.whl")).stat().st_size <= MAX_WHEEL_BYTES


def test_every_module_ships_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert {name.partition("/")[0] for name in names} == {"mimo_proto"}
    source = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("*.py")}
    generator = {f"mimo_proto/{path.relative_to(ROOT).as_posix()}" for path in (ROOT / "codegen").rglob("*.py")}
    assert {name for name in names if name.endswith(".py")} == source | generator
    assert {Path(name).name for name in names if name.endswith(".jinja2")} == {
        path.name for path in (ROOT / "codegen/templates").iterdir()
    }
    assert "mimo_proto/py.typed" in names


def test_the_licences_ship(wheel: zipfile.ZipFile) -> None:
    licences = {Path(name).name for name in wheel.namelist() if ".dist-info/licenses/" in name}
    assert licences == {"LICENSE", "NOTICE"}


def test_metadata(wheel: zipfile.ZipFile) -> None:
    about = metadata(wheel)
    always = [requirement for requirement in about["Requires-Dist"] if "extra ==" not in requirement]
    assert [re.split(r"[<>=]", requirement)[0] for requirement in always] == ["msgspec", "urllib3"]
    assert about["Provides-Extra"] == ["aiohttp", "codegen", "httpx", "httpx2"]
    assert about["Version"] == [mimo_proto.__version__]
    assert about["Requires-Python"] == [">=3.11"]
    assert about["License-Expression"] == ["Apache-2.0"]


@pytest.mark.parametrize("code", [CORE, CLIENT], ids=["core", "client"])
def test_only_msgspec_is_needed_without_the_client(installed: Path, code: str) -> None:
    program = BARE.format(paths=[str(installed)], code=code)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-W", "error", "-c", program], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def run(installed: Path, *arguments: str, code: str = "") -> subprocess.CompletedProcess[str]:
    """Run a module, or code, where the wheel stands before the checkout on the path."""
    what = ["-c", code] if code else ["-m", *arguments]
    # The coverage of a copy is not ours.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    environment["PYTHONPATH"] = str(installed)
    command = [sys.executable, *what]
    return subprocess.run(command, cwd=installed.parent, env=environment, check=False, capture_output=True, text=True)


@pytest.fixture(scope="module")
def generated(installed: Path) -> Path:
    """Models of the additions of two providers, made by the command line of the wheel."""
    out = installed.parent / "two_models"
    done = run(installed, "mimo_proto", "generate", "--overlay", str(TWO), "--out", str(out))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return out


def test_additions_of_two_providers_are_generated_by_the_wheel(installed: Path, generated: Path) -> None:
    done = run(
        installed,
        code=f"""
import sys
import mimo_proto
assert mimo_proto.__file__.startswith({str(installed)!r}), mimo_proto.__file__
sys.path.insert(0, {str(generated.parent)!r})
from mimo_proto import CHAT_COMPLETIONS, StreamDecoder, user, validate
import two_models as models
chat = CHAT_COMPLETIONS.with_types(
    request=models.ChatCompletionRequest, reply=models.ChatCompletion, event=models.ChatCompletionChunk
)
[chunk] = StreamDecoder(chat).feed({CHUNK!r})
assert chunk.choices[0].logprobs.content[0].logprob == -1.5
assert chunk.usage.prompt_cache_hit_tokens == 3
request = dict(model="m", messages=[user("hi")], min_p=0.1, structured_outputs=dict(choice=["a"]))
assert validate(request, models.ChatCompletionRequest).structured_outputs.choice == ["a"]
print(models.SPEC_VERSION)
""",
    )
    assert (done.stdout, done.stderr) == (f"{mimo_proto.SPEC_VERSION}+deepseek.1-vllm.1\n", "")


@pytest.mark.parametrize("checker", [["mypy", "--strict"], ["pyright"]], ids=lambda checker: checker[0])
def test_what_was_generated_passes_the_type_checkers(installed: Path, generated: Path, checker: list[str]) -> None:
    pytest.importorskip(checker[0])
    (installed.parent / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict", "include": ["two_models"]}')
    done = run(installed, *checker, generated.name)
    assert done.returncode == 0, done.stdout


def test_the_wheel_and_the_checkout_generate_the_same(installed: Path, generated: Path, tmp_path: Path) -> None:
    assert main(["--overlay", str(TWO), "--out", str(tmp_path / "models")]) == 0
    ours, theirs = (
        {path.name: path.read_bytes() for path in out.glob("*.py")} for out in (tmp_path / "models", generated)
    )
    assert ours == theirs
    done = run(installed, "mimo_proto", "generate", "--overlay", str(TWO), "--out", str(generated), "--check")
    assert (done.returncode, done.stdout) == (0, "")
    done = run(installed, "mimo_proto", "generate", "--out", str(generated), "--check")
    assert done.returncode == 1
    assert "-class StructuredOutputs(" in done.stdout


def test_the_generator_of_the_wheel_reports_what_an_overlay_adds(installed: Path) -> None:
    done = run(installed, "mimo_proto.codegen", "--overlay", str(TWO), "diff")
    assert (done.returncode, done.stderr) == (0, "")
    assert "compatible ChatCompletionRequest.min_p (sent): added, optional" in done.stdout


def test_pages_are_compared_in_a_checkout(installed: Path, tmp_path: Path) -> None:
    page = str(write_page(tmp_path / "page.md", {"Request body": [row("model")]}))
    done = run(installed, "mimo_proto.codegen", "page", page, page)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "no facts (*.tsv) are here; a checkout of mimo-proto has them in spec/facts" in done.stderr


def test_the_wheel_has_no_models_of_its_own_to_write(installed: Path) -> None:
    done = run(installed, "mimo_proto.codegen")
    assert done.returncode == 2
    assert "--out is missing" in done.stderr


def test_without_its_tools_the_generator_says_what_to_install(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "urllib3").symlink_to(Path(urllib3.__file__).parent)
    arguments = ["generate", "--overlay", str(TWO), "--out", "models"]
    code = f"from mimo_proto.cli.main import main; sys.exit(main({arguments!r}))"
    program = BARE.format(paths=[str(installed), str(tmp_path)], code=code)
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "The generator needs two tools that are not installed: pip install 'mimo-proto[codegen]'\n"


def test_models_can_be_generated_from_the_sdist(unpacked: Path) -> None:
    assert {"tests", "docs", "examples", "constraints.txt", "LICENSE", "NOTICE"} <= {
        path.name for path in unpacked.iterdir()
    }
    command = [sys.executable, "-m", "codegen", "--overlay", "examples/overlay/my_spec", "--out", "my_package/models"]
    subprocess.run(command, cwd=unpacked, check=True)
    assert "reasoning_effort" in (unpacked / "my_package/models/chat_request.py").read_text("utf-8")


def test_the_house_rules_hold_in_the_sdist_too(unpacked: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_repository.py"]
    # The coverage of a copy is not ours.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(command, cwd=unpacked, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
