"""The section of the report page about the contract: each clause with its text and its outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from varbridge.conformance.clauses import (
    CLAUSES,
    NOT_JUDGED,
    SECTIONS,
    STATEMENTS,
    statements_of_clause,
)
from varbridge.conformance.report.features import worst
from varbridge.conformance.report.html import SIGNS, escape, markdown, reference, sign
from varbridge.conformance.report.record import Report, ScenarioRecord


def render(data: Report) -> str:
    """Return the clauses by the sections of the contract as HTML; empty if none was claimed."""
    if not data.coverage.get("clauses"):
        return ""
    records: dict[str, list[ScenarioRecord]] = {}
    for record in data.scenarios:
        for clause in record.clauses:
            records.setdefault(clause, []).append(record)
    broken = {clause for cause in data.causes for clause in cause.clauses}
    outcomes = {clause: _outcome(records.get(clause, ()), clause in broken) for clause in CLAUSES}
    legend = " ".join(f"{sign(outcome)} {text}" for outcome, (_, text, _) in SIGNS.items())
    parts = [f'<section id="clauses"><h2>The contract</h2>\n<p class="dim">{legend}</p>']
    for title, clauses in SECTIONS.items():
        items = "\n".join(_clause(clause, outcomes[clause], records.get(clause, ())) for clause in clauses)
        parts.append(f"<h3>{escape(title)} {_tally(clauses, outcomes)}</h3>")
        parts.append(f'<div class="clauses">{items}</div>')
    return "\n".join([*parts, "</section>"])


def _outcome(records: Sequence[ScenarioRecord], broken: bool) -> str:
    return "failed" if broken else worst([record.outcome for record in records])


def _tally(clauses: Sequence[str], outcomes: Mapping[str, str]) -> str:
    count = Counter(outcomes[clause] for clause in clauses)
    not_run = f", {count['not run']} not run" if count["not run"] else ""
    return f'<span class="dim">{count["passed"]} of {len(clauses)} passed{not_run}</span>'


def _clause(clause: str, outcome: str, records: Sequence[ScenarioRecord]) -> str:
    places: dict[str, str] = {}  # of the first scenario of each rule
    for record in records:
        places.setdefault(record.rule, reference(record.location))
    proofs = "".join(f'<li><a href="#{place}">{escape(rule)}</a></li>' for rule, place in places.items())
    passed = sum(record.outcome == "passed" for record in records)
    return (
        f'<details class="clause {SIGNS[outcome][2]}" id="clause-{clause}"><summary>{sign(outcome)}'
        f" <b>{clause}</b> {escape(CLAUSES[clause])}"
        f' <span class="dim">{passed} of {len(records)}</span></summary>'
        f'<ul class="statements">{_statements(clause, records)}</ul><ul>{proofs}</ul></details>'
    )


def _statements(clause: str, records: Sequence[ScenarioRecord]) -> str:
    """Return the statements of a clause as items of a list, each with the outcome of its scenarios."""
    return "".join(
        f'<li id="statement-{statement}">{_proof(statement, records)} <b>{statement}</b>'
        f" {markdown(STATEMENTS[statement])}</li>"
        for statement in statements_of_clause(clause)
    )


def _proof(statement: str, records: Sequence[ScenarioRecord]) -> str:
    if reason := NOT_JUDGED.get(statement):
        return f'<span class="dim" title="{escape(reason)}">not judged</span>'
    outcomes = [record.outcome for record in records if statement in record.statements]
    return sign(worst(outcomes))
