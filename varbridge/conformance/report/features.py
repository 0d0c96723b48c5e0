"""The section of the report page that shows the text of each feature, with the outcome of each step."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from varbridge.conformance.report.html import escape, sign, table
from varbridge.conformance.report.record import Report, ScenarioRecord

_ORDER = ("failed", "not reached", "known failing", "skipped", "passed")


def worst(outcomes: Sequence[str]) -> str:
    """Return the outcome that outweighs the others, failures first."""
    for outcome in ("failed", "not reached", "known failing", "passed", "skipped"):
        if outcome in outcomes:
            return outcome
    return "not run"


def render(data: Report) -> str:
    """Return the section about the features as HTML; features with failures come first, unfolded."""
    groups: dict[str, list[ScenarioRecord]] = {}
    for record in data.scenarios:
        groups.setdefault(record.path, []).append(record)
    ordered = sorted(groups.items(), key=lambda item: _ORDER.index(_outcome(item[1])))
    text = "\n".join(_feature(path, group, data.features.get(path, [])) for path, group in ordered)
    return f'<section id="features"><h2>The features</h2>\n{text}</section>' if ordered else ""


def _outcome(records: Sequence[ScenarioRecord]) -> str:
    return worst([record.outcome for record in records])


def _feature(path: str, records: Sequence[ScenarioRecord], about: Sequence[str]) -> str:
    outcomes = [record.outcome for record in records]
    counts = ", ".join(f"{outcomes.count(outcome)} {outcome}" for outcome in dict.fromkeys(outcomes))
    seconds = sum(record.seconds for record in records)
    parts = [
        f'<details class="feature"{" open" if "failed" in outcomes else ""}>',
        f"<summary>{sign(worst(outcomes))} <b>{escape(records[0].feature)}</b>"
        f' <span class="dim">{counts}, {seconds:.1f} s, {escape(path)}</span></summary>',
        *(f'<p class="dim">{escape(line)}</p>' for line in about),
        '<div class="text">',
    ]
    seen: set[str] = set()
    for (rule, clauses), group in groupby(records, lambda record: (record.rule, tuple(record.clauses))):
        if rule:
            marks = "".join(_mark(path, clause, clause not in seen) for clause in clauses)
            seen.update(clauses)
            parts.append(f'<div><span class="dim">{marks}</span><br><b>Rule: {escape(rule)}</b></div>')
        parts.extend(_scenario(record) for record in group)
    return "\n".join([*parts, "</div></details>"])


def _mark(path: str, clause: str, first: bool) -> str:
    place = f' id="{anchor(path, clause)}"' if first else ""
    return f"<span{place}>@{clause}</span> "


def anchor(path: str, clause: str) -> str:
    """Return the HTML id of the first rule in a file that proves a clause."""
    name = "".join(character if character.isalnum() else "-" for character in path)
    return f"{name}-{clause}"


def _scenario(record: ScenarioRecord) -> str:
    reason = f' <span class="dim">({escape(record.reason)})</span>' if record.reason else ""
    name = escape(record.shown_name)
    lines = [f"<div>{sign(record.outcome)} Example: {name}{reason}</div>"]
    for step in record.steps:
        lines.append(f'<div class="step">{sign(step.outcome)} {escape(step.text)}</div>')
        if step.table is not None:
            lines.append(table(step.table))
        if step.lines is not None:
            lines.append(f"<pre>{escape(chr(10).join(step.lines))}</pre>")
    return "".join(lines)
