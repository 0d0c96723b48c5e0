"""Time, as the core asks for it: handed in, so that a test can say what it is."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Two clocks: one for durations, one for timestamps."""

    def elapsed(self) -> float:
        """Seconds since some fixed moment; never goes backwards."""
        ...

    def utc(self) -> int:
        """Nanoseconds since the epoch."""
        ...


class SystemClock:
    """The machine's clocks."""

    def elapsed(self) -> float:
        return time.monotonic()

    def utc(self) -> int:
        return time.time_ns()
