"""The port: what the core asks of a store."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable, Iterable
from typing import Protocol

from .records import Kept, Record, SessionState

OnFailure = Callable[[Iterable[str]], object]
"""Called with the ids of the sessions of which something that was written could not be kept."""


class Store(Protocol):
    """Keeps records.

    A record that is written counts in the core at once, so that the next change can be planned on top of
    it; but no reply and no watch may show it before it is kept. ``flushed`` is what a reply waits for.
    """

    durable: bool
    """Whether what is kept outlives the process."""

    def load(self) -> Kept:
        """All that is kept, once, before anything is written.

        Raises:
            StartupError: it is damaged.
        """
        ...

    def read(self, session_id: str) -> SessionState | None:
        """What is kept of one session, while nothing is being written; None where it is not open."""
        ...

    def write(self, record: Record, publish: Callable[[], object]) -> None:
        """Keep a record; ``publish`` is called when it is kept, in the order of writing."""
        ...

    def flushed(self, session_id: str) -> Future[None] | None:
        """Done when all that was written so far of a session is kept; None where it is already.

        Each call has a future of its own: whoever cancels it gives up alone.

        Raises, when awaited, the refusal that tells why it could not be kept. Then nothing that was written
        and not kept counts any more.
        """
        ...

    def on_failure(self, notify: OnFailure) -> None:
        """Have the core told when something could not be kept, so that it takes that back."""
        ...

    async def close(self) -> None:
        """Keep what was written, and let go of everything."""
        ...
