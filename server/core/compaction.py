"""Compaction: collecting the changes that a session no longer needs, for the store to delete in batches."""

from __future__ import annotations

from collections.abc import Callable

from . import change_log
from .change_log import Change
from .history import Histories

FLUSH_COUNT = 256
"""The number of changes dropped from the log after which the store is notified."""

FLUSH_BYTES = 16 * 2**20
"""The size of the changes dropped from the log after which the store is notified, in bytes."""


class Compaction:
    """A collector of the changes that the log has dropped, which finds the versions that are not needed.

    A version is needed while the history has it, while the log has it, and while the log has the next
    version, whose change includes it as the previous value. The log drops changes in order: once it has
    dropped version n, it needs no version below n.

    Args:
        histories: the histories of the session.
        notify: the callback for a batch of dropped changes. It gets the oldest version needed of each of
            their variables, by id; None for a deleted variable of which no version is needed.
    """

    def __init__(self, histories: Histories, notify: Callable[[dict[str, int | None]], object]) -> None:
        self._histories = histories
        self._notify = notify
        self._dropped: dict[str, int | None] = {}
        self._count = 0
        self._bytes = 0

    def drop(self, change: Change) -> None:
        """Record that the log has dropped a change."""
        variable = change.variable
        if change.kind == change_log.DELETED:
            self._dropped[variable.id] = None
        elif change.kind != change_log.DEPENDENCY_CHANGE:
            self._dropped[variable.id] = variable.version
        self._count += 1
        self._bytes += change.size
        if self._count >= FLUSH_COUNT or self._bytes >= FLUSH_BYTES:
            dropped, self._dropped = self._dropped, {}
            self._count = self._bytes = 0
            self._notify({variable_id: self._needed(variable_id, v) for variable_id, v in dropped.items()})

    def _needed(self, variable_id: str, dropped: int | None) -> int | None:
        if dropped is None:
            return None
        oldest = self._histories.oldest(variable_id)
        return dropped if oldest is None else min(oldest, dropped)
