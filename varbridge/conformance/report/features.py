"""The section of the report page that shows the text of each feature, with the outcome of each step."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from varbridge.conformance.report.html import escape, reference, sign, table
from varbridge.conformance.report.record import Report, ScenarioRecord

_ORDER = ("failed", "not reached", "known failing", "skipped", "passed")

_FILTER = (
    '<p id="filter" hidden>'
    '<input type="search" aria-label="filter the scenarios" placeholder="filter: words">'
    ' <select aria-label="outcome"><option value="">any outcome</option>'
    + "".join(f"<option>{outcome}</option>" for outcome in ("passed", *_ORDER[:4]))
    + "</select> <output class=dim></output></p>"
)
"""The controls of the filter, which the script shows."""


def worst(outcomes: Sequence[str]) -> str:
    """Return the outcome that outweighs the others, failures first."""
    for outcome in ("failed", "not reached", "known failing", "passed", "skipped"):
        if outcome in outcomes:
            return outcome
    return "not run"


def render(data: Report) -> str:
    """Return the section about the features as HTML; features with failures come first."""
    groups: dict[str, list[ScenarioRecord]] = {}
    for record in data.scenarios:
        groups.setdefault(record.path, []).append(record)
    ordered = sorted(groups.items(), key=lambda item: _ORDER.index(_outcome(item[1])))
    text = "\n".join(_feature(path, group, data.features.get(path, [])) for path, group in ordered)
    return f'<section id="features"><h2>The features</h2>\n{_FILTER}{text}</section>' if ordered else ""


def _outcome(records: Sequence[ScenarioRecord]) -> str:
    return worst([record.outcome for record in records])


def _feature(path: str, records: Sequence[ScenarioRecord], about: Sequence[str]) -> str:
    outcomes = [record.outcome for record in records]
    counts = ", ".join(f"{outcomes.count(outcome)} {outcome}" for outcome in dict.fromkeys(outcomes))
    seconds = sum(record.seconds for record in records)
    parts = [
        '<details class="feature">',
        f"<summary>{sign(worst(outcomes))} <b>{escape(records[0].feature)}</b>"
        f' <span class="dim">{counts}, {seconds:.1f} s, {escape(path)}</span></summary>',
        *(f'<p class="dim">{escape(line)}</p>' for line in about),
        '<div class="text">',
    ]
    for (rule, clauses), group in groupby(records, lambda record: (record.rule, tuple(record.clauses))):
        marks = " ".join(f'<a class="chip" href="#clause-{clause}">{clause}</a>' for clause in clauses)
        title = f"<div><b>Rule: {escape(rule)}</b> {marks}</div>" if rule else "<div></div>"
        parts.append(f'<div class="rule">{title}{"".join(map(_scenario, group))}</div>')
    return "\n".join([*parts, "</div></details>"])


def _scenario(record: ScenarioRecord) -> str:
    reason = f' <span class="dim">({escape(record.reason)})</span>' if record.reason else ""
    lines = [
        f'<div class="scenario" id="{reference(record.location)}" data-outcome="{record.outcome}">'
        f"<div>{sign(record.outcome)} Example: {escape(record.shown_name)}{reason}</div>"
    ]
    for step in record.steps:
        lines.append(f'<div class="step">{sign(step.outcome)} {escape(step.text)}</div>')
        if step.table is not None:
            lines.append(table(step.table))
        if step.lines is not None:
            lines.append(f"<pre>{escape(chr(10).join(step.lines))}</pre>")
    if record.outcome in ("failed", "not reached"):
        lines.append(f"<pre>{escape(chr(10).join(record.explanation))}</pre>")
        lines.append(f'<code class="rerun">{escape(record.rerun)}</code>')
    return "".join([*lines, "</div>"])
