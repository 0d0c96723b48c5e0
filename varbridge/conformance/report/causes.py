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
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field

from varbridge.conformance.clauses import clause_in, clause_of, rank
from varbridge.conformance.report.record import Cause, DivergenceRecord, Failure, ScenarioRecord
from varbridge.conformance.report.suspicion import Suspicion
from varbridge.messages.traits import METHODS, traits_of

FEW = 2
"""The maximum number of clauses that a cause names."""

AT_FAULT = 0.8
"""The share of the scenarios calling a method that fail if the method itself is at fault."""

MOST = 0.5
"""The share of the scenarios of a basic clause that fail if it is to be mended before all others."""

BASICS = ("P1", "S1", "S2", "A1", "A3")
"""The clauses on which nearly all scenarios rest: start-up, sessions, and variables that are set and read."""

_WHOLE_METHOD = re.compile(r"(?i)not (yet )?(implemented|found)|unimplemented")  # as libraries word it
_LEAST_CALLERS = 5
_SEVERAL = 3  # the number of groups of clauses under which a method or a refusal must fail to be a cause
_FAILED = ("failed", "not reached")
_MASKED = re.compile(r"'[^']*'|\"[^\"]*\"|\b[\w-]*\d[\w.-]*\b")


@dataclass
class _Group:
    kind: str
    method: str = ""
    clause: str = ""
    members: list[ScenarioRecord] = field(default_factory=list)
    violations: list[tuple[ScenarioRecord, str]] = field(default_factory=list)
    callers: int = 0
    walks: list[ScenarioRecord] = field(default_factory=list)
    divergences: list[DivergenceRecord] = field(default_factory=list)


def find_causes(records: Sequence[ScenarioRecord]) -> list[Cause]:
    """Return the causes of failures and violated invariants in a run, in the order in which to mend them."""
    rest = [record for record in records if record.outcome in _FAILED]
    suspicion = Suspicion(records)
    groups: list[_Group] = []
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
    return [_cause(group, suspicion) for group in _ordered(groups, suspicion)]


def startup_cause(clause: str, sentence: str, lines: Sequence[str]) -> Cause:
    """Return the cause for a bridge that did not become ready, so that no scenario could run."""
    return Cause("startup", sentence, [clause], (), (), (), 0, example="", lines=lines)


def hang_cause(sentence: str) -> Cause:
    """Return the cause for a bridge that does not answer, after which no more scenarios were run."""
    return Cause("hang", sentence, (), (), (), (), 0, example="", lines=["the other scenarios were not run"])


def note_on_basics(causes: Sequence[Cause]) -> str:
    """Return a sentence if the basics fail, on which nearly all scenarios rest; empty if they do not."""
    broken = dict.fromkeys(clause for cause in causes for clause in cause.clauses if clause in BASICS)
    if not broken:
        return ""
    return (
        f"The basics fail ({', '.join(broken)}): mend them first, since nearly everything else rests on them"
    )


def _ended(record: ScenarioRecord) -> str:
    failure = _failure(record)
    return failure.method or "unknown" if failure.ended else ""


def _unimplemented(record: ScenarioRecord) -> str:
    return next(iter(_failure(record).unimplemented), "")


def _refusal(record: ScenarioRecord) -> Hashable:
    failure = _failure(record)
    return (failure.method, failure.status, mask(failure.words)) if failure.status else None


def _state(record: ScenarioRecord) -> Hashable:
    failure = _failure(record)
    return (failure.method, mask(failure.step)) if failure.stage == "given" else None


def _difference(record: ScenarioRecord) -> Hashable:
    return mask("\n".join(record.explanation[1:])) or None


def mask(text: str) -> str:
    """Return a text with … in place of its quoted parts and numbers, so that alike texts are equal."""
    return _MASKED.sub("…", text)


def _failure(record: ScenarioRecord) -> Failure:
    return record.failure or Failure("end")


