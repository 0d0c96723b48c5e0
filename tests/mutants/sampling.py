"""``python -m tests.mutants --random N --seed S``: mutants that operators make at random places.

A mutant is first shown to the scenarios of the clauses that the changed code serves, and then to all that are
quick. A mutant that passes both survives: it is equivalent to the bridge, or a scenario is missing.
"""

from __future__ import annotations

import ast
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.changes import Change, Edit, edits_of
from tests.mutants.definitions import Mutant
from tests.mutants.patches import ROOT
from tests.mutants.running import Judged, judge

FOLDERS = ("server/core", "server/rpc", "server/tools")

LEFT_OUT = ("server.rpc.forwarding", "server.tools.forkserver")
"""Modules that are not changed: the first is only used in clusters, whose scenarios take long. The second
kills processes by their numbers, and a changed number could be that of a process outside the run."""

DANGEROUS = ("die", "_limit_memory")
"""Functions that are not changed for the same reason: they kill their process, or set its limits."""

QUICK = "not @requires_process or @requires_durable"
"""The tag expression of the second run: the scenarios that share a bridge, or the restart of one."""

FIRST_LIMIT_S = 90.0
"""The time limit for the first run of a mutant, in seconds."""

SECOND_LIMIT_S = 240.0
"""The time limit for the second run of a mutant, in seconds."""

CAUGHT = "caught"
CAUGHT_ELSEWHERE = "caught elsewhere"
CAUGHT_AT_START = "caught at the start"
TIMED_OUT = "timed out"
BROKEN_RUN = "BROKEN RUN"
NOT_CONFIRMED = "NOT CONFIRMED"
SURVIVED = "SURVIVED"

OUTCOMES = (CAUGHT, CAUGHT_ELSEWHERE, CAUGHT_AT_START, TIMED_OUT, BROKEN_RUN, NOT_CONFIRMED, SURVIVED)
"""The outcomes of a random mutant: caught by a clause that its code serves, caught by another one, not
started, a run without a verdict within its limit, a run that the mutant broke, a scenario that failed and
then passed, and no failed scenario."""

Clauses = Callable[[str, str], Sequence[str]]
"""A function that returns the clauses that a function of a module serves."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of the runs against a random mutant.

    Attributes:
        outcome: one of ``OUTCOMES``.
        seconds: the duration of its runs, in seconds.
        shown: the location of the scenario that failed, or the last line of the output.
    """

    change: Change
    outcome: str
    seconds: float
    shown: str = ""

    @property
    def good(self) -> bool:
        """True if the suite noticed the mutant."""
        return self.outcome not in (BROKEN_RUN, NOT_CONFIRMED, SURVIVED)

    def described(self) -> str:
        """Return the change as lines: its place, and a diff."""
        edit = self.change.edit
        place = f"{self.change.path.relative_to(ROOT)}:{edit.line}"
        lines = [f"{self.change.name}  {place}  {edit.function}  {edit.operator}"]
        return "\n    ".join([*lines, *self.change.diff().splitlines()])


def sample(number: int, seed: int, root: Path = ROOT) -> list[Change]:
    """Return random changes of the bridge, at different places: the same ones for the same seed and code."""
    places: dict[tuple[str, int, int], list[Change]] = {}
    for folder in FOLDERS:
        for path in sorted((root / folder).glob("*.py")):
            module = f"{folder.replace('/', '.')}.{path.stem}"
            if module in LEFT_OUT:
                continue
            for at, edit in enumerate(edits_of(ast.parse(path.read_text("utf-8")))):
                if not _is_dangerous(edit):
                    places.setdefault((module, edit.line, edit.column), []).append(Change(module, at))
    chance = random.Random(seed)
    chosen = chance.sample(sorted(places), min(number, len(places)))
    return [chance.choice(places[place]) for place in chosen]


def _is_dangerous(edit: Edit) -> bool:
    return edit.function.rpartition(".")[2] in DANGEROUS


