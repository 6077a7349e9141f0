"""The fuzzer itself: a small budget of it in each run, and proof that it would notice."""

import re
from pathlib import Path

import pytest

from mimo_proto.errors import EventTooLargeError
from mimo_proto.protocol.sse import ServerSentEvent, SSEDecoder
from tests.support import fuzz

__all__: list[str] = []

BUDGET = 10_000
STREAM_BUDGET = 1_500  # of longer inputs


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_a_small_budget_is_clean(name: str) -> None:
    budget = BUDGET if fuzz.TARGETS[name].use is None else STREAM_BUDGET
    assert fuzz.find(fuzz.TARGETS[name], range(budget), seed=1) is None


class TextDecoder(SSEDecoder):
    """Decodes every feed by itself, so that a character that is cut is lost."""

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        return super().feed(data.decode(errors="replace").encode())


class StrippingDecoder(SSEDecoder):
    """Takes white space off the data, whatever the cuts."""

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        return [ServerSentEvent(each.event, each.data.strip(), each.id, each.retry) for each in super().feed(data)]


class RaisingDecoder(SSEDecoder):
    """Lets an exception through that is none of ours."""

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        data.decode()
        return super().feed(data)


class RefusingDecoder(SSEDecoder):
    """Refuses what it should take, with an error of ours."""

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        if b"\0" in data:
            raise EventTooLargeError("no")
        return super().feed(data)


FAULTY = {
    "cuts or ways matter": TextDecoder,
    "not what the reference says": StrippingDecoder,
    "an exception that is not ours: UnicodeDecodeError": RaisingDecoder,
    "reference": RefusingDecoder,
}


@pytest.mark.parametrize("rule", FAULTY)
def test_a_faulty_decoder_is_found_and_the_input_made_small(rule: str) -> None:
    target = fuzz.TARGETS["sse"]._replace(ways=[fuzz.fed(FAULTY[rule])])
    finding = fuzz.find(target, range(BUDGET), seed=1)
    assert finding is not None
    assert rule in finding.rule
    assert len(b"".join(finding.pieces)) <= 16
    again = fuzz.find(target, range(finding.number, finding.number + 1), seed=1)
    assert again == finding


def test_seeds_hold_the_vectors_in_every_form() -> None:
    assert {b"data: a\n\n", b"data: a\r\n\r\n", b"data: a\r\r"} <= set(fuzz.SSE_SEEDS)


def test_a_clean_run_says_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz.main(["100", "--seed", "7", "--target", "sse"]) == 0
    assert re.fullmatch(r"sse: 100 inputs of seed 7 in [\d.]+ s, [\d,]+/s: clean\n", capsys.readouterr().out)


def test_a_fresh_seed_is_shown_and_every_target_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz.main(["3"]) == 0
    assert re.findall(r"^(\S+): 3 inputs of seed \d+ ", capsys.readouterr().out, re.MULTILINE) == list(fuzz.TARGETS)


def test_a_finding_can_be_had_again(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fuzz.TARGETS, "sse", fuzz.TARGETS["sse"]._replace(ways=[fuzz.fed(TextDecoder)]))
    assert fuzz.main([str(BUDGET), "--seed", "1", "--target", "sse"]) == 1
    shown = capsys.readouterr().out
    command = re.search(r"python -m tests.support.fuzz (.*)", shown)
    assert command is not None
    assert fuzz.main(command[1].split()) == 1
    assert capsys.readouterr().out == shown


def test_figures_go_between_the_marks_of_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- figures -->\nold\n<!-- end of figures -->\nafter\n", "utf-8")
    assert fuzz.main(["10", "--seed", "7", "--record", str(page)]) == 0
    text = page.read_text("utf-8")
    assert text.startswith("before\n<!-- figures -->\n| target |")
    assert text.endswith("\n<!-- end of figures -->\nafter\n")
    assert "old" not in text
    assert all(f"| {name} | 10 | 7 |" in text for name in fuzz.TARGETS)
