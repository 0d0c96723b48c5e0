"""The page ``reports/index.html``, which has no scripts and loads nothing from elsewhere.

Plain functions render it from the content of ``verdict.json``: a template engine would be one more dependency
for everyone who judges a bridge, for a page with a handful of loops.
"""

from __future__ import annotations

from itertools import groupby

from varbridge.conformance.report import failures, features, plots
from varbridge.conformance.report.html import SIGNS, escape, sign, table
from varbridge.conformance.report.record import Report, ScenarioRecord
from varbridge.conformance.report.style import CSS

_LOOKS = {
    "conforms": ("✓", "passed"),
    "conforms in part": ("◐", "passed"),
    "passed (partial run)": ("◐", "passed"),
    "does not conform": ("✗", "failed"),
    "not judged": ("?", "known"),
    "broken run": ("⚠", "known"),
}
_SLOWEST = 10


def render(data: Report) -> str:
    """Return the whole report page as HTML."""
    failed = data.of("failed")
    title = f"{data.verdict.word}: {data.bridge.name or 'a bridge'}"
    body = [
        _head(data, failures.names(failed)),
        failures.render(failed, data.verdict.word == "broken run"),
        plots.render(data.scenarios),
        _clauses(data),
        _left_out(data),
        features.render(data),
        _durations(data),
        _coverage(data),
        _foot(data),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{CSS}</style></head>\n<body>\n"
        + "\n".join(part for part in body if part)
        + "\n</body></html>\n"
    )


def _head(data: Report, failed: str) -> str:
    verdict, counts = data.verdict, data.counts
    mark, look = _LOOKS[verdict.word]
    rest = {"skipped": counts.skipped, "known to fail": counts.known_failing, "not run": counts.not_run}
    line = ", ".join(f"{count} {outcome}" for outcome, count in rest.items() if count)
    return (
        f'<header class="verdict {look}"><h1>{mark} {escape(verdict.word)}</h1>\n'
        f"<p>{escape(verdict.sentence)}.</p>{failed}"
        + (f'\n<p class="dim">{escape(line)}</p></header>' if line else "</header>")
    )


def _foot(data: Report) -> str:
    """Return the footer as HTML: the bridge, the time of the run, the counts and the selection."""
    bridge, run, counts = data.bridge, data.run, data.counts
    about = f"{bridge.name}, judged as {bridge.service}. " if bridge.name else ""
    outcomes = f"{counts.passed} passed, {counts.failed} failed, {counts.skipped} skipped"
    when = f"{run.started.replace('T', ' ').replace('Z', ' UTC')}, {run.seconds:.1f} s"
    selection = "everything" if run.full else run.selection
    text = f"{about}{when}. Scenarios: {outcomes}. Selection: {selection}."
    return f'<footer class="dim">{escape(text)}</footer>'


def _clauses(data: Report) -> str:
    """Return a tile for every clause of the contract, with its id and its outcome as a sign and a text."""
    clauses = data.coverage.get("clauses", {})
    if not clauses:
        return ""
    records: dict[str, list[ScenarioRecord]] = {clause: [] for clause in clauses}
    for record in data.scenarios:
        for clause in record.clauses:
            records.setdefault(clause, []).append(record)
    rows = []
    for _, group in groupby(records.items(), lambda item: item[0][0]):
        tiles = "".join(_tile(clause, proofs) for clause, proofs in group)
        rows.append(f'<ul class="clauses">{tiles}</ul>')
    legend = " ".join(f"{sign(outcome)} {text}" for outcome, (_, text, _) in SIGNS.items())
    return (
        f'<section id="clauses"><h2>The contract</h2>\n<p class="dim">{legend}</p>\n{"".join(rows)}</section>'
    )


def _tile(clause: str, records: list[ScenarioRecord]) -> str:
    outcome = features.worst([record.outcome for record in records])
    mark, text, look = SIGNS[outcome]
    rules = "; ".join(dict.fromkeys(record.rule for record in records))
    target = "features"
    if records:
        target = features.anchor(records[0].path, clause)
    return (
        f'<li class="{look}"><a href="#{target}" title="{escape(rules)}">'
        f"<b>{clause} {mark}</b>{text}</a></li>"
    )


def _left_out(data: Report) -> str:
    parts = []
    for outcome, title in (("skipped", "Skipped"), ("known failing", "Known to fail")):
        reasons: dict[str, list[ScenarioRecord]] = {}
        for record in data.of(outcome):
            reasons.setdefault(record.reason, []).append(record)
        if not reasons:
            continue
        parts.append(f"<h2>{title}</h2>")
        for reason, records in reasons.items():
            names = "".join(
                f"<li>{escape(record.feature)}: {escape(record.shown_name)}</li>" for record in records
            )
            parts.append(
                f"<details><summary>{sign(outcome)} {len(records)}: {escape(reason)}</summary>"
                f"<ul>{names}</ul></details>"
            )
    return f'<section id="left-out">{"".join(parts)}</section>' if parts else ""


def _durations(data: Report) -> str:
    slowest = sorted(data.scenarios, key=lambda record: -record.seconds)[:_SLOWEST]
    if not slowest:
        return ""
    rows = [("seconds", "scenario", "location")]
    rows += [(f"{record.seconds:.2f}", record.shown_name, record.location) for record in slowest]
    return (
        '<section id="durations"><h2>Durations</h2><details><summary>The slowest '
        f"{len(slowest)} of {len(data.scenarios)} scenarios</summary>{table(rows)}</details></section>"
    )


def _coverage(data: Report) -> str:
    if not data.coverage:
        return ""
    parts = ['<section id="coverage"><h2>Coverage</h2>']
    for subject, met in data.coverage.items():
        unmet = [name for name, count in met.items() if not count]
        note = f"; not covered: {', '.join(unmet)}" if unmet else ""
        rows = [(subject, "times"), *((name, str(count)) for name, count in met.items())]
        parts.append(
            f"<details><summary>{len(met) - len(unmet)} of {len(met)} {subject}{escape(note)}</summary>"
            f"{table(rows)}</details>"
        )
    return "".join(parts) + "</section>"
