"""An asyncio event that is also set after an idle interval, for the heartbeats of watches."""

from __future__ import annotations

import asyncio


class IdleEvent:
    """An event that wakes its waiter when it is set, or when it has not been set for an interval.

    It must be used on the thread of the event loop. It has a single timer, which checks now and then whether
    the interval is over, because a timer for each wait would cost more than the wait.

    Args:
        interval: the idle interval, in seconds.
    """

    def __init__(self, interval: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._interval = interval
        self._is_set = False
        self._waiter: asyncio.Future[None] | None = None
        self._last = self._loop.time()
        self._timer = self._loop.call_later(interval, self._check)

    def set(self) -> None:
        """Wake the waiter, or let the next wait return at once."""
        self._is_set = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self) -> bool:
        """Wait until the event is set and return True, or until the interval is over and return False."""
        if not self._is_set:
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        was_set, self._is_set = self._is_set, False
        self._last = self._loop.time()
        return was_set

    def close(self) -> None:
        """Stop the timer."""
        self._timer.cancel()

    def _check(self) -> None:
        idle = self._loop.time() - self._last
        if idle >= self._interval:
            if self._waiter is not None and not self._waiter.done():
                self._waiter.set_result(None)
            idle = 0.0
        self._timer = self._loop.call_later(self._interval - idle, self._check)
