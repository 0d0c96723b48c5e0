"""The change log of one session: one order for all of its changes, and the watches that read it.

A watch is a cursor into the log and not a queue of its own. So memory is bounded by the log whatever
the readers do, resuming means placing the cursor, and a slow reader costs nobody anything.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from .errors import InvalidArgumentError, OutOfRangeError, RefusalError
from .values import Value
from .variables import Variable

REGISTERED = "registered"
VALUE_CHANGE = "value_change"
DELETED = "deleted"
DEPENDENCY_CHANGE = "dependency_change"

VERSIONS = (REGISTERED, VALUE_CHANGE)
"""The kinds of changes that make a version of a variable."""

TAKEN = 64
"""How many changes a watch takes at a time."""


@dataclass(slots=True)
class Change:
    """One accepted change: what the log holds, the history keeps and the watches send. It never changes.

    Attributes:
        sequence: its place in the session's order; grows by 1.
        kind: one of the four kinds above.
        variable: the state after it; for ``deleted`` the last state.
        previous: the value before a ``value_change``.
        changed_by: who made it.
        metadata: the change's own, not the variable's.
        at: ns since the epoch, UTC.
        encoded: a place for the edge to keep the bytes that it serialized.
        encoded_legacy: the same in the form of the older clients.
    """

    sequence: int
    kind: str
    variable: Variable
    previous: Value | None
    changed_by: str
    metadata: Mapping[str, str]
    at: int
    encoded: bytes = field(default=b"", compare=False, repr=False)
    encoded_legacy: bytes = field(default=b"", compare=False, repr=False)

    @property
    def size(self) -> int:
        """About how many bytes the change keeps alive."""
        variable, previous = self.variable, self.previous
        size = 500 + 2 * len(variable.data) + 2 * len(variable.array)
        if previous is not None:
            size += len(previous.data) + len(previous.array)
        for metadata in (variable.metadata, self.metadata):
            if metadata:
                size += 2 * sum(len(key) + len(text) for key, text in metadata.items())
        return size


class ChangeLog:
    """The newest changes of a session, bounded by count and by bytes."""

    def __init__(self, start_sequence: int, max_changes: int, max_bytes: int) -> None:
        """Start after sequence ``start_sequence``: the first change gets ``start_sequence + 1``."""
        self.last = start_sequence
        self.on_drop: Callable[[Change], object] | None = None
        self._changes: deque[Change] = deque()
        self._bytes = 0
        self._max_changes = max_changes
        self._max_bytes = max_bytes
        self.watches: set[Watch] = set()
        self._woken_by: dict[str | None, dict[Watch, None]] = {}

    def append(self, changes: Collection[Change]) -> None:
        """Add changes with the next sequences, and wake the watches that are to read them."""
        for change in changes:
            assert change.sequence == self.last + 1
            self.last = change.sequence
            self._changes.append(change)
            self._bytes += change.size
        while len(self._changes) > self._max_changes or (
            self._bytes > self._max_bytes and len(self._changes) > 1
        ):
            dropped = self._changes.popleft()
            self._bytes -= dropped.size
            if self.on_drop is not None:
                self.on_drop(dropped)
        if not self._woken_by:
            return
        first: dict[Watch, int] = {}
        for change in changes:
            for key in (change.variable.id, None):
                for watch in self._woken_by.get(key, ()):
                    first.setdefault(watch, change.sequence)
        for watch, sequence in first.items():
            watch.notify(sequence)

    @property
    def oldest(self) -> int:
        """The sequence of the oldest change kept; one above the last where none is."""
        return self.last - len(self._changes) + 1

    @property
    def newest(self) -> Change:
        """The change of the last sequence."""
        return self._changes[-1]

    def after(self, sequence: int) -> list[Change]:
        """Everything that follows a sequence.

        Raises:
            OutOfRangeError: where part of it is no longer kept, or the sequence is yet to come.
        """
        if sequence > self.last:
            raise OutOfRangeError(f"sequence {sequence} is yet to come: the newest is {self.last}")
        if sequence < self.oldest - 1:
            raise OutOfRangeError(
                f"what follows sequence {sequence} is no longer kept: the oldest kept is {self.oldest}"
            )
        changes = self._changes
        start = len(changes) - (self.last - sequence)
        return [changes[index] for index in range(start, len(changes))]

    def check_resume(self, sequence: int) -> None:
        """Refuse a sequence that no watch can resume after."""
        if sequence < 0:
            raise InvalidArgumentError(f"resume_after: must not be negative, not {sequence}")
        self.after(sequence)

    def place(self, watch: Watch) -> None:
        """Wake a watch from now on."""
        self.watches.add(watch)
        for key in watch.keys:
            self._woken_by.setdefault(key, {})[watch] = None

    def remove(self, watch: Watch) -> None:
        """Forget a watch."""
        self.watches.discard(watch)
        for key in watch.keys:
            if woken := self._woken_by.get(key):
                woken.pop(watch, None)
                if not woken:
                    del self._woken_by[key]


class Watch:
    """A cursor into a log.

    Args:
        log: the log to read.
        variable_ids: the variables watched; None for all, also those that are yet to come.
        after: the sequence that the watch has seen already, which may be above the log's last.
        wake: called when there is something to take; must not block.
    """

    def __init__(
        self, log: ChangeLog, variable_ids: Collection[str] | None, after: int, wake: Callable[[], object]
    ) -> None:
        self.wake = wake
        self.ended: RefusalError | None = None
        self._log = log
        self._ids = None if variable_ids is None else frozenset(variable_ids)
        # The first sequence that is still to be taken. Where there is none, the cursor is at the log's end
        # whatever others write, so that an idle watch of a busy session never falls behind.
        # Where it is placed after changes that are not in the log yet, there is nothing to take so far.
        present = log.after(after) if after < log.last else []
        self._next = next((change.sequence for change in self._concerning(present)), None)
        self._after = after
        log.place(self)

    @property
    def keys(self) -> Collection[str | None]:
        """Under which keys the log wakes this watch."""
        return (None,) if self._ids is None else self._ids

    @property
    def seen(self) -> int:
        """The sequence up to which nothing is left to take."""
        return max(self._log.last, self._after) if self._next is None else self._next - 1

    def notify(self, sequence: int) -> None:
        """Learn of a change to take."""
        if sequence <= self._after:
            return
        if self._next is None:
            self._next = sequence
        self.wake()

    def take(self) -> list[Change]:
        """What was accepted since the last call that this watch is to see, in order, or the first part of it.

        A reader that writes it out slowly holds on to a part, while the log goes on and drops the rest.

        Returns:
            At most ``TAKEN`` changes; none where there is nothing left to take.

        Raises:
            OutOfRangeError: the reader was so slow that the log no longer has what follows.
        """
        if self._next is None:
            return []
        if self._next == self._log.last:  # the usual case: the newest change, and nothing else
            self._next = None
            return [self._log.newest]
        changes = self._concerning(self._log.after(self.seen))
        self._next = changes[TAKEN].sequence if len(changes) > TAKEN else None
        return changes[:TAKEN]

    def end(self, reason: RefusalError) -> None:
        """Close the watch: it still takes what was accepted, and then learns the reason."""
        self.ended = reason
        self.close()
        self.wake()

    def close(self) -> None:
        """Free the watch."""
        self._log.remove(self)

    def _concerning(self, changes: list[Change]) -> list[Change]:
        if self._ids is None:
            return changes
        return [change for change in changes if change.variable.id in self._ids]
