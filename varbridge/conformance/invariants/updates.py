"""The invariants of single updates of watches."""

from __future__ import annotations

from collections.abc import Iterator

from varbridge import Update
from varbridge.conformance.clauses import with_clause
from varbridge.conformance.invariants.times import clock_faults, same_time
from varbridge.conformance.invariants.variables import variable_faults
from varbridge.conformance.vocabulary.updates import KINDS

CHANGES = ("registered", "value_change")
"""The kinds of updates that announce a new version."""

CAUSES = {"cause", "cause_id", "cause_version", "dependency_type"}
"""The keys in the metadata of a dependency change."""


AUTHORED = (*CHANGES, "deleted")
"""The kinds of updates that have an author."""


def update_violations(update: Update, *, current: bool = True) -> list[str]:
    """Return sentences about an update that no bridge may send; empty if the update is well-formed.

    Args:
        update: the update.
        current: True if messages have the fields with numbers from 100, which SnakepitBridge lacks.
    """
    return [with_clause(f"a watch received {text}", "W3") for text in _update_faults(update, current)]


def _update_faults(update: Update, current: bool) -> Iterator[str]:
    if update.kind == "heartbeat":
        if update.variable is not None or update.variable_id:
            yield f"a heartbeat with a variable: {update.variable_id or update.variable!r} (W10)"
        return
    if update.kind not in KINDS.values():
        yield f"an update of the kind {update.kind!r}"
    if not update.message.HasField("timestamp"):
        yield f"a {update.kind} without a timestamp (A14)"
    yield from (
        f"a {update.kind} with {text}" for text in clock_faults("timestamp", update.message.timestamp)
    )
    if update.variable is None:
        yield f"a {update.kind} without its variable"
        return
    if update.variable_id != update.variable.id:
        yield f"a {update.kind} of {update.variable_id} with {update.variable!r}"
    if update.kind == "initial_value" and update.metadata.get("initial") != "true":
        yield f"an initial value of {update.variable!r} without the metadata initial=true (W2)"
    if current and update.kind == "value_change" and not update.message.HasField("previous_value"):
        yield f"a value_change of {update.variable!r} without the previous value (W3)"
    if update.kind in AUTHORED and not update.source:
        yield f"a {update.kind} of {update.variable!r} without an author"
    if update.kind in CHANGES and not same_time(
        update.message.timestamp, update.message.variable.last_updated_at
    ):
        yield f"a {update.kind} of {update.variable!r} at another time than its last_updated_at (A14)"
    if update.kind == "dependency_change":
        yield from _cause_faults(update)
    yield from variable_faults(update.message.variable)


def _cause_faults(update: Update) -> Iterator[str]:
    """Yield phrases about the metadata of a dependency change."""
    subject = f"a dependency_change of {update.variable!r}"
    if lacking := sorted(CAUSES - update.metadata.keys()):
        yield f"{subject} without the metadata {' and '.join(lacking)} (D1)"
        return
    version = update.metadata["cause_version"]
    if not version.isdecimal() or int(version) < 2:
        yield f"{subject} with cause_version {version!r}, but a change makes version 2 or a later one (D1)"
    if update.metadata["cause_id"] == update.variable_id:
        yield f"{subject} with itself as its cause (D1)"
