"""The port through which the core uses a store."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable, Mapping
from typing import Protocol

from .records import Record, SessionState, StoreContent

OnFailure = Callable[[Mapping[str, SessionState | None]], object]
"""A callback that gets the persisted states of the sessions with records that could not be persisted, by
session id; None for a session that is not open."""

OnLoss = Callable[[], object]
"""A callback for a store that does not know any more what it has persisted."""


class Store(Protocol):
    """A store that persists records.

    A written record is part of the core's state at once, so that the next change can be planned on top of
    it. But no reply and no watch may show it before it is durable: replies await ``flushed``.
    """

    durable: bool
    """True if records survive the end of the process."""

    def load(self) -> StoreContent:
        """Load all sessions and tombstones; this is called once, before anything is written.

        Raises:
            StartupError: the data is damaged.
        """
        ...

    def write(self, record: Record, publish: Callable[[], object]) -> None:
        """Persist a record; call ``publish`` when it is durable. Records are published in the order of
        writing."""
        ...

    def flushed(self, session_id: str) -> Future[None] | None:
        """Return a future that is done when a session's records are durable; None if all are already.

        Each call returns a new future, so that cancelling it does not affect others.

        If a record cannot be persisted, the future raises a ``RefusalError`` with the reason, and none of the
        records that are not durable count any more.
        """
        ...

    def on_failure(self, notify: OnFailure) -> None:
        """Set the callback for records that could not be persisted, with which the core rolls them back."""
        ...

    def on_loss(self, notify: OnLoss) -> None:
        """Set the callback for the loss of the store: it does not know any more what it has persisted.

        From then on, it persists nothing, and all futures of ``flushed`` raise an ``UnavailableError``: no
        reply shows what may differ from the persisted state. The process must end; the next one reads that
        state.
        """
        ...

    async def close(self) -> None:
        """Persist the records that are not durable yet, and release all resources."""
        ...
