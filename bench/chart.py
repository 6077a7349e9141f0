"""The chart that the README shows: a few panels of bars, written as SVG by hand.

It brings its own background and follows the reader's colour scheme, so that it can be read on light and dark pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from bench.report import Results

__all__ = ["Panel", "panels", "svg"]

OURS = "mimo-proto"
PANEL_WIDTH, LABEL, BAR, GAP, TOP = 470, 164, 16, 8, 46
VALUE = 124  # room for the figure behind the longest bar
MARGIN = 20

STYLE = """
  svg { font: 12px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif }
  .page { fill: #ffffff; stroke: #d0d7de } text { fill: #1f2328 } .title { font-weight: 600; font-size: 13px }
  .note, .value { fill: #59636e } .ours { fill: #e8590c } .theirs { fill: #8c959f } .limit { fill: #d0d7de }
  .bold { font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; stroke: #3d444d } text { fill: #f0f6fc } .note, .value { fill: #9198a1 }
    .ours { fill: #ff922b } .theirs { fill: #656c76 } .limit { fill: #3d444d }
  }"""


@dataclass(frozen=True)
class Panel:
    """Bars on one scale that begins at zero.

    Attributes:
        title: What was measured.
        unit: Of the values.
        bars: (label, value, class): the class is "ours", "theirs" or "limit", for what is no client but a bound.
    """

    title: str
    unit: str
    bars: list[tuple[str, float, str]]

    @property
    def height(self) -> int:
        return TOP + len(self.bars) * (BAR + GAP) + GAP


# Block title, panel title, cases in the order of the bars; what each case is called there.
PANELS = (
    ("chat, LF, 1 event a feed, beside others", "Chat stream to typed events, CPU an event", "events()", "floor"),
    (
        "responses, no space, 1 event a feed, beside others",
        "Responses stream to typed events, CPU an event",
        "events()",
        "floor",
    ),
    ("chat, server ahead, one HTTP chunk an event", "The same over HTTP, Chat, CPU an event", "Client", "raw socket"),
    ("1 KB call", "One short call, CPU", "Client", "raw socket"),
    ("1 MB, 1,000 messages", "A request of 1 MB encoded, CPU", "Structs", None),
    ("import, CPU", "Import, CPU", "mimo_proto.Client", "msgspec"),
)
LEFT_OUT = {"feed()", "nothing", "mimo_proto", "a dict, checked", "encoded messages"}
NAMES = {"floor": "msgspec alone"}


def panels(results: Results) -> list[Panel]:
    """The panels a run has the figures for."""
    found = []
    for block, title, ours, limit in PANELS:
        if (measured := results.find(block)) is None:
            continue
        unit = measured.units[ours]
        bars = []
        for case in measured.units:
            if case not in LEFT_OUT:
                kind = "ours" if case == ours else "limit" if case == limit else "theirs"
                bars.append((OURS if case == ours else NAMES.get(case, case), measured.figure(case), kind))
        if unit == "µs" and max(value for _, value, _ in bars) > 5000:
            unit, bars = "ms", [(label, value / 1000, kind) for label, value, kind in bars]
        found.append(Panel(title, unit, sorted(bars, key=lambda bar: bar[1])))
    return found


def text(x: float, y: float, css: str, content: str, anchor: str = "start") -> str:
    return f'<text x="{x:g}" y="{y:g}" class="{css}" text-anchor="{anchor}">{escape(content)}</text>'


def draw(panel: Panel, x: float, y: float) -> list[str]:
    """One panel, its top left corner at x, y."""
    longest = max(value for _, value, _ in panel.bars)
    ours = next(value for _, value, kind in panel.bars if kind == "ours")
    scale = (PANEL_WIDTH - LABEL - VALUE) / longest
    lines = [text(x, y + 18, "title", panel.title)]
    for place, (label, value, kind) in enumerate(panel.bars):
        top = y + TOP - 12 + place * (BAR + GAP)
        bold = " bold" if kind == "ours" else ""
        times = (
            f", {value / ours:.{1 if value < 10 * ours else 0}f} times"
            if kind == "theirs" and value > 1.5 * ours
            else ""
        )
        figure = f"{value:.3g}" if value < 1000 else f"{value:,.0f}"
        width = max(value * scale, 1.5)
        lines.append(text(x + LABEL - 8, top + 12, "label" + bold, label, "end"))
        lines.append(f'<rect x="{x + LABEL:g}" y="{top:g}" width="{width:.1f}" height="{BAR}" rx="2" class="{kind}"/>')
        lines.append(text(x + LABEL + width + 6, top + 12, "value" + bold, f"{figure} {panel.unit}{times}"))
    return lines


def svg(title: str, note: str, shown: list[Panel]) -> str:
    """The panels in two columns, each as high as the higher of its row."""
    pairs = [shown[start : start + 2] for start in range(0, len(shown), 2)]
    lines, y = [], MARGIN + 34
    for pair in pairs:
        for column, panel in enumerate(pair):
            lines += draw(panel, MARGIN + column * (PANEL_WIDTH + MARGIN), y)
        y += max(panel.height for panel in pair)
    width, height = 3 * MARGIN + 2 * PANEL_WIDTH, y
    box = f'viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}"'
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box}>',
        f"<style>{STYLE}\n</style>",
        f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8" class="page"/>',
        text(MARGIN, MARGIN + 10, "title", title),
        text(MARGIN, MARGIN + 28, "note", note),
    ]
    return "\n".join([*head, *lines, "</svg>"]) + "\n"
