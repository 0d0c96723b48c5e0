"""The end of a run on the terminal: which rules are broken and how, then the verdict, then the count."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, TextIO

from varbridge.conformance.report.results import shown_name
from varbridge.conformance.run.verdict import BROKEN, Verdict


def print_verdict(verdict: Verdict, data: Mapping[str, Any], out: TextIO | None = None) -> None:
    """Print what ``data``, which is what ``reports/verdict.json`` holds, says.

    The last line is the count, alone: machines read it.
    """
    out = out or sys.stdout
    for record in data["scenarios"]:
        if record["outcome"] == "failed":
            _tell_failure(record, verdict.word == BROKEN, out)
    by_reason: dict[str, int] = {}
    for record in data["scenarios"]:
        if record["outcome"] == "skipped":
            by_reason[record["reason"]] = by_reason.get(record["reason"], 0) + 1
    for reason, count in by_reason.items():
        _print(f"skipped: {count}, {reason}", out)
    for record in data["scenarios"]:
        if record["outcome"] == "known failing":
            name = shown_name(record["scenario"])
            _print(f"known to fail: {record['location']}: {name}: {record['reason']}", out)
    _print(f"\n{verdict}", out)
    counts = data["counts"]
    line = ", ".join(f"{counts[outcome]} {outcome}" for outcome in ("passed", "failed", "skipped"))
    _print(f"scenarios: {line}", out)


def _tell_failure(record: Mapping[str, Any], doubtful: bool, out: TextIO) -> None:
    clauses = " ".join(f"@{clause}" for clause in record["clauses"])
    head = "FAILED IN A BROKEN RUN" if doubtful else "BROKEN RULE"
    _print(f"\n{head} {clauses}: {record['rule'] or record['feature']}", out)
    _print(f"  {record['location']}: {shown_name(record['scenario'])}", out)
    for line in record["explanation"]:
        _print(f"    {line}", out)
    for line in record["log"]:
        _print(f"    server: {line}", out)
    _print(f"  again: {record['again']}", out)


def _print(line: str, out: TextIO) -> None:
    print(line, file=out, flush=True)
