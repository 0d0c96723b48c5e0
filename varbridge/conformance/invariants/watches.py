"""The invariants of a watch, which are checked for every watch of every scenario."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from varbridge import Update, Variable
from varbridge.conformance.invariants.times import nanoseconds, show_time
from varbridge.conformance.invariants.variables import FIXED, differ
from varbridge.conformance.vocabulary.encoding import read_previous, read_value
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
    checker = _Checker(current)
    return [f"{who} received {text}" for update in updates for text in checker.check(update)]


class _Checker:
    """The state of a watch after the updates that have been checked."""

    def __init__(self, current: bool) -> None:
        self._current = current
        self._sequence = -1
        self._initial_sequence: int | None = None
        self._begun = False  # an update other than an initial value has been received
        self._time = 0  # of the last change, in nanoseconds since the epoch
        self._states: dict[str, Variable] = {}
        self._ended: set[str] = set()

    def check(self, update: Update) -> Iterator[str]:
        """Yield phrases about an update that does not fit those before it."""
        if update.kind == "heartbeat":
            if self._current and update.sequence < self._sequence:
                yield (
                    f"a heartbeat with sequence {update.sequence} after {self._sequence}:"
                    " it must have the current sequence (W10)"
                )
            self._sequence = max(self._sequence, update.sequence)
            return
        variable = update.variable
        if variable is None:
            return
        before = self._states.get(update.variable_id)
        yield from self._order_faults(update)
        if update.variable_id in self._ended:
            yield f"{describe(update)} after the variable was deleted (W5)"
        yield from _KINDS.get(update.kind, _no_faults)(update, variable, before)
        if before is not None:
            yield from _change_faults(update, variable, before)
        yield from self._time_faults(update)
        self._states[update.variable_id] = variable
        if update.kind == "deleted":
            self._ended.add(update.variable_id)

    def _time_faults(self, update: Update) -> Iterator[str]:
        """Yield a phrase if a change has an earlier time than one before it."""
        if update.kind == "initial_value":
            return  # it may have the time of the version, or that of the watch
        time = nanoseconds(update.message.timestamp)
        if time < self._time:
            yield (
                f"{describe(update)} with the time {show_time(update.message.timestamp)}, before that of an"
                " earlier update: times never decrease (A14)"
            )
        self._time = max(self._time, time)

    def _order_faults(self, update: Update) -> Iterator[str]:
        """Yield phrases about the place of an update among those before it."""
        initial = update.kind == "initial_value"
        grows = update.sequence >= self._sequence if initial else update.sequence > self._sequence
        if self._current and not grows:
            yield (
                f"{describe(update)} with sequence {update.sequence} after {self._sequence}:"
                " the sequence of a watch grows with every update (W4)"
            )
        self._sequence = max(self._sequence, update.sequence)
        if initial:
            if self._begun:
                yield f"{describe(update)} after other updates: initial values come first (W2)"
            if self._initial_sequence not in (None, update.sequence):
                yield (
                    f"{describe(update)} with sequence {update.sequence}, and another initial value with"
                    f" {self._initial_sequence}: they are of the same moment (W2)"
                )
            self._initial_sequence = update.sequence
            return
        self._begun = True


def _no_faults(update: Update, variable: Variable, before: Variable | None) -> Iterator[str]:
    return iter(())


def _initial_faults(update: Update, variable: Variable, before: Variable | None) -> Iterator[str]:
    if before is not None:
        yield f"{describe(update)} twice: each variable has one initial value (W2)"


def _registration_faults(update: Update, variable: Variable, before: Variable | None) -> Iterator[str]:
    if variable.version != 1:
        yield f"{describe(update)} at version {variable.version}: a variable begins with version 1 (W5)"
    if before is not None:
        yield f"{describe(update)} after an update of the same variable (W5)"


def _change_of_value_faults(update: Update, variable: Variable, before: Variable | None) -> Iterator[str]:
    if variable.version < 2:
        yield f"{describe(update)} at version {variable.version}: the first change makes version 2 (W3)"
    if before is None:
        return
    if variable.version != before.version + 1:
        yield (
            f"version {variable.version} of {variable.name!r} right"
            f" after version {before.version}: each version comes once, in order (W3)"
        )
    elif update.message.HasField("previous_value") and not _same_values(before, update):
        yield f"{describe(update)} whose previous value is not that of version {before.version} (W3)"


def _deletion_faults(update: Update, variable: Variable, before: Variable | None) -> Iterator[str]:
    if before is not None and variable.version != before.version:
        yield (
            f"{describe(update)} at version {variable.version}, but the last one was {before.version}:"
            " a deletion is sent with the last state (W5)"
        )


def _change_faults(update: Update, variable: Variable, before: Variable) -> Iterator[str]:
    """Yield phrases about fields that never change, and about a time that decreases."""
    for name in FIXED:
        first, second = getattr(before.message, name), getattr(variable.message, name)
        if first and second and differ(name, before, variable):
            yield f"{describe(update)} with the {name} {second!r}, after {first!r}: it never changes (K5)"
    times = nanoseconds(before.message.last_updated_at), nanoseconds(variable.message.last_updated_at)
    if all(times) and times[1] < times[0]:
        yield (
            f"{describe(update)} with last_updated_at {show_time(variable.message.last_updated_at)}, after"
            f" {show_time(before.message.last_updated_at)}: times never decrease (A14)"
        )


def _same_values(before: Variable, update: Update) -> bool:
    try:
        return same(read_value(before), read_previous(update))
    except MalformedReplyError:
        return False


_KINDS = {
    "initial_value": _initial_faults,
    "registered": _registration_faults,
    "value_change": _change_of_value_faults,
    "deleted": _deletion_faults,
}
