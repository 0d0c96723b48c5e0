"""Polling, for conditions that have no event, such as the end of another process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

_POLL_INTERVAL_S = 0.01
"""The default time between two attempts, in seconds."""


def eventually(attempt: Callable[[], Result], timeout: float, pause: float = _POLL_INTERVAL_S) -> Result:
    """Repeat an attempt until its result is true or ``timeout`` seconds are over; return the last result."""
    deadline = time.monotonic() + timeout
    while not (result := attempt()) and time.monotonic() < deadline:
        time.sleep(pause)
    return result
