"""The store that persists nothing: the state is in the memory of the process only."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable

from .records import Record, StoreContent
from .store import OnFailure, OnLoss


class MemoryStore:
    """A store for which every record counts as durable at once."""

    durable = False

    def load(self) -> StoreContent:
        return StoreContent()

    def write(self, record: Record, publish: Callable[[], object]) -> None:
        publish()

    def flushed(self, session_id: str) -> Future[None] | None:
        return None

    def on_failure(self, notify: OnFailure) -> None:
        pass  # nothing can fail

    def on_loss(self, notify: OnLoss) -> None:
        pass  # nothing can be lost

    async def close(self) -> None:
        pass


MEMORY = MemoryStore()
"""The shared memory store, which has no state."""
