"""The clock that the core reads; tests replace it."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """The interface of two clocks: one for durations, one for timestamps."""

    def elapsed(self) -> float:
        """Return the seconds since some fixed moment; the result never decreases."""
        ...

    def utc(self) -> int:
        """Return the wall-clock time, in ns since the epoch, UTC."""
        ...


class SystemClock:
    """The clocks of the machine."""

    def elapsed(self) -> float:
        return time.monotonic()

    def utc(self) -> int:
        return time.time_ns()
