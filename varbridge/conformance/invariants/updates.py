"""The rules that every update of a watch is held to."""

from __future__ import annotations

from collections.abc import Iterator

from varbridge import Update
from varbridge.conformance.invariants.times import off
from varbridge.conformance.invariants.variables import variable_faults
from varbridge.conformance.vocabulary.updates import KINDS

CHANGES = ("registered", "value_change")
"""The kinds of updates that tell of a version when it is made."""

_CAUSES = {"cause", "cause_id", "cause_version", "dependency_type"}


def update_violations(update: Update) -> list[str]:
    """Say what no bridge may send to a watch."""
    return [f"a watch received {text}" for text in _update_faults(update)]


def _update_faults(update: Update) -> Iterator[str]:
    if update.kind == "heartbeat":
        if update.variable is not None or update.variable_id:
            yield f"a heartbeat with a variable: {update.variable_id or update.variable!r} (W10)"
        return
    if update.kind not in KINDS.values():
        yield f"an update of the kind {update.kind!r}"
    if not update.message.HasField("timestamp"):
        yield f"a {update.kind} without a timestamp"
    yield from (f"a {update.kind} with {text}" for text in off("timestamp", update.message.timestamp))
    if update.variable is None:
        yield f"a {update.kind} without its variable"
        return
    if update.variable_id != update.variable.id:
        yield f"a {update.kind} of {update.variable_id} with {update.variable!r}"
    if update.kind == "initial_value" and update.metadata.get("initial") != "true":
        yield f"an initial value of {update.variable!r} without the metadata initial=true (W2)"
    if update.kind == "value_change" and not update.message.HasField("previous_value"):
        yield f"a value_change of {update.variable!r} without the previous value (W3)"
    if update.kind == "dependency_change" and (lacking := sorted(_CAUSES - update.metadata.keys())):
        yield f"a dependency_change of {update.variable!r} that does not tell {' and '.join(lacking)} (D1)"
    yield from variable_faults(update.message.variable)
