"""The sections of the report page about durations and measured figures."""

from __future__ import annotations

from collections.abc import Sequence

from varbridge.conformance.report.html import bar, escape, reference, sign
from varbridge.conformance.report.record import Figure, Report, ScenarioRecord

_SLOWEST = 10


def figures(scenarios: Sequence[ScenarioRecord]) -> str:
    """Return the section with the measured figures as HTML; empty if there are none."""
    rows = [_figure(record, figure) for record in scenarios for figure in record.figures]
    if not rows:
        return ""
    return f'<section id="figures"><h2>Measured</h2><table class="bars">{"".join(rows)}</table></section>'


def _figure(record: ScenarioRecord, figure: Figure) -> str:
    look, mark = "", None
    top = max(figure.value, figure.limit or 0.0) * 1.1 or 1.0
    if figure.limit is not None:
        mark = figure.limit / top
        kept_within = figure.value <= figure.limit if figure.at_most else figure.value >= figure.limit
        look = "passed" if kept_within else "failed"
    return (
        f"<tr><td>{sign(record.outcome)} {escape(figure.name)}</td>"
        f"<td class=number>{figure.value:.3g} {escape(figure.unit)}</td>"
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
