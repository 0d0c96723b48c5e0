"""The calls and messages of a failed scenario as a sequence diagram in SVG."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from varbridge.conformance.events import CLIENT
from varbridge.conformance.report.html import escape
from varbridge.conformance.report.trace import Exchange

DRAWN = 5
"""The number of exchanges that are visible if there are many; earlier ones are folded."""

WIDTH = 900
LEFT = 70.0  # the position of the first lane, in units of the diagram, as all of these
TOP = 22.0
LINE = 15.0  # the height of a line of text
GAP = 7.0  # the space between an arrow and the text of the next one
LETTER = 6.7  # the average width of a letter, estimated generously
TIME = 62.0  # the width of the column of times, to the right of the last lane
_MIN_LETTERS = 28  # the minimum number of letters in a line of text, however close the lanes are


@dataclass(frozen=True)
class _Arrow:
    at: float
    start: str
    end: str
    words: str
    dashed: bool
    marked: bool
    note: str = ""


def render(exchange: Sequence[Exchange], marked: int) -> str:
    """Return the diagram as HTML and SVG; empty if there are no exchanges.

    Args:
        exchange: the exchanges, in order.
        marked: the index of the exchange to highlight.
    """
    if not exchange:
        return ""
    bridges = list(dict.fromkeys(event.bridge for event in exchange))
    names = {bridge: f"bridge {number}, {bridge}" for number, bridge in enumerate(bridges, 1)}
    names = names if len(bridges) > 1 else dict.fromkeys(bridges, "the bridge")
    many = len(exchange) > DRAWN + 1
    first = max(0, min(len(exchange) - DRAWN, marked - 2)) if many else 0
    last = _svg(exchange[first:], marked - first, names)
    if not first:
        return last
    before = _svg(exchange[:first], -1, names)
    return f"<details><summary>The {first} exchanges before these</summary>{before}</details>{last}"


def at_fault(exchange: Sequence[Exchange], explanation: Sequence[str]) -> int:
    """Return the index of the last answer that the explanation quotes as the actual result, or else -1."""
    text = " ".join(" ".join(explanation).split())
    for separator in (" but: ", ", but "):
        text = text.rpartition(separator)[2]
    for index in reversed(range(len(exchange))):
        answer = exchange[index].answered.partition(", metadata {")[0].removesuffix("…")
        if answer in text and " " in answer:
            return index
    return -1


def _svg(exchange: Sequence[Exchange], marked: int, names: Mapping[str, str]) -> str:
    arrows = sorted(_arrows(exchange, marked), key=lambda arrow: arrow.at)
    people = sorted({event.who for event in exchange}, key=lambda who: (who != CLIENT, who))
    lanes = list(dict.fromkeys([*people, *(event.bridge for event in exchange)]))
    step = (WIDTH - LEFT - TIME - 40) / max(1, len(lanes) - 1)
    places = {lane: LEFT + step * number for number, lane in enumerate(lanes)}
    drawn, y = [], TOP
    for arrow in arrows:
        text, y = _drawn(arrow, y + GAP, places)
        drawn.append(text)
    height = y + GAP
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" font-size="13" font-family="system-ui, sans-serif"'
        ' fill="currentColor" role="img"'
        ' aria-label="calls and answers in order of time">'
    ]
    for lane, place in places.items():
        parts.append(
            f'<line x1="{place:.0f}" y1="22" x2="{place:.0f}" y2="{height:.0f}" stroke="currentColor"'
            f' stroke-opacity=".35"/><text x="{place:.0f}" y="16" text-anchor="middle" font-weight="600">'
            f"{escape(names.get(lane, lane))}</text>"
        )
    return f'<div class="wide">{"".join([*parts, *drawn])}</svg></div>'


def _arrows(exchange: Sequence[Exchange], marked: int) -> list[_Arrow]:
    arrows = []
    for index, event in enumerate(exchange):
        who, bridge, times = event.who, event.bridge, event.times or 1
        note = f"{event.earlier} earlier events are not shown" if event.earlier else ""
        if event.kind in ("call", "open"):
            often = f", {times} times" if times > 1 else ""
            of_open = index == marked and event.kind == "open"
            arrows.append(_Arrow(event.began_ms, who, bridge, event.asked + often, False, of_open, note))
            note = ""
        if event.kind != "open":
            often = ", each time" if times > 1 else ""
            words, stands_out = event.answered + often, index == marked
            arrows.append(_Arrow(event.ended_ms, bridge, who, words, True, stands_out, note))
    return arrows


def _drawn(arrow: _Arrow, y: float, places: Mapping[str, float]) -> tuple[str, float]:
    """Return an arrow with its text above it, which begins at ``y``, and the y at which it ends."""
    start, end = places[arrow.start], places[arrow.end]
    left, right = min(start, end) + 8, max(start, end) - 8
    words = f"▸ {arrow.words}" if arrow.marked else arrow.words
    lines = textwrap.wrap(words, max(_MIN_LETTERS, int((right - left) / LETTER))) or [""]
    left = max(8.0, min(left, WIDTH - TIME - LETTER * max(map(len, lines))))
    parts = []
    if arrow.note:
        y += LINE
        parts.append(f'<text x="{LEFT + 8:.0f}" y="{y:.0f}" font-style="italic">{escape(arrow.note)}</text>')
    for line in lines:
        y += LINE
        parts.append(f'<text x="{left:.0f}" y="{y:.0f}">{escape(line)}</text>')
    y += 5
    tip = 7 if end < start else -7
    dash = ' stroke-dasharray="5 4"' if arrow.dashed else ""
    look = ' class="marked"' if arrow.marked else ""
    return (
        f'<g{look} fill="currentColor">{"".join(parts)}'
        f'<line x1="{start:.0f}" y1="{y:.0f}" x2="{end:.0f}" y2="{y:.0f}" stroke="currentColor"{dash}/>'
        f'<path d="M {end:.0f} {y:.0f} l {tip} -4 l 0 8 z"/>'
        f'<text x="{WIDTH - 2}" y="{y + 4:.0f}" text-anchor="end" fill-opacity=".65"'
        f' font-size="11">{arrow.at:.0f} ms</text></g>'
    ), y
