"""The divergences of a bridge from the model, each with a scenario that shows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from varbridge import BridgeError
from varbridge.conformance.model.branches import Branch, branch
from varbridge.conformance.model.comparison import Check, Difference
from varbridge.conformance.model.model import Model
from varbridge.conformance.model.outcome_text import ends, update_lines
from varbridge.conformance.model.plan import Plan, Taken
from varbridge.conformance.model.plans.variables import REPEATED
from varbridge.conformance.model.scenario_text import Phrases
from varbridge.conformance.model.state import Entry
from varbridge.conformance.model.values import (
    ABOVE,
    BELOW,
    NO_MATCH,
    NOT_LISTED,
    OTHER_DTYPE,
    OTHER_SHAPE,
    TOO_LONG,
    TOO_SHORT,
)
from varbridge.conformance.model.walk_watch import WalkWatch
from varbridge.conformance.vocabulary.literals import show

_ALL_NAMED = branch("K4.4", "a refusal names every constraint that a value violates")
UNCHANGED = branch("A4.1", "a refused change leaves the variables unchanged")
UNCHANGED_HISTORY = branch("A4.2", "a refused change leaves histories and watches unchanged")
EXPIRED = branch("S5.1", "a session without calls ends after its time to live, and its watches end")
RESTARTED = branch("P6.1", "the bridge is killed and started again with its data")

_CONSTRAINTS = {BELOW, ABOVE, TOO_SHORT, TOO_LONG, NO_MATCH, NOT_LISTED, OTHER_SHAPE, OTHER_DTYPE}
"""The branches that refuse a value since it violates a constraint."""

_AFTER_RESTART = (("W", "P6.3"), ("D", "P6.2"), ("S", "P6.2"), ("X", "P6.2"))
"""The statements that differences after a restart break, by the beginnings of those of the parts."""

Key = Branch | Check
"""A case of the model, or a part that is compared, which later walks leave out."""


@dataclass(frozen=True)
class Divergence:
    """An answer or an update that is not as the contract says.

    Attributes:
        statement: the statement of the contract that is broken.
        key: the branch of the model that later walks leave out, or the check that they leave out with it.
        case: the case of the model, as a sentence.
        action: the number of the action after which it was noticed, in its walk.
        expected: the required answer, as a text.
        actual: the actual answer, as a text.
        scenario: the lines of a scenario that shows it.
    """

    statement: str
    key: Key
    case: str
    action: int
    expected: str
    actual: str
    scenario: Sequence[str] = ()

    @property
    def clause(self) -> str:
        return self.statement.partition(".")[0]


class DivergedError(Exception):
    """The end of a walk at its first divergence."""

    def __init__(self, divergence: Divergence) -> None:
        self.divergence = divergence


class Trail:
    """The actions that a walk has taken, of which the last one may diverge.

    Args:
        model: the model of the bridge.
        phrases: the phrases of the walk.
        excluded: the branches and checks that are not reported.
        met: the branches that were met; the comparisons add to them.

    Attributes:
        number: the number of the present action.
        taken: the actions that were taken.
    """

    def __init__(self, model: Model, phrases: Phrases, excluded: set[Key], met: set[Branch]) -> None:
        self._model = model
        self._phrases = phrases
        self._excluded = excluded
        self._met = met
        self.number = 0
        self.taken: list[Taken] = []

    def text(self, name: str) -> list[str]:
        """Return the lines of a scenario with the actions that were taken."""
        return self._phrases.whole(name, self.taken[:-2])  # without the final clean-ups

    def require_acceptance(self, plan: Plan) -> None:
        """Raise DivergedError if the last action, which was accepted, has to be refused."""
        if plan.refusals:
            self.diverge(plan.refusals[0].branch, _refusal(plan), "it was accepted")

    def compare_refusal(self, plan: Plan, error: BridgeError) -> None:
        """Raise DivergedError if the last action has to be accepted, or to be refused in another way."""
        self.taken[-1] = replace(self.taken[-1], refused=error.code.name)
        actual = f"it was refused with {error.code.name}: {error.message}"
        if not plan.refusals:
            self.diverge(plan.branches[0], "it is accepted", actual)
        refusal = plan.refusals[0]
        if error.code.name not in plan.codes:
            self.diverge(refusal.branch, _refusal(plan), actual)
        if len(plan.refusals) == 1:
            if refusal.phrase not in error.message:
                expected = f"a refusal with {error.code.name} that says {show(refusal.phrase)}"
                self.diverge(refusal.branch, expected, actual)
        elif all(r.branch in _CONSTRAINTS for r in plan.refusals):
            self._met.add(_ALL_NAMED)
            lacking = [r.phrase for r in plan.refusals if r.phrase not in error.message]
            if lacking and _ALL_NAMED not in self._excluded:
                self.diverge(_ALL_NAMED, f"a refusal that also says {show(lacking[0])}", actual)

    def report(
        self,
        plan: Plan,
        differences: Iterable[Difference],
        watch: WalkWatch | None = None,
        overdue: Entry | None = None,
    ) -> None:
        """Raise DivergedError with the first difference that walks do not leave out.

        Args:
            plan: the plan of the last action.
            differences: the differences.
            watch: the watch of an update that differs; None if no update does.
            overdue: the update that the watch has to receive next; None if there is none.
        """
        for difference in [*differences]:
            cause = plan.decisive[0]
            key: Key = cause if difference.check.lasting and not plan.reads else difference.check
            if key in self._excluded or difference.check in self._excluded:
                continue
            raise DivergedError(
                Divergence(
                    statement=_statement(plan, difference.check),
                    key=key,
                    case=cause.case,
                    action=self.number,
                    expected=f"{difference.required}",
                    actual=f"it was {difference.actual}",
                    scenario=self._scenario(cause, difference, watch, overdue),
                )
            )

    def diverge(self, cause: Branch, expected: str, actual: str) -> NoReturn:
        """Raise DivergedError, since the last action has not the status that a branch requires."""
        raise DivergedError(
            Divergence(
                statement=cause.statement,
                key=cause,
                case=cause.case,
                action=self.number,
                expected=expected,
                actual=actual,
                scenario=self._scenario(cause, None),
            )
        )

    def _scenario(
        self,
        cause: Branch,
        difference: Difference | None,
        watch: WalkWatch | None = None,
        overdue: Entry | None = None,
    ) -> list[str]:
        if watch is None:
            last = ends(self.taken[-1], difference, self._model.sessions[self.taken[-1].action.session])
        else:
            entries = [*watch.entries, *([overdue] if overdue else ())]
            unexpected = difference is not None and difference.expected == "no update"
            last = update_lines(watch.watcher, entries, more=not unexpected)
        watched = watch is not None and watch.watcher == 0
        return self._phrases.scenario(cause.case.capitalize(), self.taken, last, watched=watched)


def _refusal(plan: Plan) -> str:
    return f"a refusal with {' or '.join(sorted(plan.codes))}"


def _statement(plan: Plan, check: Check) -> str:
    """Return the statement that a difference breaks: that of an action which changes nothing, if any."""
    if plan.decisive[0] is RESTARTED:
        return next((to for start, to in _AFTER_RESTART if check.statement.startswith(start)), "P6.1")
    if plan.decisive[0] is EXPIRED:
        return EXPIRED.statement
    if plan.refusals:
        about_watches = check.statement.startswith(("W", "A11", "D1"))
        return (UNCHANGED_HISTORY if about_watches else UNCHANGED).statement
    if plan.decisive[0] is REPEATED:
        return REPEATED.statement
    return check.statement
