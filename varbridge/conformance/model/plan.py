"""A plan: the call that an action makes, and what the contract requires of its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import singledispatch
from typing import TYPE_CHECKING, Any

from varbridge.conformance.model.actions import Action
from varbridge.conformance.model.branches import Branch
from varbridge.conformance.model.comparison import Differences

if TYPE_CHECKING:
    from varbridge.conformance.model.model import Model


@dataclass(frozen=True)
class Refusal:
    """A refusal that the contract requires.

    Attributes:
        branch: the branch of the model that refuses.
        codes: the names of the statuses that are right.
        phrase: a text that the message must contain; empty if the contract quotes none.
    """

    branch: Branch
    codes: tuple[str, ...]
    phrase: str = ""


@dataclass(frozen=True)
class Plan:
    """The call of an action, before anything has changed.

    Attributes:
        method: the name of the method.
        request: the request; None for an action that is not a call.
        branches: the branches of the model that decide about the answer, the most specific one first.
        refusals: the reasons for which the call must be refused, any of which it may name; none if it must
            be accepted.
        accept: the function that applies the change to the model, and yields the differences of a reply.
        touched: the ids of the variables that the call changes or names.
        reads: True if the call cannot change anything.
        errors: the identifiers of the variables for which a batch or a tool must report an error.
        identifiers: the identifiers of the variables that the action names, if it may name several.
    """

    method: str
    request: Any
    branches: tuple[Branch, ...]
    accept: Callable[[Any], Differences] = field(repr=False)
    refusals: tuple[Refusal, ...] = ()
    touched: frozenset[str] = frozenset()
    reads: bool = False
    errors: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()

    @property
    def decisive(self) -> tuple[Branch, ...]:
        """The branches of the refusals, or those of the acceptance."""
        return tuple(refusal.branch for refusal in self.refusals) or self.branches

    @property
    def codes(self) -> set[str]:
        """The names of the statuses that are right for a refusal."""
        return {code for refusal in self.refusals for code in refusal.codes}


@dataclass(frozen=True)
class Taken:
    """An action that was taken.

    Attributes:
        action: the action.
        plan: its plan.
        refused: the name of the status with which it was refused; empty if it was accepted.
        watcher: the number of the client whose watch it started or ended.
    """

    action: Action
    plan: Plan
    refused: str = ""
    watcher: int = 0


@singledispatch
def plan_of(action: Any, model: Model) -> Plan | None:
    """Return the plan of an action; None if it does not apply to the present state of the model."""
    raise NotImplementedError(type(action).__name__)
