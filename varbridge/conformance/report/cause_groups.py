"""The groups of failed scenarios, and the cause that each group shows: its sentence, clauses and place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from varbridge.conformance.clauses import clause_of, rank
from varbridge.conformance.report.record import Cause, DivergenceRecord, Failure, ScenarioRecord, counted
from varbridge.conformance.report.suspicion import Suspicion
from varbridge.messages.traits import METHODS, traits_of

FEW = 2
"""The maximum number of clauses that a cause names."""

MOST = 0.5
"""The share of the scenarios of a basic clause that fail if it is to be mended before all others."""

BASICS = ("P1", "S1", "S2", "A1", "A3")
"""The clauses on which nearly all scenarios rest: start-up, sessions, and variables that are set and read."""

_WHOLE_METHOD = re.compile(r"(?i)not (yet )?(implemented|found)|unimplemented")  # as libraries word it


@dataclass
class Group:
    """Failed scenarios that have something in common.

    Attributes:
        kind: the kind of the cause; see ``Cause``.
        method: the method that failed them, as far as it is known; else empty.
        clause: the clause of the invariant or of the divergence; else empty.
        members: the failed scenarios.
        violations: the violations of an invariant, with their scenarios.
        callers: the number of scenarios that call the method.
        walks: the scenarios whose random walks diverged.
        divergences: the divergences.
    """

    kind: str
    method: str = ""
    clause: str = ""
    members: list[ScenarioRecord] = field(default_factory=list)
    violations: list[tuple[ScenarioRecord, str]] = field(default_factory=list)
    callers: int = 0
    walks: list[ScenarioRecord] = field(default_factory=list)
    divergences: list[DivergenceRecord] = field(default_factory=list)


def failure_of(record: ScenarioRecord) -> Failure:
    """Return the failure of a scenario; one at its end if the scenario did not fail."""
    return record.failure or Failure("end")


def cause_of(group: Group, suspicion: Suspicion) -> Cause:
    """Return the cause that a group shows."""
    members = [*group.members, *group.walks]
    violating = list(dict.fromkeys(record.location for record, _ in group.violations))
    sentence, advice = _words(group)
    return Cause(
        kind=group.kind,
        sentence=sentence,
        clauses=clauses_of(group, suspicion),
        failed=[record.location for record in members if record.outcome == "failed"],
        not_reached=[record.location for record in members if record.outcome == "not reached"],
        violated=violating,
        times=len(group.violations),
        example=_example(group).location,
        advice=advice,
        lines=_simplest(group).scenario if group.kind == "divergence" else (),
    )


def clauses_of(group: Group, suspicion: Suspicion) -> list[str]:
    """Return the clauses that a cause names, the one that is most probably broken first.

    The clause of an invariant comes first, and that of a method at fault is the only one. The clauses of the
    statements that the failed scenarios prove come before others of their Rules.
    """
    counts = Counter(clause for record in group.members for clause in record.clauses)
    proved = {clause_of(statement) for record in group.members for statement in record.statements}
    named = suspicion.ordered(proved & counts.keys())
    rules = [*named, *sorted(counts.keys() - proved, key=lambda clause: (-counts[clause], rank(clause)))]
    if group.clause:
        return [group.clause, *(clause for clause in rules if clause != group.clause)][:FEW]
    if group.method in METHODS and (
        group.kind == "unimplemented" or (group.kind == "method" and len(rules) > FEW)
    ):
        return [traits_of(group.method).clause]
    return rules[:FEW]


def _words(group: Group) -> tuple[str, str]:
    """Return the sentence and the advice of a cause."""
    failure = failure_of(group.members[0]) if group.members else Failure("end")
    match group.kind:
        case "ended":
            return f"The bridge ended by itself at {group.method}", ""
        case "unimplemented":
            advice = f"implement {group.method}, or declare it as missing: reports/profile.toml does"
            return f"{group.method} answered UNIMPLEMENTED{_what(group)}", advice
        case "method":
            often = f"{len(group.members)} of the {group.callers} scenarios that call {group.method} fail"
            return f"{group.method} answers wrongly: {often}", ""
        case "refusal":
            return f"{failure.method or 'a call'} answered {failure.status}: {failure.words}", ""
        case "state":
            return f"a state could not be reached: {failure.step}", ""
        case "difference":
            return " ".join(group.members[0].explanation[1:]), ""
        case "invariant":
            return group.violations[0][1].rpartition(" (")[0], ""
        case "divergence":
            return _simplest(group).sentence, ""
    if all(record.known and record.failure is None for record in group.members):
        return f"outdated declaration: {group.members[0].known}", "remove it from the profile"
    rules = list(dict.fromkeys(record.rule or record.feature for record in group.members))
    more = f" (and {counted(len(rules) - 1, 'more rule')} of the same clauses)" if len(rules) > 1 else ""
    return f"broken rule: {rules[0]}{more}", ""


def _simplest(group: Group) -> DivergenceRecord:
    """Return the divergence whose scenario has the fewest lines."""
    return min(group.divergences, key=lambda divergence: len(divergence.scenario))


def _what(group: Group) -> str:
    """Return what a bridge says that it does not implement, if it is not the whole method; else empty."""
    words = {f.words for f in map(failure_of, group.members) if f.status == "UNIMPLEMENTED" and f.words}
    specific = [text for text in words if not _WHOLE_METHOD.search(text)]
    return f": {specific[0]}" if len(specific) == len(words) == 1 else ""


def _example(group: Group) -> ScenarioRecord:
    """Return the simplest record: one that was judged rather than not reached, with the fewest steps."""
    records = group.members or [record for record, _ in group.violations] or group.walks
    return min(records, key=lambda record: (record.outcome == "not reached", len(record.steps)))


def broken_basics(clauses: Iterable[str], suspicion: Suspicion) -> list[str]:
    """Return the basic clauses among these, of which most scenarios fail."""
    return [clause for clause in clauses if clause in BASICS and suspicion.share(clause) >= MOST]


def in_order(groups: Sequence[Group], suspicion: Suspicion) -> list[Group]:
    """Return groups in the order of their causes; of several about one clause, its Rules come first."""
    clauses = {id(group): clauses_of(group, suspicion) for group in groups}
    probable = suspicion.ordered(names[0] for names in clauses.values() if names)
    kinds = {"ended": 0, "unimplemented": 1, "method": 1}

    def place(group: Group) -> tuple[int, ...]:
        names = clauses[id(group)]
        if group.kind in kinds:
            method = METHODS.index(group.method) if group.method in METHODS else len(METHODS)
            return kinds[group.kind], method, 0
        if basics := broken_basics(names, suspicion):
            return 2, min(map(rank, basics)), -len(group.members)
        probability = probable.index(names[0]) if names else len(probable)
        return 3, probability, group.kind != "rule", -len(group.members)

    return sorted(groups, key=place)
