"""The store that persists nothing: the state is in the memory of the process only."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable

from .records import Record, SessionState, StoreContent
from .store import OnFailure


class MemoryStore:
    """A store for which every record counts as durable at once."""

    durable = False

    def load(self) -> StoreContent:
        return StoreContent()

    def read(self, session_id: str) -> SessionState | None:
        raise LookupError("the memory store has no records")

    def write(self, record: Record, publish: Callable[[], object]) -> None:
        publish()

    def flushed(self, session_id: str) -> Future[None] | None:
        return None

    def on_failure(self, notify: OnFailure) -> None:
        pass  # nothing can fail

    async def close(self) -> None:
        pass


MEMORY = MemoryStore()
"""The shared memory store, which has no state."""