def _take(
    groups: list[_Group],
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
        method = name if isinstance(name, str) and kind != "rule" else _failure(members[0]).method
        groups.append(_Group(kind, method=method, members=members))
    return rest


def _take_common(
    groups: list[_Group],
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
    groups: list[_Group], rest: list[ScenarioRecord], records: Sequence[ScenarioRecord]
) -> list[ScenarioRecord]:
    """Add a group for each method that fails nearly all of its callers; return the other failed records."""
    while True:
        best: _Group | None = None
        for method in METHODS:
            failed = [record for record in rest if method in record.methods]
            ran = [r for r in records if method in r.methods and (r in failed or r.outcome == "passed")]
            several = len({tuple(record.clauses) for record in failed}) >= _SEVERAL
            if several and len(failed) >= max(_LEAST_CALLERS, AT_FAULT * len(ran)):
                group = _Group("method", method=method, members=failed, callers=len(ran))
                if best is None or len(failed) > len(best.members):
                    best = group
        if best is None:
            return rest
        groups.append(best)
        alike = {_difference(record) for record in best.members}
        members = [r for r in rest if best.method in r.methods or _difference(r) in alike]
        best.members = members
        rest = [record for record in rest if record not in members]


def _violated(records: Sequence[ScenarioRecord], groups: Sequence[_Group]) -> list[_Group]:
    """Return a group for the invariants of each clause that were violated where no method was at fault.

    The other violations are added to the groups of the methods at fault.
    """
    invariants: dict[str, _Group] = {}
    for record in records:
        if record.outcome not in ("passed", *_FAILED):
            continue
        for sentence in record.violations:
            clause = clause_in(sentence)
            group = invariants.setdefault(clause, _Group("invariant", clause=clause))
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


def _take_violating(invariants: Sequence[_Group], rest: list[ScenarioRecord]) -> list[ScenarioRecord]:
    """Add failed records to the group of the first invariant that they violated; return the others."""
    by_clause = {group.clause: group for group in invariants}
    left: list[ScenarioRecord] = []
    for record in rest:
        group = next(filter(None, (by_clause.get(clause_in(text)) for text in record.violations)), None)
        (group.members if group else left).append(record)
    return left


def _add_divergences(groups: list[_Group], walks: Iterable[ScenarioRecord], suspicion: Suspicion) -> None:
    """Add walks to the groups of the clauses that they diverged from, and a group for each other clause."""
    by_clause = {clause: group for group in groups for clause in _clauses(group, suspicion)}
    for record in walks:
        for divergence in record.divergences:
            clause = clause_of(divergence.statement)
            if clause not in by_clause:
                by_clause[clause] = _Group("divergence", clause=clause)
                groups.append(by_clause[clause])
            group = by_clause[clause]
            group.divergences.append(divergence)
            if record not in group.walks:
                group.walks.append(record)


def _cause(group: _Group, suspicion: Suspicion) -> Cause:
    members = [*group.members, *group.walks]
    violating = list(dict.fromkeys(record.location for record, _ in group.violations))
    sentence, advice = _words(group)
    return Cause(
        kind=group.kind,
        sentence=sentence,
        clauses=_clauses(group, suspicion),
        failed=[record.location for record in members if record.outcome == "failed"],
        not_reached=[record.location for record in members if record.outcome == "not reached"],
        violated=violating,
        times=len(group.violations),
        example=_example(group).location,
        advice=advice,
        lines=_simplest(group).scenario if group.kind == "divergence" else (),
    )


def _clauses(group: _Group, suspicion: Suspicion) -> list[str]:
    """Return the clauses that a cause names, the one that is most probably broken first.

    The clause of an invariant comes first, and that of a method at fault is the only one. The clauses of the
    statements that the failed scenarios prove come before others of their Rules.
    """
    counted = Counter(clause for record in group.members for clause in record.clauses)
    proved = {clause_of(statement) for record in group.members for statement in record.statements}
    named = suspicion.ordered(proved & counted.keys())
    rules = [*named, *sorted(counted.keys() - proved, key=lambda clause: (-counted[clause], rank(clause)))]
    if group.clause:
        return [group.clause, *(clause for clause in rules if clause != group.clause)][:FEW]
    if group.method in METHODS and (
        group.kind == "unimplemented" or (group.kind == "method" and len(rules) > FEW)
    ):
        return [traits_of(group.method).clause]
    return rules[:FEW]


def _words(group: _Group) -> tuple[str, str]:
    """Return the sentence and the advice of a cause."""
    failure = _failure(group.members[0]) if group.members else Failure("end")
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
    rules = list(dict.fromkeys(record.rule or record.feature for record in group.members))
    more = f" (and {len(rules) - 1} more rules of the same clauses)" if len(rules) > 1 else ""
    return f"broken rule: {rules[0]}{more}", ""


def _simplest(group: _Group) -> DivergenceRecord:
    """Return the divergence whose scenario has the fewest lines."""
    return min(group.divergences, key=lambda divergence: len(divergence.scenario))


def _what(group: _Group) -> str:
    """Return what a bridge says that it does not implement, if it is not the whole method; else empty."""
    words = {f.words for f in map(_failure, group.members) if f.status == "UNIMPLEMENTED" and f.words}
    specific = [text for text in words if not _WHOLE_METHOD.search(text)]
    return f": {specific[0]}" if len(specific) == len(words) == 1 else ""


def _example(group: _Group) -> ScenarioRecord:
    """Return the simplest record: one that was judged rather than not reached, with the fewest steps."""
    records = group.members or [record for record, _ in group.violations] or group.walks
    return min(records, key=lambda record: (record.outcome == "not reached", len(record.steps)))


def _ordered(groups: Sequence[_Group], suspicion: Suspicion) -> list[_Group]:
    """Return groups in the order of their causes; of several about one clause, its Rules come first."""
    clauses = {id(group): _clauses(group, suspicion) for group in groups}
    probable = suspicion.ordered(names[0] for names in clauses.values() if names)
    kinds = {"ended": 0, "unimplemented": 1, "method": 1}

    def place(group: _Group) -> tuple[int, ...]:
        names = clauses[id(group)]
        if group.kind in kinds:
            method = METHODS.index(group.method) if group.method in METHODS else len(METHODS)
            return kinds[group.kind], method, 0
        basics = [clause for clause in names if clause in BASICS and suspicion.share(clause) >= MOST]
        if basics:
            return 2, min(map(rank, basics)), -len(group.members)
        probability = probable.index(names[0]) if names else len(probable)
        return 3, probability, group.kind != "rule", -len(group.members)

    return sorted(groups, key=place)
