"""The sections of the report page about durations and measured figures."""

from __future__ import annotations

from collections.abc import Sequence

from varbridge.conformance.report.html import bar, escape, reference, sign
from varbridge.conformance.report.record import Figure, Report, ScenarioRecord

_SLOWEST = 10


def figures(scenarios: Sequence[ScenarioRecord]) -> str:
    """Return the section with the measured figures as HTML; empty if there are none."""
    measured = [(record, figure) for record in scenarios for figure in record.figures]
    if not measured:
        return ""
    rows = [_figure(record, figure, figure.limit) for record, figure in measured if figure.limit is not None]
    table = f'<table class="bars">{"".join(rows)}</table>' if rows else ""
    others = "; ".join(escape(figure.text) for _, figure in measured if figure.limit is None)
    return f'<section id="figures"><h2>Measured</h2>{table}<p class="dim">{others}</p></section>'


def _figure(record: ScenarioRecord, figure: Figure, limit: float) -> str:
    top = max(figure.value, limit) * 1.1 or 1.0
    mark = limit / top
    kept_within = figure.value <= limit if figure.at_most else figure.value >= limit
    look = "passed" if kept_within else "failed"
    return (
        f"<tr><td>{sign(record.outcome)} {escape(figure.name)}</td>"
        f"<td class=number>{escape(figure.shown)}</td>"
        f"<td>{bar(figure.value / top, look, mark)}</td><td class=dim>{figure.limit_text}</td></tr>"
    )


def durations(data: Report) -> str:
    """Return the section that shows where the time of the run went as HTML; empty if nothing ran."""
    scenarios = data.scenarios
    total = sum(record.seconds for record in scenarios)
    if not total:
        return ""
    folders: dict[str, float] = {}
    for record in scenarios:
        folder = record.path.removeprefix("features/").rpartition("/")[0] or record.path
        folders[folder] = folders.get(folder, 0.0) + record.seconds
    longest = max(folders.values())
    rows = "".join(
        f"<tr><td>{escape(folder)}</td><td class=number>{seconds:.1f} s</td>"
        f"<td>{bar(seconds / longest)}</td></tr>"
        for folder, seconds in sorted(folders.items(), key=lambda item: -item[1])
    )
    slowest = "".join(
        f'<li>{record.seconds:.2f} s: <a href="#{reference(record.location)}">'
        f"{escape(record.shown_name)}</a></li>"
        for record in sorted(scenarios, key=lambda record: -record.seconds)[:_SLOWEST]
    )
    rest = max(0.0, data.run.seconds - total)
    return (
        '<section id="durations"><h2>Where the time went</h2>'
        f'<p class="dim">{data.run.seconds:.1f} s: {total:.1f} s in {len(scenarios)} scenarios,'
        f" {rest:.1f} s for starting bridges, reports and the rest</p>"
        f'<table class="bars">{rows}</table>'
        f"<details><summary>The slowest scenarios</summary><ul>{slowest}</ul></details></section>"
    )
