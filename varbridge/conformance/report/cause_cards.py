"""The section of the report page about causes, with a card for each cause of failures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice

from varbridge.conformance.clauses import CLAUSES, STATEMENTS, TEXTS, clause_of
from varbridge.conformance.report import diagram
from varbridge.conformance.report.causes import note_on_basics
from varbridge.conformance.report.format import shorten
from varbridge.conformance.report.html import escape, markdown, reference, sign, table
from varbridge.conformance.report.record import Cause, Report, ScenarioRecord, counted

_EXPECTED_BUT = re.compile(r"expected (.+?), but (.+)")
_IN_BRACKETS = re.compile(r"(?:was )?<([^<>]*)>", re.S)  # as PyHamcrest shows values that are not texts
_KEYWORDS = ("Given", "When", "Then", "And", "But", "*")
UNFOLDED = 3
"""The number of cards that are unfolded at first."""

DRAWN = 40
"""The maximum number of causes with a diagram: more diagrams would not help."""

CLIPPED = 300
"""The number of characters of an expected or actual value that are visible at first."""

NAMED = 5
"""The maximum number of causes that are listed above the first card."""

LISTED = 200
"""The maximum number of scenarios that are listed for a cause."""


def render(data: Report) -> str:
    """Return the section about causes as HTML; empty if there are none."""
    if not data.causes:
        return ""
    broken = data.verdict.word == "broken run"
    title = "Failures in a broken run" if broken else "What to mend, in this order"
    records = {record.location: record for record in data.scenarios}
    cards = "\n".join(_card(number, cause, records) for number, cause in enumerate(data.causes, 1))
    note = "" if broken else note_on_basics(data.causes, data.scenarios)
    words = f"<p>{escape(note)}.</p>" if note else ""
    return f'<section id="causes"><h2>{title}</h2>{words}\n{cards}</section>'


def names(causes: Sequence[Cause]) -> str:
    """Return an HTML list of links to the cards of the first causes; empty if there are none."""
    if not causes:
        return ""
    lines = [
        f'<li><a href="#cause-{number}">{escape(shorten(cause.sentence, 90))}</a>'
        f' {_chips(cause)} <span class="dim">{escape(cause.counts)}</span></li>'
        for number, cause in enumerate(causes[:NAMED], 1)
    ]
    if len(causes) > NAMED:
        more = counted(len(causes) - NAMED, "more cause")
        lines.append(f'<li><a href="#cause-{NAMED + 1}">and {more}</a></li>')
    return f"<ol>{''.join(lines)}</ol>"


def _chips(cause: Cause) -> str:
    return " ".join(
        f'<a class="chip" href="#clause-{clause}" title="{escape(CLAUSES.get(clause, ""))}">{clause}</a>'
        for clause in cause.clauses
    )


def _card(number: int, cause: Cause, records: Mapping[str, ScenarioRecord]) -> str:
    example = records.get(cause.example)
    promises = "".join(
        f'<p class="dim">{clause} {escape(CLAUSES[clause])}: {markdown(_promise(clause, example))}</p>'
        for clause in cause.clauses
        if clause in TEXTS
    )
    advice = f"<p><b>To do:</b> {escape(cause.advice)}.</p>" if cause.advice else ""
    parts = [
        f'<details class="card" id="cause-{number}"{" open" if number <= UNFOLDED else ""}>',
        f'<summary><span class="failed">{number}.</span> {escape(shorten(cause.sentence, 200))}'
        f' <span class="dim">{escape(cause.counts)}</span></summary>',
        promises,
        advice,
        f"<pre>{escape(chr(10).join(cause.lines))}</pre>" if cause.lines else "",
        _shown_example(example, cause, number <= DRAWN) if example else "",
        _others(cause, records),
    ]
    return "\n".join(part for part in [*parts, "</details>"] if part)


def _promise(clause: str, example: ScenarioRecord | None) -> str:
    """Return the statements of a clause that the example proves, or else the first sentence of the clause."""
    statements = [] if example is None else [id_ for id_ in example.statements if clause_of(id_) == clause]
    texts = [f"{statement} {STATEMENTS[statement]}" for statement in statements]
    return " ".join(texts) or TEXTS[clause].partition(". ")[0]


def _shown_example(example: ScenarioRecord, cause: Cause, drawn: bool) -> str:
    parts = [
        f"<p>{sign(example.outcome)} {escape(shorten(example.shown_name, 120))}"
        f' <span class="dim">in {escape(example.feature)}</span></p>',
        f'<p class="dim">Rule: {escape(shorten(example.rule, 120))}</p>'
        if example.rule not in ("", cause.sentence.removeprefix("broken rule: "))
        else "",
        f'<code class="rerun">{escape(example.rerun)}</code>',
        _explained(example, cause) if cause.kind != "divergence" else "",
        _sent(example) if drawn and example.exchange else "",
    ]
    if example.log:
        log = escape("\n".join(example.log))
        parts.append(f"<details><summary>The server's output on stderr</summary><pre>{log}</pre></details>")
    return "\n".join(filter(None, parts))


def _others(cause: Cause, records: Mapping[str, ScenarioRecord]) -> str:
    """Return the list of the other scenarios of a cause, folded."""
    locations = cause.others
    if not locations:
        return ""
    items = "".join(
        f'<li>{sign(records[location].outcome)} <a href="#{reference(location)}">'
        f"{escape(records[location].shown_name)}</a></li>"
        for location in locations[:LISTED]
    )
    more = f"<li>and {len(locations) - LISTED} more</li>" if len(locations) > LISTED else ""
    count = f"{len(locations)} more scenario{'s' * (len(locations) > 1)}"
    return f"<details><summary>{count}</summary><ul>{items}{more}</ul></details>"


def _sent(record: ScenarioRecord) -> str:
    exchange = record.exchange
    fault = diagram.at_fault(exchange, record.explanation)
    marked = fault if fault >= 0 else len(exchange) - 1
    meaning = "the unexpected answer" if fault >= 0 else "the last message before the failure"
    head = f'<h3>Calls and messages <span class="dim">(▸ {meaning})</span></h3>'
    return head + diagram.render(exchange, marked)


def _explained(record: ScenarioRecord, cause: Cause) -> str:
    """Return the failed step, the expected and the actual result, as far as they can be separated."""
    rows: list[tuple[str, list[str]]] = []
    violated = [("Violated", [text]) for text in record.violations[:1] if cause.times]
    for line in record.explanation:
        text = line.strip()
        if text.partition(" ")[0] in _KEYWORDS and not any(name == "Step" for name, _ in rows):
            rows.append(("Step", [text]))
        elif parts := _EXPECTED_BUT.fullmatch(text):
            rows += [("Expected", [parts[1]]), ("Actual", [parts[2]])]
        elif text.startswith("Expected:"):
            rows.append(("Expected", [text.removeprefix("Expected:").strip()]))
        elif text.startswith("but:"):
            rows.append(("Actual", [text.removeprefix("but:").strip()]))
        elif not rows or rows[-1][0] == "Step":
            rows.append(("Why", [text]))
        else:
            rows[-1][1].append(line)
    if any(name == "Expected" for name, _ in rows):
        rows = [("About" if name == "Why" else name, lines) for name, lines in rows]
    rows += violated
    items = "".join(f"<dt>{name}</dt><dd>{_cell(name, lines, record)}</dd>" for name, lines in rows)
    return f"<dl>{items}</dl>"


def _cell(name: str, lines: Sequence[str], record: ScenarioRecord) -> str:
    text = "\n".join(lines)
    if name == "Step":
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
