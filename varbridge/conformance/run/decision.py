"""The decision on the verdict of a run: one word, one sentence and one exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from varbridge.conformance.clauses import CLAUSES
from varbridge.conformance.report.format import shorten
from varbridge.conformance.report.record import Cause, ScenarioRecord, counted
from varbridge.conformance.report.verdict import (
    BROKEN,
    CONFORMS,
    FAILS,
    IN_PART,
    NOT_JUDGED,
    PARTIAL,
    Verdict,
)
from varbridge.conformance.target.startup import StartupFailure

SHOWN = 3
"""The maximum number of causes in the sentence of a verdict."""


@dataclass(frozen=True)
class Findings:
    """The findings of a run that decide its verdict.

    Attributes:
        bridge: the name of the bridge.
        scenarios: the records of the scenarios.
        causes: the causes of their failures.
        usual: the number of scenarios in a full run.
        full: True if this run selects all scenarios of a full run.
        refused: the reason why the run was refused before its first scenario; empty if it was not.
        broken: the reason why the run is broken; empty if it is not.
        startup: the failure of the bridge before its first scenario; None if it became ready.
        unmet: the clauses, methods, statuses and so on that the suite should have covered and did not.
    """

    bridge: str = "a bridge"
    scenarios: Sequence[ScenarioRecord] = ()
    causes: Sequence[Cause] = ()
    usual: int = 0
    full: bool = False
    refused: str = ""
    broken: str = ""
    startup: StartupFailure | None = None
    unmet: Sequence[str] = field(default_factory=tuple)

    def of(self, outcome: str) -> list[ScenarioRecord]:
        """Return the records of the scenarios with this outcome."""
        return [record for record in self.scenarios if record.outcome == outcome]


def decide(findings: Findings) -> Verdict:
    """Return the verdict of a run; the cases that come first take precedence.

    A broken run says nothing about the bridge, whatever failed in it. A failure outweighs skipped scenarios.
    If nothing failed, the verdict depends on how much was judged: nothing, a part, or everything.
    """
    passed, failed = findings.of("passed"), findings.of("failed")
    skipped, known = findings.of("skipped"), findings.of("known failing")
    name = findings.bridge[:1].upper() + findings.bridge[1:]
    if findings.broken:
        return Verdict(BROKEN, f"{findings.broken}. This says nothing about {findings.bridge}")
    if findings.refused:
        return Verdict(NOT_JUDGED, findings.refused)
    if failed or findings.causes:
        return Verdict(FAILS, _failures(findings, name))
    if not passed:
        reasons = "; ".join(sorted({record.reason for record in (*skipped, *known)})) or "nothing ran"
        return Verdict(NOT_JUDGED, f"no scenario passed, and none failed: {reasons}")
    undeclared = [record for record in skipped if not record.declared]
    if not findings.full or undeclared:
        why = f" ({len(undeclared)} skipped for reasons that no profile declares)" if undeclared else ""
        return Verdict(
            PARTIAL,
            f"{len(passed)} of {findings.usual} scenarios passed{why};"
            " this does not show that the bridge conforms",
        )
    only_outside = all(record.outside for record in skipped)
    if findings.unmet and only_outside and not known:
        return Verdict(
            NOT_JUDGED,
            f"every scenario passed, but the run did not cover {', '.join(findings.unmet)}",
        )
    if skipped and only_outside and not known:
        return Verdict(
            CONFORMS,
            f"{name} passed all {len(passed)} scenarios that apply to it;"
            f" {len(skipped)} skipped scenarios need what the contract does not require",
        )
    if skipped or known:
        parts = [f"{len(skipped)} skipped for what it lacks"] if skipped else []
        parts += [f"{len(known)} known to fail"] if known else []
        return Verdict(
            IN_PART,
            f"{name} fulfils {_clauses(findings)}: {len(passed)} of {findings.usual} scenarios passed;"
            f" {' and '.join(parts)}",
        )
    return Verdict(CONFORMS, f"{name} passed all {len(passed)} scenarios")


def _clauses(findings: Findings) -> str:
    """Return how many clauses were judged in full, and how many in part, as a phrase."""
    outcomes: dict[str, set[str]] = {}
    for record in findings.scenarios:
        for clause in () if record.outside else record.clauses:
            outcomes.setdefault(clause, set()).add(record.outcome)
    in_full = sum(met == {"passed"} for met in outcomes.values())
    in_part = sum("passed" in met and met != {"passed"} for met in outcomes.values())
    more = f", and {in_part} more in part" if in_part else ""
    return f"{in_full} of {len(CLAUSES)} clauses of the contract{more}"


def _failures(findings: Findings, name: str) -> str:
    causes = findings.causes
    shown = "; ".join(replace(cause, sentence=shorten(cause.sentence, 100)).named for cause in causes[:SHOWN])
    more = f"; and {counted(len(causes) - SHOWN, 'more cause')}" if len(causes) > SHOWN else ""
    if not findings.scenarios:
        return f"{name}: {shown}{more}"
    ran = len(findings.scenarios) - len(findings.of("skipped"))
    failed, unreached = len(findings.of("failed")), len(findings.of("not reached"))
    words = f"{failed or 'None'} of {ran} scenarios failed"
    words += f", and {unreached} were not reached" if unreached else ""
    if not failed and not unreached:
        words += ", but what holds for every answer was violated"
    return f"{name}: {shown}{more}. {words}"
