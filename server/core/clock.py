"""The clock that the core reads; tests replace it."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Two clocks: one for durations, one for timestamps."""

    def elapsed(self) -> float:
        """Return the seconds since some fixed moment; the result never decreases."""
        ...

    def utc(self) -> int:
        """Return the nanoseconds since the epoch."""
        ...


class SystemClock:
    """The machine's clocks."""

    def elapsed(self) -> float:
        return time.monotonic()

    def utc(self) -> int:
        return time.time_ns()
