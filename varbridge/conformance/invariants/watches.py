"""The invariants of a watch, which are checked for every watch of every scenario."""

from __future__ import annotations

from collections.abc import Sequence

from varbridge import Update
from varbridge.conformance.vocabulary.literals import same
from varbridge.conformance.vocabulary.updates import describe
from varbridge.errors import MalformedReplyError


def violations(who: str, updates: Sequence[Update], *, current: bool = True) -> list[str]:
    """Return sentences about the invariants that the updates of one watch violate.

    Args:
        who: the person who watches.
        updates: the updates, in the order in which they were received.
        current: True if messages have the fields with numbers from 100, which SnakepitBridge lacks.
    """
    sentences: list[str] = []
    last = -1
    state: dict[str, Update] = {}
    ended: set[str] = set()
    for update in updates:
        if update.kind == "heartbeat":
            if current and update.sequence < last:
                sentences.append(
                    f"{who} received a heartbeat with sequence {update.sequence} after {last}:"
                    " it must have the current sequence (W10)"
                )
            last = max(last, update.sequence)
            continue
        if update.variable is None:
            continue
        grows = update.sequence >= last if update.kind == "initial_value" else update.sequence > last
        if current and not grows:
            sentences.append(
                f"{who} received {describe(update)} with sequence {update.sequence} after {last}:"
                " the sequence of a watch grows with every update (W4)"
            )
        last = max(last, update.sequence)
        if update.variable_id in ended:
            sentences.append(f"{who} received {describe(update)} after the variable was deleted (W5)")
        before = state.get(update.variable_id)
        if update.kind == "value_change" and before is not None and before.variable is not None:
            if update.variable.version != before.variable.version + 1:
                sentences.append(
                    f"{who} received version {update.variable.version} of {update.variable.name!r} right"
                    f" after version {before.variable.version}: each version comes once, in order (W3)"
                )
            elif current and not _follows(before, update):
                sentences.append(
                    f"{who} received {describe(update)} whose previous value is not that of version"
                    f" {before.variable.version} (W3)"
                )
        if update.kind == "deleted":
            ended.add(update.variable_id)
        else:
            state[update.variable_id] = update
    return sentences


def _follows(before: Update, update: Update) -> bool:
    assert before.variable is not None
    try:
        return same(before.variable.value, update.previous)
    except MalformedReplyError:
        return False
