"""The section of the report page that plots figures of scenarios, such as memory, over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from varbridge.conformance.report.html import escape, sign
from varbridge.conformance.report.record import ScenarioRecord

WIDTH = 430
HEIGHT = 190
LEFT, RIGHT, TOP, BOTTOM = 52.0, 12.0, 12.0, 28.0
MARKS = 3  # the number of marks on the axis of values


def render(scenarios: Sequence[ScenarioRecord]) -> str:
    """Return the section with the plots as HTML; empty if no scenario measured figures over time."""
    measured = [record for record in scenarios if record.series]
    if not measured:
        return ""
    return f'<section id="over-time"><h2>Over time</h2>\n{"".join(map(_scenario, measured))}</section>'


def _scenario(record: ScenarioRecord) -> str:
    figures = "".join(f"<figure>{_caption(series)}{plot(series)}</figure>" for series in record.series)
    name = escape(record.shown_name)
    return f'<h3>{sign(record.outcome)} {name}</h3><div class="plots">{figures}</div>'


def _caption(series: Mapping[str, Any]) -> str:
    first, last = series["trend"]
    part = f"{(last - first) / first:+.1%}" if first else f"{last - first:+g}"
    allowed = series["allowed"]
    look, limit = "none", ""
    if allowed is not None:
        risen = (last - first) / first > allowed if first else last - first > allowed
        look = "failed" if risen else "passed"
        limit = f", of {allowed:.0%} allowed"
    unit = f", {series['unit']}" if series["unit"] else ""
    return (
        f"<figcaption><b>{escape(series['name'])}</b>{escape(unit)}: "
        f'<span class="{look}">{part}{limit}</span></figcaption>'
    )


def plot(series: Mapping[str, Any]) -> str:
    """Return an SVG plot of a series: values as a line, the trend as a thick line, the warm-up in grey."""
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
