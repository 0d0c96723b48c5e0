"""The causes of failures: failed scenarios are grouped by what they have in common.

A scenario belongs to the first of these groups that applies to it:

1. the bridge ended by itself, or answers no more;
2. a method answered UNIMPLEMENTED;
3. nearly all scenarios that call a method fail, under several clauses: the method itself is at fault;
4. an invariant was violated in it, which is often the reason why a step failed;
5. a method answered an unexpected refusal, or a state could not be reached, in the same way under several
   clauses;
6. the Rules of the same clauses are broken;
7. its random walks diverged, which is a cause for each clause that no other cause names.

First come methods, and basic clauses of which most scenarios fail, in the order in which they rest on each
other; then the other causes, the clause that is most probably broken first.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence

from varbridge.conformance.clauses import clause_in, clause_of
from varbridge.conformance.report.cause_groups import (
    Group,
    broken_basics,
    cause_of,
    clauses_of,
    failure_of,
    in_order,
)
from varbridge.conformance.report.record import Cause, ScenarioRecord
from varbridge.conformance.report.suspicion import Suspicion
from varbridge.messages.traits import METHODS

AT_FAULT = 0.8
"""The share of the scenarios calling a method that fail if the method itself is at fault."""

_LEAST_CALLERS = 5
_SEVERAL = 3  # the number of groups of clauses under which a method or a refusal must fail to be a cause
_FAILED = ("failed", "not reached")
_MASKED = re.compile(r"'[^']*'|\"[^\"]*\"|\b[\w-]*\d[\w.-]*\b")


def find_causes(records: Sequence[ScenarioRecord]) -> list[Cause]:
    """Return the causes of failures and violated invariants in a run, in the order in which to mend them."""
    rest = [record for record in records if record.outcome in _FAILED]
    suspicion = Suspicion(records)
    groups: list[Group] = []
    for kind, name in (("ended", _ended), ("unimplemented", _unimplemented)):
        rest = _take(groups, kind, rest, name)
    walks = [record for record in rest if record.divergences]
    rest = _take_methods(groups, [record for record in rest if not record.divergences], records)
    invariants = _violated(records, groups)
    rest = _take_violating(invariants, rest)
    for kind, key in (("refusal", _refusal), ("state", _state), ("difference", _difference)):
        rest = _take_common(groups, kind, rest, key)
    _take(groups, "rule", rest, lambda record: tuple(record.clauses))
    groups += invariants
    _add_divergences(groups, walks, suspicion)
    return [cause_of(group, suspicion) for group in in_order(groups, suspicion)]


def startup_cause(clause: str, sentence: str, lines: Sequence[str]) -> Cause:
    """Return the cause for a bridge that did not become ready, so that no scenario could run."""
    return Cause("startup", sentence, [clause], (), (), (), 0, example="", lines=lines)


def hang_cause(sentence: str) -> Cause:
    """Return the cause for a bridge that does not answer, after which no more scenarios were run."""
    return Cause("hang", sentence, (), (), (), (), 0, example="", lines=["the other scenarios were not run"])


def note_on_basics(causes: Sequence[Cause], records: Sequence[ScenarioRecord]) -> str:
    """Return a sentence if most scenarios of a basic clause fail, on which all others rest; else empty."""
    named = dict.fromkeys(clause for cause in causes for clause in cause.clauses)
    broken = broken_basics(named, Suspicion(records))
    if not broken:
        return ""
    return (
        f"The basics fail ({', '.join(broken)}): mend them first, since nearly everything else rests on them"
    )


def _ended(record: ScenarioRecord) -> str:
    failure = failure_of(record)
    return failure.method or "unknown" if failure.ended else ""


def _unimplemented(record: ScenarioRecord) -> str:
    return next(iter(failure_of(record).unimplemented), "")


def _refusal(record: ScenarioRecord) -> Hashable:
    failure = failure_of(record)
    return (failure.method, failure.status, mask(failure.words)) if failure.status else None


def _state(record: ScenarioRecord) -> Hashable:
    failure = failure_of(record)
    return (failure.method, mask(failure.step)) if failure.stage == "given" else None


def _difference(record: ScenarioRecord) -> Hashable:
    return mask("\n".join(record.explanation[1:])) or None


def mask(text: str) -> str:
    """Return a text with … in place of its quoted parts and numbers, so that alike texts are equal."""
    return _MASKED.sub("…", text)


def _take(
    groups: list[Group],
    kind: str,
    records: Iterable[ScenarioRecord],
    key: Callable[[ScenarioRecord], Hashable],
) -> list[ScenarioRecord]:
    """Add a group for each key; return the records whose key is empty."""
    rest: list[ScenarioRecord] = []
    taken = defaultdict[Hashable, list[ScenarioRecord]](list)
    for record in records:
        name = key(record)
        if name or kind == "rule":
            taken[name].append(record)
        else:
            rest.append(record)
    for name, members in taken.items():
        method = name if isinstance(name, str) and kind != "rule" else failure_of(members[0]).method
        groups.append(Group(kind, method=method, members=members))
    return rest


def _take_common(
    groups: list[Group],
    kind: str,
    records: Sequence[ScenarioRecord],
    key: Callable[[ScenarioRecord], Hashable],
) -> list[ScenarioRecord]:
    """Add a group for each key that occurs under several clauses; return the other records."""
    clauses = defaultdict[Hashable, set[tuple[str, ...]]](set)
    for record in records:
        clauses[key(record)].add(tuple(record.clauses))
    common = {name for name, several in clauses.items() if name and len(several) >= _SEVERAL}
    chosen = [record for record in records if key(record) in common]
    _take(groups, kind, chosen, key)
    return [record for record in records if key(record) not in common]


def _take_methods(
    groups: list[Group], rest: list[ScenarioRecord], records: Sequence[ScenarioRecord]
) -> list[ScenarioRecord]:
    """Add a group for each method that fails nearly all of its callers; return the other failed records."""
    while True:
        best: Group | None = None
        for method in METHODS:
            failed = [record for record in rest if method in record.methods]
            ran = [r for r in records if method in r.methods and (r in failed or r.outcome == "passed")]
            several = len({tuple(record.clauses) for record in failed}) >= _SEVERAL
            if several and len(failed) >= max(_LEAST_CALLERS, AT_FAULT * len(ran)):
                group = Group("method", method=method, members=failed, callers=len(ran))
                if best is None or len(failed) > len(best.members):
                    best = group
        if best is None:
            return rest
        groups.append(best)
        alike = {_difference(record) for record in best.members}
        members = [r for r in rest if best.method in r.methods or _difference(r) in alike]
        best.members = members
        rest = [record for record in rest if record not in members]


def _violated(records: Sequence[ScenarioRecord], groups: Sequence[Group]) -> list[Group]:
    """Return a group for the invariants of each clause that were violated where no method was at fault.

    The other violations are added to the groups of the methods at fault.
    """
    invariants: dict[str, Group] = {}
    for record in records:
        if record.outcome not in ("passed", *_FAILED):
            continue
        for sentence in record.violations:
            clause = clause_in(sentence)
            group = invariants.setdefault(clause, Group("invariant", clause=clause))
            group.violations.append((record, sentence))
    left = []
    for invariant in invariants.values():
        for group in groups:
            if group.kind == "method" and all(group.method in r.methods for r, _ in invariant.violations):
                group.violations += invariant.violations
                break
        else:
            left.append(invariant)
    return left


def _take_violating(invariants: Sequence[Group], rest: list[ScenarioRecord]) -> list[ScenarioRecord]:
    """Add failed records to the group of the first invariant that they violated; return the others."""
    by_clause = {group.clause: group for group in invariants}
    left: list[ScenarioRecord] = []
    for record in rest:
        group = next(filter(None, (by_clause.get(clause_in(text)) for text in record.violations)), None)
        (group.members if group else left).append(record)
    return left


def _add_divergences(groups: list[Group], walks: Iterable[ScenarioRecord], suspicion: Suspicion) -> None:
    """Add walks to the groups of the clauses that they diverged from, and a group for each other clause."""
    by_clause = {clause: group for group in groups for clause in clauses_of(group, suspicion)}
    for record in walks:
        for divergence in record.divergences:
            clause = clause_of(divergence.statement)
            if clause not in by_clause:
                by_clause[clause] = Group("divergence", clause=clause)
                groups.append(by_clause[clause])
            group = by_clause[clause]
            group.divergences.append(divergence)
            if record not in group.walks:
                group.walks.append(record)
