"""What passed between people and bridges in a scenario that failed, as a sequence diagram in SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.report.html import escape

WIDTH = 900
LEFT = 70.0  # of the first lane, in the diagram's units as all of these
ROW = 30.0
TOP = 34.0
TIME = 62.0  # from the last lane to the right edge, where the times stand


@dataclass(frozen=True)
class _Arrow:
    at: float
    start: str
    end: str
    words: str
    dashed: bool
    bad: bool


def render(exchange: Sequence[Mapping[str, Any]]) -> str:
    """The diagram; empty where nothing passed."""
    if not exchange:
        return ""
    arrows = sorted(_arrows(exchange), key=lambda arrow: arrow.at)
    people = list(dict.fromkeys(event["who"] for event in exchange))
    bridges = list(dict.fromkeys(event["bridge"] for event in exchange))
    lanes = [*people, *bridges]
    step = (WIDTH - LEFT - TIME - 40) / max(1, len(lanes) - 1)
    places = {lane: LEFT + step * number for number, lane in enumerate(lanes)}
    height = TOP + ROW * (len(arrows) + 1)
    names = {bridge: "the bridge" if len(bridges) == 1 else f"bridge {bridge}" for bridge in bridges}
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" font-size="13" font-family="system-ui, sans-serif"'
        ' fill="currentColor" role="img"'
        ' aria-label="who called what, and what was answered, in order of time">'
    ]
    for lane, place in places.items():
        parts.append(
            f'<text x="{place:.0f}" y="16" text-anchor="middle" font-weight="600">'
            f"{escape(names.get(lane, lane))}</text>"
            f'<line x1="{place:.0f}" y1="22" x2="{place:.0f}" y2="{height:.0f}" stroke="currentColor"'
            ' stroke-opacity=".35"/>'
        )
    for number, arrow in enumerate(arrows):
        parts.append(_drawn(arrow, TOP + ROW * (number + 0.8), places))
    parts.append("</svg>")
    earlier = exchange[0].get("earlier", 0)
    note = f'<p class="dim">{earlier} earlier events are not kept.</p>' if earlier else ""
    return f'{note}<div class="wide">{"".join(parts)}</div>'


def _arrows(exchange: Sequence[Mapping[str, Any]]) -> list[_Arrow]:
    found = []
    for event in exchange:
        who, bridge = event["who"], event["bridge"]
        if event["kind"] in ("call", "open"):
            found.append(_Arrow(event["began_ms"], who, bridge, event["asked"], False, False))
        if event["kind"] != "open":
            words = event["answered"]
            bad = event["status"] not in ("OK", "", "CANCELLED")
            found.append(_Arrow(event["ended_ms"], bridge, who, f"✗ {words}" if bad else words, True, bad))
    return found


def _drawn(arrow: _Arrow, y: float, places: Mapping[str, float]) -> str:
    start, end = places[arrow.start], places[arrow.end]
    tip = 7 if end < start else -7
    dash = ' stroke-dasharray="5 4"' if arrow.dashed else ""
    look = ' class="failed"' if arrow.bad else ""
    return (
        f'<g{look}><line x1="{start:.0f}" y1="{y:.0f}" x2="{end:.0f}" y2="{y:.0f}"'
        f' stroke="currentColor"{dash}/>'
        f'<path d="M {end:.0f} {y:.0f} l {tip} -4 l 0 8 z" fill="currentColor"/>'
        f'<text x="{min(start, end) + 8:.0f}" y="{y - 5:.0f}" fill="currentColor">'
        f"{escape(arrow.words)}</text>"
        f'<text x="{WIDTH - 2}" y="{y + 4:.0f}" text-anchor="end" fill="currentColor" fill-opacity=".65"'
        f' font-size="11">{arrow.at:.0f} ms</text></g>'
    )
