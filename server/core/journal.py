"""The way of a change: to the store, and when the store has it, to the log that the watches read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from ..storage.records import Changed, Compacted, Opened, Record
from ..storage.store import Store
from .change_log import Change, ChangeLog
from .compaction import Compaction
from .history import Histories
from .limits import Limits


def _nothing() -> None:
    """What is published of a record that no watch is told of."""


class Journal:
    """One session's.

    Args:
        opened: how the session was opened; the store is told with the first record, or by ``open``.
        store: keeps the records.
        limits: of the log.

    Attributes:
        log: the changes that the store has.
        sequence: of the newest change, which the store may not have yet.
    """

    def __init__(self, opened: Opened, store: Store, limits: Limits) -> None:
        self.log = ChangeLog(opened.start_sequence, limits.log_changes, limits.log_bytes)
        self.sequence = opened.start_sequence
        self._session_id = opened.session_id
        self._untold: Opened | None = opened
        self._store = store

    def open(self) -> None:
        """Tell the store that the session is open, where it was not told yet."""
        if self._untold is not None:
            opened, self._untold = self._untold, None
            self._store.write(opened, _nothing)

    def keep(self, record: Record, publish: Callable[[], object] = _nothing) -> None:
        """Have a record kept."""
        self.open()
        self._store.write(record, publish)

    def append(self, changes: Sequence[Change], request_id: str, forgotten: str) -> None:
        """Have changes kept, together or not at all, and then logged; see ``storage.records.Changed``."""
        record = Changed(self._session_id, changes, request_id, forgotten)
        self.keep(record, partial(self.log.append, changes))
        self.sequence += len(changes)

    def recover(self, changes: Sequence[Change]) -> None:
        """Begin with the changes that the store has had before."""
        self._untold = None
        if changes:
            self.log.last = changes[0].sequence - 1
        self.log.append(changes)
        self.sequence = self.log.last

    def rollback_uncommitted(self) -> None:
        """Forget what the store does not have: the log has nothing of it."""
        self.sequence = self.log.last

    def follow(self, histories: Histories) -> None:
        """Tell the store from now on what neither the log nor these histories need any more."""
        if self._store.durable:
            self.log.on_drop = Compaction(histories, self._drop).drop

    def detach(self) -> None:
        """Tell the store of no more: it has forgotten all of it."""
        self.log.on_drop = None

    def _drop(self, versions: dict[str, int | None]) -> None:
        self.keep(Compacted(self._session_id, self.log.oldest, versions))
