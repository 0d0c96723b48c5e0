"""The section of the report page about failures, with a card for each failed scenario."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from varbridge.conformance.report import diagram
from varbridge.conformance.report.format import shorten
from varbridge.conformance.report.html import escape, table
from varbridge.conformance.report.record import ScenarioRecord

_EXPECTED_BUT = re.compile(r"expected (.+?), but (.+)")
_IN_BRACKETS = re.compile(r"(?:was )?<(.*)>", re.S)  # as PyHamcrest shows values that are not texts
_KEYWORDS = ("Given", "When", "Then", "And", "But", "*")
UNFOLDED = 5
"""The number of failure cards that are unfolded at first."""

DRAWN = 60
"""The maximum number of failures that are shown with a diagram: more diagrams would not help."""

CLIPPED = 300
"""The number of characters of an expected or actual value that are visible at first."""

NAMED = 4
"""The maximum number of failures that are listed above the first card."""


def render(failed: Sequence[ScenarioRecord], doubtful: bool = False) -> str:
    """Return the section about failures as HTML; empty if no scenario failed.

    Args:
        failed: the records of the failed scenarios.
        doubtful: True if the run itself is broken, so that failures may say nothing about the bridge.
    """
    if not failed:
        return ""
    title = "Failed in a broken run" if doubtful else "Broken rules"
    cards = "\n".join(_card(number, record) for number, record in enumerate(failed))
    return f'<section id="failures"><h2>{title}</h2>\n{cards}</section>'


def names(failed: Sequence[ScenarioRecord]) -> str:
    """Return an HTML list of links to the failure cards; empty if there are fewer than two."""
    if len(failed) < 2:
        return ""
    lines = [
        f'<li><a href="#failure-{number}">{escape(shorten(_name(record), 100))}</a></li>'
        for number, record in enumerate(failed[:NAMED])
    ]
    if len(failed) > NAMED:
        lines.append(f'<li><a href="#failures">and {len(failed) - NAMED} more</a></li>')
    return f"<ul>{''.join(lines)}</ul>"


def _name(record: ScenarioRecord) -> str:
    return f"{_clauses(record)} {record.shown_name} ({record.feature})".strip()


def _clauses(record: ScenarioRecord) -> str:
    return " ".join(f"@{clause}" for clause in record.clauses)


def _card(number: int, record: ScenarioRecord) -> str:
    clauses = _clauses(record)
    rule = f"{clauses}: {record.rule or record.feature}" if clauses else record.feature
    name = escape(record.shown_name)
    parts = [
        f'<details class="card" id="failure-{number}"{" open" if number < UNFOLDED else ""}>',
        f'<summary><span class="failed">✗ broken rule</span> {escape(rule)}</summary>',
        f"<p>{name} <span class=dim>in {escape(record.feature)}</span></p>",
        f'<code class="rerun">{escape(record.rerun)}</code>',
        _explained(record),
    ]
    if number < DRAWN and record.exchange:
        parts.append(_sent(record))
    if record.log:
        log = escape("\n".join(record.log))
        parts.append(f"<details><summary>The server's output on stderr</summary><pre>{log}</pre></details>")
    return "\n".join([*parts, "</details>"])


def _sent(record: ScenarioRecord) -> str:
    exchange = record.exchange
    fault = diagram.at_fault(exchange, record.explanation)
    marked = fault if fault >= 0 else len(exchange) - 1
    meaning = "the unexpected answer" if fault >= 0 else "the last message before the failure"
    head = f'<h3>Calls and messages <span class="dim">(▸ {meaning})</span></h3>'
    return head + diagram.render(exchange, marked)


def _explained(record: ScenarioRecord) -> str:
    """Return the failed step, the expected and the actual result, as far as they can be separated."""
    rows: list[tuple[str, list[str]]] = []
    for line in record.explanation:
        text = line.strip()
        if text.partition(" ")[0] in _KEYWORDS and not any(name == "Broken at" for name, _ in rows):
            rows.append(("Broken at", [text]))
        elif parts := _EXPECTED_BUT.fullmatch(text):
            rows += [("Expected", [parts[1]]), ("Actual", [parts[2]])]
        elif text.startswith("Expected:"):
            rows.append(("Expected", [text.removeprefix("Expected:").strip()]))
        elif text.startswith("but:"):
            rows.append(("Actual", [text.removeprefix("but:").strip()]))
        elif not rows or rows[-1][0] == "Broken at":
            rows.append(("Why", [text]))
        else:
            rows[-1][1].append(line)
    if any(name == "Expected" for name, _ in rows):
        rows = [("About" if name == "Why" else name, lines) for name, lines in rows]
    items = "".join(f"<dt>{name}</dt><dd>{_cell(name, lines, record)}</dd>" for name, lines in rows)
    return f"<dl>{items}</dl>"


def _cell(name: str, lines: Sequence[str], record: ScenarioRecord) -> str:
    text = "\n".join(lines)
    if name == "Broken at":
        tables = (step.table for step in record.steps if step.outcome == "failed" and step.table is not None)
        return escape(text) + "".join(map(table, islice(tables, 1)))
    if bare := _IN_BRACKETS.fullmatch(text):
        text = "nothing" if bare[1] == "None" else bare[1]
    if len(text) <= CLIPPED:
        return escape(text)
    return (
        f"{escape(text[:CLIPPED])}…<details><summary>all {len(text)} characters</summary>"
        f"{escape(text)}</details>"
    )
