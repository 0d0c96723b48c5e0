"""The decision on a verdict: one sentence and one exit code, from what a run found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from varbridge.conformance import tags
from varbridge.conformance.report.record import ScenarioRecord
from varbridge.conformance.report.verdict import BROKEN, CONFORMS, FAILS, NOT_JUDGED, SLICE, Verdict

_BESIDE = {f"needs {tags.CAPABILITIES[name]}" for name in tags.REFERENCE_ALONE}
"""Why scenarios are skipped that the contract does not speak of."""


@dataclass(frozen=True)
class Findings:
    """What a run found, as far as the verdict needs it.

    Attributes:
        bridge: its name.
        scenarios: the records.
        usual: how many scenarios a full run takes.
        full: whether this run takes all of them.
        refused: why nothing could be judged; empty where it could.
        broken: why the run is broken; empty where it is whole.
        unmet: what the suite claims to exercise and did not.
    """

    bridge: str
    scenarios: Sequence[ScenarioRecord] = ()
    usual: int = 0
    full: bool = False
    refused: str = ""
    broken: str = ""
    unmet: Sequence[str] = field(default_factory=tuple)

    def of(self, outcome: str) -> list[ScenarioRecord]:
        """The scenarios with this outcome."""
        return [one for one in self.scenarios if one.outcome == outcome]


def decide(found: Findings) -> Verdict:
    """Say what a run says. What comes first here outweighs what comes later.

    A broken run says nothing of the bridge, whatever failed in it. A failure outweighs what was skipped.
    Only where nothing failed it matters how much was judged: nothing, a part, or all.
    """
    passed, failed = found.of("passed"), found.of("failed")
    skipped, known = found.of("skipped"), found.of("known failing")
    name = found.bridge[:1].upper() + found.bridge[1:]
    if found.broken:
        return Verdict(BROKEN, f"{found.broken}. This says nothing of {found.bridge}")
    if found.refused:
        return Verdict(NOT_JUDGED, found.refused)
    if failed:
        return Verdict(FAILS, _failures(found, name, failed))
    if not passed:
        reasons = "; ".join(sorted({one.reason for one in (*skipped, *known)})) or "nothing ran"
        return Verdict(NOT_JUDGED, f"no scenario passed, and none failed: {reasons}")
    undeclared = [one for one in skipped if not one.declared]
    if not found.full or undeclared:
        why = f" ({len(undeclared)} skipped for reasons that no profile declares)" if undeclared else ""
        return Verdict(
            SLICE,
            f"{len(passed)} of {found.usual} scenarios{why}; this does not say that the bridge conforms",
        )
    beside = all(one.reason in _BESIDE for one in skipped)
    if found.unmet and beside and not known:
        return Verdict(
            NOT_JUDGED,
            "every scenario passed, but the suite never met what it claims to judge:"
            f" {', '.join(found.unmet)}",
        )
    if skipped and beside and not known:
        return Verdict(
            CONFORMS,
            f"{name} passed all {len(passed)} scenarios that it can be asked;"
            f" {len(skipped)} more ask what the contract does not speak of",
        )
    if skipped or known:
        parts = [f"{len(skipped)} scenarios skipped"] if skipped else []
        parts += [f"{len(known)} known to fail"] if known else []
        return Verdict(
            CONFORMS,
            f"{name} conforms except for what its profile declares: {len(passed)} of {found.usual}"
            f" scenarios passed, {' and '.join(parts)}",
        )
    return Verdict(CONFORMS, f"{name} passed all {len(passed)} scenarios")


def _failures(found: Findings, name: str, failed: Sequence[ScenarioRecord]) -> str:
    clauses = list(dict.fromkeys(f"@{clause}" for one in failed for clause in one.clauses))
    shown = ", ".join(clauses[:6]) + (f" and {len(clauses) - 6} more" if len(clauses) > 6 else "")
    ran = len(found.scenarios) - len(found.of("skipped"))
    one = len(failed) == 1
    broken = f", which {'breaks' if one else 'break'} {shown}" if clauses else ""
    return f"{name}: {len(failed)} of {ran} scenarios {'fails' if one else 'fail'}{broken}"
