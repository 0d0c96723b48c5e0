"""The change log of one session: one order for all of its changes, and the watches that read it.

A watch is a cursor into the log and has no queue of its own. So the log bounds the memory whatever the
readers do, a watch resumes by placing its cursor, and a slow reader does not affect others.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate, chain, islice

from .errors import InvalidArgumentError, OutOfRangeError, RefusalError
from .values import Value
from .variables import Variable

REGISTERED = "registered"
VALUE_CHANGE = "value_change"
DELETED = "deleted"
DEPENDENCY_CHANGE = "dependency_change"

VERSIONS = (REGISTERED, VALUE_CHANGE)
"""The kinds of changes that create a version of a variable."""

MAX_TAKEN_CHANGES = 64
"""The maximum number of changes that a watch takes at a time."""

MAX_TAKEN_BYTES = 2**20
"""The maximum memory of the changes that a watch takes at a time, in bytes, unless it is a single one."""


@dataclass(slots=True)
class Change:
    """An accepted change, as the log and the history contain it and watches send it. It is not modified.

    Attributes:
        sequence: the number of the change in its session; the numbers have no gaps.
        kind: ``registered``, ``value_change``, ``deleted`` or ``dependency_change``.
        variable: the variable after the change; for ``deleted``, its last state.
        previous: the value before a ``value_change``.
        changed_by: the author of the change.
        metadata: the metadata of the change, not of the variable.
        at: the time of the change, in ns since the epoch, UTC.
        encoded: the serialized update, which the RPC layer caches here.
        encoded_legacy: the serialized update in the format of the older clients.
        size: the approximate memory that the change occupies, in bytes.
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
    size: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        variable, previous = self.variable, self.previous
        size = 500 + 2 * len(variable.data) + 2 * len(variable.array)
        if previous is not None:
            size += len(previous.data) + len(previous.array)
        for metadata in (variable.metadata, self.metadata):
            if metadata:
                size += 2 * sum(len(key) + len(text) for key, text in metadata.items())
        self.size = size


class ChangeLog:
    """The newest changes of a session, bounded by count and by bytes.

    A batch may be larger than the log, so that its first changes are dropped at once. They are surplus then:
    the watches that are open can still take them, and the changes before them, until they have fallen behind
    by a whole log. No watch can resume there.
    """

    def __init__(self, start_sequence: int, max_changes: int, max_bytes: int) -> None:
        """Create an empty log, whose first change gets the sequence ``start_sequence + 1``."""
        self.last = start_sequence
        self.on_drop: Callable[[Change], object] | None = None
        self._changes: deque[Change] = deque()
        self._bytes = 0
        self._surplus: list[Change] = []  # the changes before those in the log
        self._since_surplus = (0, 0)  # the number and the bytes of the changes after the batch
        self._max_changes = max_changes
        self._max_bytes = max_bytes
        self.watches: set[Watch] = set()
        self._woken_by: dict[str | None, dict[Watch, None]] = {}
        # Watches with unsent initial values, and the first change that each has to take, in its order.
        self._beginning: OrderedDict[Watch, int] = OrderedDict()

    def append(self, changes: Collection[Change]) -> int:
        """Add changes with the next sequences, and wake the watches of their variables.

        Returns:
            The bytes by which the log has grown; a negative number if it is smaller.
        """
        before, added = self._bytes, 0
        for change in changes:
            assert change.sequence == self.last + 1
            self.last = change.sequence
            self._changes.append(change)
            added += change.size
        self._bytes += added
        surplus = []
        while len(self._changes) > self._max_changes or (
            self._bytes > self._max_bytes and len(self._changes) > 1
        ):
            dropped = self._changes.popleft()
            self._bytes -= dropped.size
            surplus.append(dropped)
            if self.on_drop is not None:
                self.on_drop(dropped)
        if self._woken_by:
            self._add_surplus(surplus, len(changes), added)
            self._release_initial_values()
            self._wake(changes)
        return self._bytes - before

    def _add_surplus(self, dropped: list[Change], count: int, size: int) -> None:
        """Keep the changes that were dropped when others were added: ``count`` of them, of ``size`` bytes."""
        if dropped and dropped[-1].sequence > self.last - count:
            self._surplus, self._since_surplus = dropped, (0, 0)
        elif self._surplus:
            self._surplus += dropped
            count, size = count + self._since_surplus[0], size + self._since_surplus[1]
            self._since_surplus = count, size
            if count >= self._max_changes or size > self._max_bytes:
                self._surplus = []

    def _wake(self, changes: Collection[Change]) -> None:
        """Wake the watches of the changes that were added last."""
        woken = dict.fromkeys(self._woken_by.get(None, ()), self.last - len(changes) + 1)
        for change in changes:
            for watch in self._woken_by.get(change.variable.id, ()):
                woken.setdefault(watch, change.sequence)
        for watch, sequence in woken.items():
            watch.notify(sequence)

    @property
    def size(self) -> int:
        """The approximate memory of the retained changes, in bytes."""
        return self._bytes

    @property
    def oldest(self) -> int:
        """The sequence of the oldest retained change; one above the last sequence if the log is empty."""
        return self.last - len(self._changes) + 1

    @property
    def newest(self) -> Change:
        """The change with the last sequence."""
        return self._changes[-1]

    def after(self, sequence: int) -> Iterator[Change]:
        """Return an iterator over all changes after a sequence, which must end before the log changes.

        Raises:
            OutOfRangeError: a change after the sequence is no longer retained, or the sequence is beyond the
                latest.
        """
        if sequence > self.last:
            raise OutOfRangeError(f"sequence {sequence} is beyond the latest, {self.last}")
        start = len(self._changes) - (self.last - sequence)
        if start < -len(self._surplus):
            raise self._dropped(sequence)
        if start < 0:
            return chain(self._surplus[start:], self._changes)
        return islice(self._changes, start, None)

    def check_resume(self, sequence: int) -> None:
        """Raise a ``RefusalError`` if no watch can resume after a sequence."""
        if sequence < 0:
            raise InvalidArgumentError(f"resume_after: must not be negative, not {sequence}")
        if sequence < self.oldest - 1:
            raise self._dropped(sequence)
        self.after(sequence)

    def place(self, watch: Watch) -> None:
        """Add a watch, so that new changes of its variables wake it from now on."""
        self.watches.add(watch)
        for key in watch.keys:
            self._woken_by.setdefault(key, {})[watch] = None

    def remove(self, watch: Watch) -> None:
        """Remove a watch, so that new changes do not wake it any more."""
        self.watches.discard(watch)
        self._beginning.pop(watch, None)
        for key in watch.keys:
            if woken := self._woken_by.get(key):
                woken.pop(watch, None)
                if not woken:
                    del self._woken_by[key]
        self.release_surplus()

    def expect(self, watch: Watch, sequence: int) -> None:
        """Record the first change that a watch has to take, which still sends its initial values."""
        self._beginning[watch] = sequence

    def _release_initial_values(self) -> None:
        """Drop the unsent initial values of watches that have fallen behind."""
        oldest = self.oldest - len(self._surplus)
        while self._beginning and next(iter(self._beginning.values())) < oldest:
            self._beginning.popitem(last=False)[0].initial.clear()

    def release_surplus(self) -> None:
        """Drop the surplus, unless a watch has yet to take some of it."""
        if self._surplus and all(watch.seen >= self.oldest - 1 for watch in self.watches):
            self._surplus = []

    def _dropped(self, sequence: int) -> OutOfRangeError:
        return OutOfRangeError(
            f"the change after sequence {sequence} is no longer retained:"
            f" the oldest retained is {self.oldest}"
        )


