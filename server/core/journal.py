"""The write path of a session: a change goes to the store, and once it is durable, to the change log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from ..storage.records import Changed, Compacted, Opened, Record
from ..storage.store import Store
from .change_log import Change, ChangeLog
from .compaction import Compaction
from .history import Histories
from .limits import Limits
from .retention import SessionBytes


def _nothing() -> None:
    """Do nothing; the ``publish`` callback of records that watches do not send."""


class Journal:
    """The write path of one session.

    Args:
        opened: the record of the session's opening; ``open`` writes it, or the first other record that is
            written.
        store: the store that persists the records.
        limits: the limits of the session, among them those of the change log.
        retained: the number of bytes that the session retains.

    Attributes:
        log: the changes that the store has persisted.
        sequence: the sequence of the newest change, which may not be persisted yet.
    """

    def __init__(self, opened: Opened, store: Store, limits: Limits, retained: SessionBytes) -> None:
        self.log = ChangeLog(opened.start_sequence, limits.log_changes, limits.log_bytes)
        self.sequence = opened.start_sequence
        self._session_id = opened.session_id
        self._unwritten: Opened | None = opened
        self._store = store
        self._retained = retained

    def open(self) -> None:
        """Write the record of the session's opening, unless it is written already."""
        if self._unwritten is not None:
            opened, self._unwritten = self._unwritten, None
            self._store.write(opened, _nothing)

    def keep(self, record: Record, publish: Callable[[], object] = _nothing) -> None:
        """Write a record to the store, which calls ``publish`` when the record is durable."""
        self.open()
        self._store.write(record, publish)

    def append(self, changes: Sequence[Change], request_id: str, forgotten: str) -> None:
        """Write changes to the store, all or none, and to the log when they are durable; see ``Changed``."""
        record = Changed(self._session_id, changes, request_id, forgotten)
        self.keep(record, partial(self._publish, changes))
        self.sequence += len(changes)

    def recover(self, changes: Sequence[Change]) -> None:
        """Fill the log with changes that the store has loaded."""
        self._unwritten = None
        if changes:
            self.log.last = changes[0].sequence - 1
        self.log.append(changes)
        self.sequence = self.log.last

    def _publish(self, changes: Sequence[Change]) -> None:
        self._retained.add(self.log.append(changes))

    def rollback_uncommitted(self) -> None:
        """Reset the sequence to that of the last persisted change, which is the last one in the log."""
        self.sequence = self.log.last

    def follow(self, histories: Histories) -> None:
        """From now on, write to the store which versions neither the log nor ``histories`` needs any more."""
        if self._store.durable:
            self.log.on_drop = Compaction(histories, self._drop).drop

    def detach(self) -> None:
        """Undo ``follow``, because the store has deleted the session."""
        self.log.on_drop = None

    def _drop(self, versions: dict[str, int | None]) -> None:
        self.keep(Compacted(self._session_id, self.log.oldest, versions))
