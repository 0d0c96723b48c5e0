"""The part of the page that shows figures over time, as lines in SVG: of scenarios that took some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from varbridge.conformance.report.html import escape, sign
from varbridge.conformance.report.record import ScenarioRecord

WIDTH = 430
HEIGHT = 190
LEFT, RIGHT, TOP, BOTTOM = 52.0, 12.0, 12.0, 28.0
MARKS = 3  # on the axis of the values


def render(scenarios: Sequence[ScenarioRecord]) -> str:
    """The section; empty where no scenario took figures."""
    found = [one for one in scenarios if one.series]
    if not found:
        return ""
    return f'<section id="over-time"><h2>Over time</h2>\n{"".join(map(_scenario, found))}</section>'


def _scenario(record: ScenarioRecord) -> str:
    figures = "".join(f"<figure>{_caption(one)}{plot(one)}</figure>" for one in record.series)
    name = escape(record.shown_name)
    return f'<h3>{sign(record.outcome)} {name}</h3><div class="plots">{figures}</div>'


def _caption(series: Mapping[str, Any]) -> str:
    first, last = series["trend"]
    part = f"{(last - first) / first:+.1%}" if first else f"{last - first:+g}"
    allowed = series["allowed"]
    judged, word = "none", ""
    if allowed is not None:
        risen = (last - first) / first > allowed if first else last - first > allowed
        judged = "failed" if risen else "passed"
        word = f", of {allowed:.0%} allowed"
    unit = f", {series['unit']}" if series["unit"] else ""
    return (
        f"<figcaption><b>{escape(series['name'])}</b>{escape(unit)}: "
        f'<span class="{judged}">{part}{word}</span></figcaption>'
    )


def plot(series: Mapping[str, Any]) -> str:
    """The values as a line, the trend as a thick one, and the warm-up, which is no part of it, in grey."""
    times, values, (first, last) = series["times"], series["values"], series["trend"]
    top = max(*values, first, last) * 1.15 or 1.0

    def at(time: float, value: float) -> str:
        x = LEFT + (WIDTH - LEFT - RIGHT) * time / times[-1]
        y = HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top
        return f"{x:.1f},{y:.1f}"

    line = " ".join(at(time, value) for time, value in zip(times, values, strict=True))
    start, end = at(series["from"], first), at(times[-1], last)
    (left, base), (begun, _), (right, _) = (at(t, 0).split(",") for t in (0, series["from"], times[-1]))
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" font-size="12" font-family="system-ui, sans-serif"'
        f' fill="currentColor" role="img" aria-label="{escape(series["name"])} over time">',
        f'<rect x="{left}" y="{TOP}" width="{float(begun) - float(left):.1f}"'
        f' height="{float(base) - TOP:.1f}" fill-opacity=".08"/>',
        f'<path d="M {left},{TOP} V {base} H {right}" fill="none" stroke="currentColor"/>',
        f'<polyline points="{line}" fill="none" stroke="currentColor" stroke-opacity=".6"/>',
        f'<path d="M {start} L {end}" fill="none" stroke="currentColor" stroke-width="3"/>',
    ]
    for mark in range(MARKS):
        value = top * mark / (MARKS - 1)
        place = at(0, value).split(",")[1]
        parts.append(
            f'<text x="{LEFT - 6}" y="{float(place) + 4:.1f}" text-anchor="end">{_short(value)}</text>'
        )
    parts.append(f'<text x="{left}" y="{HEIGHT - 8}">0</text>')
    parts.append(f'<text x="{right}" y="{HEIGHT - 8}" text-anchor="end">{_duration(times[-1])}</text>')
    return "".join([*parts, "</svg>"])


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.3g}"


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"
