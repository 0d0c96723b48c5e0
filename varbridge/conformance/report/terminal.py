"""The output at the end of a run: the causes of failures, then the verdict, then the counts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from typing import TextIO

from varbridge.conformance.clauses import CLAUSES
from varbridge.conformance.report.causes import note_on_basics
from varbridge.conformance.report.format import shorten
from varbridge.conformance.report.record import Cause, Report, ScenarioRecord
from varbridge.conformance.report.verdict import BROKEN

EXPLAINED = 5
"""The maximum number of causes that are printed with an example; the others have one line each."""

EXAMPLES = 3
"""The maximum number of scenarios that are named for a cause."""

_WIDTH = 300


def print_verdict(data: Report, out: TextIO | None = None) -> None:
    """Print the causes of failures, the reasons of skipped scenarios, the verdict and the counts.

    The last line has only the counts, for programs that parse it.
    """
    out = out or sys.stdout
    for line in lines(data):
        print(line, file=out, flush=True)


def lines(data: Report) -> Iterator[str]:
    """Yield the lines that ``print_verdict`` prints."""
    if data.causes:
        yield ""
        broken = data.verdict.word == BROKEN
        yield "FAILURES IN A BROKEN RUN" if broken else "CAUSES, in the order in which to mend them"
        if not broken and (note := note_on_basics(data.causes, data.scenarios)):
            yield f"{note}."
    records = {record.location: record for record in data.scenarios}
    for number, cause in enumerate(data.causes, 1):
        yield from _cause(number, cause, records)
    if data.causes:
        yield ""
        yield "Every failure, with its calls and messages: reports/index.html"
    by_reason: dict[str, int] = {}
    for record in data.of("skipped"):
        by_reason[record.reason] = by_reason.get(record.reason, 0) + 1
    for reason, count in by_reason.items():
        yield f"skipped: {count}, {reason}"
    for record in data.of("known failing"):
        yield f"known to fail: {record.location}: {record.shown_name}: {record.reason}"
    yield ""
    yield str(data.verdict)
    counts = data.counts
    parts = [f"{counts.passed} passed", f"{counts.failed} failed", f"{counts.skipped} skipped"]
    parts += [f"{counts.not_reached} not reached"] if counts.not_reached else []
    parts += [f"{counts.not_run} not run"] if counts.not_run else []
    invariants = sum(cause.kind == "invariant" for cause in data.causes)
    parts += [f"{invariants} broken invariant{'s' * (invariants > 1)}"] if invariants else []
    yield f"scenarios: {', '.join(parts)}"


def _cause(number: int, cause: Cause, records: dict[str, ScenarioRecord]) -> Iterator[str]:
    clauses = "".join(f" ({clause} {CLAUSES[clause]})" for clause in cause.clauses if clause in CLAUSES)
    head = f"{number}. {shorten(cause.sentence, _WIDTH)}{clauses}: {cause.counts}"
    if not cause.counts:
        head = head.removesuffix(": ")
    if number > EXPLAINED:
        yield f"{head}; such as {cause.example}"
        return
    yield ""
    yield head
    if cause.advice:
        yield f"   to do: {cause.advice}"
    for line in cause.lines:
        yield f"     {line}"
    if not cause.example:
        return
    example = records[cause.example]
    yield f"   {example.location}: {example.shown_name}"
    explained = () if cause.kind == "divergence" else example.explanation or islice(example.violations, 1)
    for line in explained:
        yield f"     {shorten(line, _WIDTH)}"
    for line in example.log:
        yield f"     server: {shorten(line, _WIDTH)}"
    yield f"     rerun: {example.rerun}"
    others = cause.others
    for location in others[: EXAMPLES - 1]:
        yield f"   {location}: {records[location].shown_name}"
    if len(others) >= EXAMPLES:
        yield f"   and {len(others) - EXAMPLES + 1} more scenarios"