def clauses_served(defects: Sequence[Mutant]) -> Clauses:
    """Return the function that finds the clauses of a function: those that its known defects break.

    Without known defects, the clauses are those of its class, of its module, or of its folder.
    """
    known: dict[str, Counter[str]] = {}
    for entry in defects:
        for patch in entry.patches:
            for scope in _scopes(patch.module, patch.at.partition(":")[2].partition("(")[0]):
                known.setdefault(scope, Counter()).update(entry.clauses)

    def served(module: str, function: str) -> list[str]:
        return next(([*known[scope]] for scope in _scopes(module, function) if scope in known), [])

    return served


def _scopes(module: str, function: str) -> Iterator[str]:
    """Yield the names of a function, the classes around it, its module and its folder."""
    while function:
        yield f"{module}:{function}"
        function = function.rpartition(".")[0]
    yield module
    yield module.rpartition(".")[0]


def run(change: Change, served: Clauses, *, keep: Path | None = None, suite_jobs: int = 0) -> Outcome:
    """Show a mutant to the scenarios of its clauses, and if none fails, to all that are quick.

    A failure has to happen twice, so that load on the machine catches no mutant: the scenario that failed
    runs once more by itself, and if it passes then, the whole run must have at least two failures.
    """
    clauses = served(change.module, change.edit.function)
    tags = " or ".join(f"@{clause}" for clause in clauses)
    seconds = 0.0

    def judged(limit: float, *options: str, features: str = "features/") -> Judged:
        nonlocal seconds
        result = judge(change.name, options, limit, features=features, keep=keep, suite_jobs=suite_jobs)
        seconds += result.seconds
        return result

    for expression, limit, caught in (
        (tags, FIRST_LIMIT_S, CAUGHT),
        (QUICK, SECOND_LIMIT_S, CAUGHT_ELSEWHERE),
    ):
        if not expression:
            continue
        first = judged(limit, "--stop", "--tags", expression)
        outcome, shown = outcome_of(first, caught), _shown(first)
        if outcome == caught and judged(limit, features=shown).code == 0:
            outcome = caught if len(_failed(judged(limit, "--tags", expression))) > 1 else NOT_CONFIRMED
        if outcome != SURVIVED:
            return Outcome(change, outcome, seconds, shown)
    return Outcome(change, SURVIVED, seconds)


def outcome_of(judged: Judged, caught: str) -> str:
    """Return the outcome that a run shows, ``caught`` if a scenario failed."""
    if judged.code is None:
        return TIMED_OUT
    if judged.code == 1 and judged.verdict is not None:
        scenarios = any(judged.verdict["counts"][name] for name in ("passed", "failed", "not_reached"))
        return caught if scenarios else CAUGHT_AT_START
    if judged.code == 2:  # not judged: it started, and then answered no call
        return CAUGHT_AT_START
    return SURVIVED if judged.code == 0 else BROKEN_RUN


def _failed(judged: Judged) -> list[str]:
    """Return the locations of the scenarios that failed, or that violated an invariant."""
    return [
        str(scenario["location"])
        for scenario in (judged.verdict["scenarios"] if judged.verdict else ())
        if scenario["outcome"] in ("failed", "not reached") or scenario["violations"]
    ]


def _shown(judged: Judged) -> str:
    """Return the location of the first scenario that failed, or the last line of the output."""
    for location in _failed(judged):
        return location
    return "".join([line for line in judged.output.splitlines() if line.strip()][-1:])


def report(outcomes: Sequence[Outcome]) -> str:
    """Return the numbers of the outcomes, and all mutants that the suite did not notice, with their diffs."""
    counts = Counter(outcome.outcome for outcome in outcomes)
    numbers = ", ".join(f"{counts[name]} {name}" for name in OUTCOMES if counts[name])
    unnoticed = [outcome for outcome in outcomes if not outcome.good]
    parts = [f"{len(outcomes)} random mutants: {numbers}"]
    parts += [f"{outcome.outcome}: {outcome.described()}" for outcome in unnoticed]
    return "\n\n".join(parts)
