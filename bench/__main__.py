"""`python -m bench`: run the sections, print what came out, and after a full run write the report and the chart."""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.against import commit, compare
from bench.chart import panels, svg
from bench.report import Results, machine, markdown
from bench.suite import ORDER, run_sections

__all__ = ["main"]

REPEATS, QUICK_REPEATS = 9, 3
MOST_JUDGED = 40  # rows; who reads more?
HERE = Path(__file__).parent


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the core rows, few repeats; nothing is written")
    parser.add_argument(
        "--only", default="", help=f"sections, by commas, out of {', '.join(ORDER)}; nothing is written"
    )
    parser.add_argument(
        "--against", type=Path, help="a checkout whose decoders are set beside ours; nothing is written"
    )
    parser.add_argument("--repeats", type=int, help=f"default {REPEATS}, quick {QUICK_REPEATS}")
    options = parser.parse_args()
    if options.against and not (options.against / "src" / "mimo_proto").is_dir():
        parser.error(f"{options.against} is no checkout: it has no src/mimo_proto")
    return options


def set_beside(checkout: Path, repeats: int) -> None:
    """Print a table of the decoders of two checkouts."""
    print(f"Before: {commit(checkout)}, today: {commit(HERE.parent)}; {repeats} repeats, interleaved; medians.\n")
    for line in compare(checkout, repeats):
        print(line, flush=True)
    print()
    for name, fact in machine():
        print(f"- {name}: {fact}")


def main() -> None:
    """Run what was asked for."""
    options = arguments()
    if options.against:
        set_beside(options.against.resolve(), options.repeats or REPEATS)
        return
    names = [name for name in options.only.split(",") if name] or list(ORDER)
    repeats = options.repeats or (QUICK_REPEATS if options.quick else REPEATS)
    results = Results("make bench", repeats, [*run_sections(names, quick=options.quick, repeats=repeats)])
    judged = [verdict for _, _, verdict in results.verdicts() if verdict.passed is not None]
    print(f"\n{sum(1 for verdict in judged if verdict.passed)} of {len(judged)} budgets kept")
    if options.quick or options.only:
        return
    if len(judged) > MOST_JUDGED:
        raise SystemExit(f"nothing is written: at most {MOST_JUDGED} rows may have a budget")
    (HERE / "RESULTS.md").write_text(markdown(results))
    facts = dict(machine())
    where = f"{facts['Python']}, {facts['machine']}, {facts['date']}"
    note = f"Less is better; parsers that know no types have our Structs behind them. {where}."
    (HERE / "results.svg").write_text(svg("What it costs", note, panels(results)))
    print(f"written: {HERE / 'RESULTS.md'}, {HERE / 'results.svg'}")


if __name__ == "__main__":
    main()
