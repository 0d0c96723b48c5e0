"""The output at the end of a run: the broken rules, then the verdict, then the counts."""

from __future__ import annotations

import sys
from typing import TextIO

from varbridge.conformance.report.record import Report, ScenarioRecord
from varbridge.conformance.report.verdict import BROKEN


def print_verdict(data: Report, out: TextIO | None = None) -> None:
    """Print the failures, the reasons of skipped scenarios, the verdict and the counts.

    The last line has only the counts, for programs that parse it.
    """
    out = out or sys.stdout
    for record in data.of("failed"):
        _print_failure(record, data.verdict.word == BROKEN, out)
    by_reason: dict[str, int] = {}
    for record in data.of("skipped"):
        by_reason[record.reason] = by_reason.get(record.reason, 0) + 1
    for reason, count in by_reason.items():
        _print(f"skipped: {count}, {reason}", out)
    for record in data.of("known failing"):
        _print(f"known to fail: {record.location}: {record.shown_name}: {record.reason}", out)
    _print(f"\n{data.verdict}", out)
    counts = data.counts
    _print(
        f"scenarios: {counts.passed} passed, {counts.failed} failed, {counts.skipped} skipped",
        out,
    )


def _print_failure(record: ScenarioRecord, doubtful: bool, out: TextIO) -> None:
    clauses = " ".join(f"@{clause}" for clause in record.clauses)
    head = "FAILED IN A BROKEN RUN" if doubtful else "BROKEN RULE"
    _print(f"\n{head} {clauses}: {record.rule or record.feature}", out)
    _print(f"  {record.location}: {record.shown_name}", out)
    for line in record.explanation:
        _print(f"    {line}", out)
    for line in record.log:
        _print(f"    server: {line}", out)
    _print(f"  rerun: {record.rerun}", out)


def _print(line: str, out: TextIO) -> None:
    print(line, file=out, flush=True)
