"""The number of running calls of each client, and its maximum."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ..core.errors import ResourceExhaustedError
from ..core.limits import Limits
from .service import Context

TOKEN: ContextVar[str] = ContextVar("token", default="")
"""The token of the current call; "" if no tokens are required."""


def client_of(context: Context) -> str:
    """Return the client of a call: its token, or without tokens its connection, since nothing else
    distinguishes the clients of one machine."""
    return TOKEN.get() or context.peer()


class CallCounter:
    """A counter of the running calls of each client; see ``client_of``.

    Args:
        limit: the maximum number of concurrent calls of one client; further ones are refused.
    """

    def __init__(self, limit: int = Limits().calls) -> None:
        self._limit = limit
        self._running: dict[str, int] = {}

    def begin(self, context: Context) -> str:
        """Count a call; return its client, for ``end``.

        Raises:
            ResourceExhaustedError: the client has the maximum number of running calls.
        """
        client = client_of(context)
        count = self._running.get(client, 0)
        if count >= self._limit:
            raise ResourceExhaustedError(
                f"calls: at most {self._limit} at a time from one client (--max-calls)"
            )
        self._running[client] = count + 1
        return client

    def end(self, client: str) -> None:
        """Count a call of a client less."""
        count = self._running[client] - 1
        if count:
            self._running[client] = count
        else:
            del self._running[client]

    @contextmanager
    def counted(self, context: Context) -> Iterator[None]:
        """Count a call during the block; see ``begin``."""
        client = self.begin(context)
        try:
            yield
        finally:
            self.end(client)
