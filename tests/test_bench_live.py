"""The benchmark of live streams: what it measures is what was sent, and its search finds what it is to find."""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING

import pytest

from bench.block import Goal
from bench.live_client import Figures, gap_of, measure
from bench.live_report import STREAMS, chart, judged, markdown
from bench.live_search import MAX_GAP_MS, most_streams
from bench.live_server import live_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.live_report import Taken
    from bench.live_server import Origins

SECONDS = 60.0


@pytest.fixture(scope="module")
def origins() -> Iterator[Origins]:
    with live_server() as origins:
        yield origins


@pytest.mark.parametrize("line", ["plain", "tls"])
@pytest.mark.parametrize("way", ["AsyncClient", "AsyncClient over aiohttp", "BufferedProtocol", "sockets in threads"])
def test_a_way_gives_every_event_of_every_stream(origins: Origins, line: str, way: str) -> None:
    figures = measure(
        way=way,
        loop="asyncio",
        origin=getattr(origins, line),
        authority=origins.authority,
        streams=3,
        group=f"{line} {way}".replace(" ", "-"),
    )
    assert figures.cpu > 0
    assert figures.gap >= 15  # an event each 20 ms
    assert origins.late() >= 0


def test_the_gap_is_that_between_two_events_behind_the_first() -> None:
    steady = [0.0, *(0.5 + place * 0.02 for place in range(100))]
    assert round(gap_of([steady, steady]), 3) == 20
    jumpy = [0.0, *(0.5 + place * 0.02 + (place % 2) * 0.01 for place in range(100))]
    assert round(gap_of([jumpy]), 3) == 30


def test_a_backlog_that_is_read_at_once_is_a_gap() -> None:
    at_once = [0.0, 0.5, *(4.0 + place * 0.001 for place in range(150))]
    assert round(gap_of([at_once, at_once]), 3) == 3500 + 149 - 150 * 20


@pytest.mark.parametrize("start", [1, 50, 512, 700, 5000])
def test_the_search_finds_the_most_streams(start: int) -> None:
    tried: list[int] = []

    def gap_of(streams: int) -> float:
        tried.append(streams)
        return 20.0 if streams <= 700 else 100.0

    assert 600 <= most_streams(gap_of, start, SECONDS) <= 700
    assert tried[0] == start
    assert len(tried) == len(set(tried)) < 20


def test_a_near_miss_is_measured_again() -> None:
    gaps = chain([MAX_GAP_MS + 1, 20.0], repeat(100.0))
    assert most_streams(lambda _: next(gaps), 100, SECONDS) == 100


def test_the_search_ends_where_nothing_is_kept_and_when_its_time_is_up() -> None:
    assert most_streams(lambda _: 100.0, 64, SECONDS) == 0
    assert most_streams(lambda _: 20.0, 64, 0) == 0


def test_more_is_better_where_a_goal_says_so() -> None:
    goal = Goal("ours", "theirs", "more", 8)
    assert goal.ratio(800, 64) == 12.5
    assert goal.met_by(12.5, 8)
    assert not goal.met_by(7.9, 8)


def test_the_report_judges_both_kinds_of_connections() -> None:
    taken: Taken = {}
    for line in ("plain", "TLS"):
        for way, cpu in {"AsyncClient": 26.0, "BufferedProtocol": 25.0, "openai": 200.0, "httpx": 99.0}.items():
            taken[line, way] = [Figures(cpu, 21.0, 40.0)] * 3
    most = {(line, way): count for line in ("plain", "TLS") for way, count in (("AsyncClient", 800), ("openai", 64))}
    sections = judged(taken, most)
    ratios = [verdict.ratio for _, block in sections for verdict in block.verdicts()]
    assert ratios == [0.13, 1.04, 40.0, 800.0, 12.5] * 2
    assert all(verdict.passed for _, block in sections for verdict in block.verdicts())
    facts = {"Python": "CPython", "machine": "2 cores", "date": "2026-11-30"}
    assert f"{STREAMS} streams, plain: CPU an event" in chart(taken, most, facts)
    assert "httpx" not in chart(taken, most, facts)  # it is measured with fewer streams
    report = markdown(sections, taken, most, facts).splitlines()
    assert "**10 of 10 budgets kept.**" in report
    assert "| AsyncClient | 26.0 | 21.0 | 40.0 | 800 | 26.0 | 21.0 | 40.0 | 800 |" in report
    assert "| httpx, 64 streams | 99.0 | 21.0 | 40.0 |  | 99.0 | 21.0 | 40.0 |  |" in report


@pytest.mark.parametrize("openai", [0, 64])
def test_a_client_that_keeps_no_stream_has_no_ratio(openai: int) -> None:
    taken: Taken = {("plain", "AsyncClient"): [Figures(26.0, 21.0, 40.0)]}
    sections = judged(taken, {("plain", "AsyncClient"): 10, ("plain", "openai"): openai})
    [block] = [block for _, block in sections if block.title == "streams a core, plain"]
    assert [verdict.passed for verdict in block.verdicts()] == ([False] if openai == 0 else [False, False])


def test_a_chart_is_drawn_where_no_stream_was_kept() -> None:
    taken: Taken = {(line, "AsyncClient"): [Figures(26.0, 99.0, 40.0)] for line in ("plain", "TLS")}
    facts = {"Python": "CPython", "machine": "2 cores", "date": "2026-11-30"}
    drawn = chart(taken, {("plain", "AsyncClient"): 0, ("TLS", "AsyncClient"): 1}, facts)
    assert "The most streams a core, TLS" in drawn
    assert "The most streams a core, plain" not in drawn
