"""The store that keeps nothing: the state is the process's own, and ends with it."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable

from .records import Kept, Record, SessionState
from .store import OnFailure


class MemoryStore:
    """Every record counts as kept at once."""

    durable = False

    def load(self) -> Kept:
        return Kept()

    def read(self, session_id: str) -> SessionState | None:
        raise LookupError("nothing is kept")

    def write(self, record: Record, publish: Callable[[], object]) -> None:
        publish()

    def flushed(self, session_id: str) -> Future[None] | None:
        return None

    def on_failure(self, notify: OnFailure) -> None:
        pass  # nothing can fail

    async def close(self) -> None:
        pass


MEMORY = MemoryStore()
"""One for all: it has no state."""
