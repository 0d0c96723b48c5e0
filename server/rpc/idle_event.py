"""What wakes the coroutine of a watch: cheap to ring, and rung by itself when it has been quiet for long."""

from __future__ import annotations

import asyncio


class IdleEvent:
    """Rung from the event loop's own thread.

    A timer for each wait would cost more than the wait; one timer looks now and then whether the bell has
    been quiet for its interval.

    Args:
        interval: seconds of quiet after which it rings by itself.
    """

    def __init__(self, interval: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._interval = interval
        self._rung = False
        self._waiter: asyncio.Future[None] | None = None
        self._last = self._loop.time()
        self._timer = self._loop.call_later(interval, self._look)

    def set(self) -> None:
        """Wake whoever waits, or will wait next."""
        self._rung = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self) -> bool:
        """Wait until it is rung; return False where it rang by itself."""
        if not self._rung:
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        rung, self._rung = self._rung, False
        self._last = self._loop.time()
        return rung

    def close(self) -> None:
        """Stop the timer."""
        self._timer.cancel()

    def _look(self) -> None:
        quiet = self._loop.time() - self._last
        if quiet >= self._interval:
            if self._waiter is not None and not self._waiter.done():
                self._waiter.set_result(None)
            quiet = 0.0
        self._timer = self._loop.call_later(self._interval - quiet, self._look)
