"""Fairness between clients: the calls of a client that takes much time take turns, those of others do not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

COSTLY_S = 0.002
"""The processor time from which a call is costly, in seconds."""

REMEMBERED_S = 1.0
"""The time for which a client's calls take turns after a costly one, in seconds."""


MAX_PAUSE_S = 0.1
"""The longest pause before a call that takes its turn, in seconds."""


class Fairness:
    """The turns of clients that have made costly calls: one after the other, with a pause before each.

    The pause is as long as the costly call before it took. A call of another client takes several turns of
    the event loop, from its arrival to its reply: it waits for one costly call, and uses the pause.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._pause_s = 0.0
        self._costly: dict[str, float] = {}  # the end of the time to remember a client, the oldest first

    def is_costly(self, client: str) -> bool:
        """Return True if the calls of a client take turns."""
        return client in self._costly

    async def run(self, client: str, work: Callable[..., Any], *arguments: Any) -> Any:
        """Do the work of a call, in its turn if the client is costly, and return its result."""
        if not self.is_costly(client):
            return self.measured(client, work, *arguments)
        async with self._turn:
            pause_s, self._pause_s = self._pause_s, 0.0
            await asyncio.sleep(pause_s)
            return self.measured(client, work, *arguments)

    def measured(self, client: str, work: Callable[..., Any], *arguments: Any) -> Any:
        """Do the work of a call in one turn of the event loop, and return its result."""
        started = time.perf_counter()
        try:
            return work(*arguments)
        finally:
            ended = time.perf_counter()
            if ended - started > COSTLY_S:
                self._pause_s = min(ended - started, MAX_PAUSE_S)
                self._costly.pop(client, None)
                self._costly[client] = ended + REMEMBERED_S
            elif self._costly:
                self._forget(ended)

    def _forget(self, now: float) -> None:
        oldest = next(iter(self._costly))
        if self._costly[oldest] < now:
            del self._costly[oldest]