class Watch:
    """A watch, which is a cursor into the change log of its session.

    Args:
        log: the log to read.
        variable_ids: the ids of the variables to watch; None for all, later registrations included.
        after: the sequence after which the watch begins; it may be above the last one in the log.
        wake: the callback that is called when there are new changes to take; it must not block.
        size: the approximate memory of the watch, in bytes.
        on_close: the callback for the end of the call, after which nobody reads the watch.

    Attributes:
        initial: the functions that serialize the initial values which are not sent yet. They are dropped
            when the watch has fallen behind, so that values that nobody else needs do not stay in memory.
    """

    def __init__(
        self,
        log: ChangeLog,
        variable_ids: Collection[str] | None,
        after: int,
        wake: Callable[[], object],
        size: int,
        on_close: Callable[[Watch], object],
    ) -> None:
        self.wake = wake
        self.size = size
        self.initial: deque[Callable[[], bytes]] = deque()
        self._on_close = on_close
        self.ended: RefusalError | None = None
        self._log = log
        self._ids = None if variable_ids is None else frozenset(variable_ids)
        # The sequence of the next change to take. If it is None, the cursor is at the end of the log whatever
        # else is written, so that an idle watch of a busy session never falls behind.
        # It is also None if ``after`` is the sequence of a change that is not in the log yet.
        present = log.after(after) if after < log.last else iter(())
        self._next = next((change.sequence for change in self._concerning(present)), None)
        self._after = after
        log.place(self)

    @property
    def keys(self) -> Collection[str | None]:
        """The keys under which the log registers this watch: the ids of its variables, or None for all."""
        return (None,) if self._ids is None else self._ids

    @property
    def seen(self) -> int:
        """The sequence up to which the watch has taken all changes of its variables."""
        return max(self._log.last, self._after) if self._next is None else self._next - 1

    def notify(self, sequence: int) -> None:
        """Record that the change with a sequence can be taken, and wake the reader."""
        if sequence <= self._after:
            return
        if self._next is None:
            self._next = sequence
            if self.initial:
                self._log.expect(self, sequence)
        self.wake()

    def take(self) -> list[Change]:
        """Return the next changes of this watch, in order.

        Their number is limited, so that a slow reader keeps few changes in memory after the log drops them.

        Returns:
            At most ``MAX_TAKEN_CHANGES`` changes, of ``MAX_TAKEN_BYTES``; an empty list if nothing is left.

        Raises:
            OutOfRangeError: the reader was so slow that the log no longer has the next change.
        """
        if self._next is None:
            return []
        if self._next == self._log.last:  # the usual case: the newest change, and nothing else
            self._next = None
            return [self._log.newest]
        changes = self._concerning(self._log.after(self.seen))
        sizes = accumulate(change.size for change in changes[:MAX_TAKEN_CHANGES])
        count = max(1, sum(size <= MAX_TAKEN_BYTES for size in sizes))
        self._next = changes[count].sequence if len(changes) > count else None
        self._log.release_surplus()
        return changes[:count]

    def end(self, reason: RefusalError) -> None:
        """End the watch with an error as the reason; it can still take the changes accepted so far."""
        self.ended = reason
        self._log.remove(self)
        self.wake()

    def close(self) -> None:
        """Remove the watch, because its call has ended."""
        self._log.remove(self)
        self.initial.clear()
        self._on_close(self)

    def _concerning(self, changes: Iterator[Change]) -> list[Change]:
        """Return the first of the changes that concern this watch, one more than it takes at a time."""
        ids = self._ids
        if ids is not None:
            changes = (change for change in changes if change.variable.id in ids)
        return [*islice(changes, MAX_TAKEN_CHANGES + 1)]
