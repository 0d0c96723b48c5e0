"""The refusals of changes: by what the variable may hold, and by its lock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from varbridge.conformance.model.branches import Branch, branch
from varbridge.conformance.model.plan import Refusal
from varbridge.conformance.model.state import VariableState
from varbridge.conformance.model.values import Sent, faults

LOCKED_BY_OTHER = branch("D2.1", "a change of a locked variable by another client is refused")
HOLDER_CHANGES = branch("D2.3", "the holder of a lock changes the variable")


def value_refusals(kind: str, constraints: Mapping[str, Any], sent: Sent) -> list[Refusal]:
    """Return the refusals of a value: one for each fault of its type and each violated constraint."""
    return [
        Refusal(fault.branch, ("INVALID_ARGUMENT",), fault.phrase)
        for fault in faults(kind, constraints, sent)
    ]


def held(state: VariableState | None) -> tuple[Branch, ...]:
    """Return the branch of a change by the holder of a lock, if the variable is locked."""
    return (HOLDER_CHANGES,) if state is not None and state.holder is not None else ()


def lock_refusals(state: VariableState, optimizer: str) -> list[Refusal]:
    """Return the refusal of a change by an optimizer (empty for none) that does not hold the lock."""
    if state.holder is None or state.holder.optimizer == optimizer:
        return []
    return [Refusal(LOCKED_BY_OTHER, ("FAILED_PRECONDITION",), "variable_locked_for_optimization")]
