"""The part of the page that says what is broken: a card for each scenario that failed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from varbridge.conformance.report import diagram
from varbridge.conformance.report.format import shorten
from varbridge.conformance.report.html import escape, table
from varbridge.conformance.report.record import ScenarioRecord

_EXPECTED_BUT = re.compile(r"expected (.+?), but (.+)")
_IN_BRACKETS = re.compile(r"(?:was )?<(.*)>", re.S)  # as PyHamcrest shows what is no text
_KEYWORDS = ("Given", "When", "Then", "And", "But", "*")
UNFOLDED = 5
DRAWN = 60
"""Failures with a diagram: where more fail, more diagrams tell nobody anything."""

CLIPPED = 300
"""Characters of what was expected, or was there, that are seen at once."""

NAMED = 4
"""Failures that are named before the first of them is told."""


def render(failed: Sequence[ScenarioRecord], doubtful: bool = False) -> str:
    """The section; empty where nothing failed.

    Args:
        failed: the records of what failed.
        doubtful: whether the run itself is broken, so that these may say nothing of the bridge.
    """
    if not failed:
        return ""
    title = "Failed in a broken run" if doubtful else "Broken rules"
    cards = "\n".join(_card(number, record) for number, record in enumerate(failed))
    return f'<section id="failures"><h2>{title}</h2>\n{cards}</section>'


def names(failed: Sequence[ScenarioRecord]) -> str:
    """What failed, as links to the cards; empty where one card says it all."""
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
        f'<code class="again">{escape(record.again)}</code>',
        _explained(record),
    ]
    if number < DRAWN and record.exchange:
        parts.append(_sent(record))
    if record.log:
        log = escape("\n".join(record.log))
        parts.append(f"<details><summary>What the server wrote on stderr</summary><pre>{log}</pre></details>")
    return "\n".join([*parts, "</details>"])


def _sent(record: ScenarioRecord) -> str:
    exchange = record.exchange
    fault = diagram.at_fault(exchange, record.explanation)
    marked = fault if fault >= 0 else len(exchange) - 1
    what = "what is at fault" if fault >= 0 else "the last before the failure"
    head = f'<h3>What was sent <span class="dim">(▸ {what})</span></h3>'
    return head + diagram.render(exchange, marked)


def _explained(record: ScenarioRecord) -> str:
    """Which step failed, what it expected and what was there, as far as the words tell these apart."""
    rows: list[tuple[str, list[str]]] = []
    for line in record.explanation:
        words = line.strip()
        if words.partition(" ")[0] in _KEYWORDS and not any(name == "Broken at" for name, _ in rows):
            rows.append(("Broken at", [words]))
        elif parts := _EXPECTED_BUT.fullmatch(words):
            rows += [("Expected", [parts[1]]), ("Actual", [parts[2]])]
        elif words.startswith("Expected:"):
            rows.append(("Expected", [words.removeprefix("Expected:").strip()]))
        elif words.startswith("but:"):
            rows.append(("Actual", [words.removeprefix("but:").strip()]))
        elif not rows or rows[-1][0] == "Broken at":
            rows.append(("Why", [words]))
        else:
            rows[-1][1].append(line)
    if any(name == "Expected" for name, _ in rows):
        rows = [("About" if name == "Why" else name, text) for name, text in rows]
    told = "".join(f"<dt>{name}</dt><dd>{_cell(name, text, record)}</dd>" for name, text in rows)
    return f"<dl>{told}</dl>"


def _cell(name: str, lines: Sequence[str], record: ScenarioRecord) -> str:
    text = "\n".join(lines)
    if name == "Broken at":
        tables = (one.table for one in record.steps if one.outcome == "failed" and one.table is not None)
        return escape(text) + "".join(map(table, islice(tables, 1)))
    if bare := _IN_BRACKETS.fullmatch(text):
        text = "nothing" if bare[1] == "None" else bare[1]
    if len(text) <= CLIPPED:
        return escape(text)
    return (
        f"{escape(text[:CLIPPED])}…<details><summary>all {len(text)} characters</summary>"
        f"{escape(text)}</details>"
    )
