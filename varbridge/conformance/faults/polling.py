"""Looking until what is looked for is there: for what nothing tells of, another's process say."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

_POLL_INTERVAL_S = 0.01
"""Seconds between two looks, unless there is reason for longer."""


def eventually(look: Callable[[], Found], timeout: float, pause: float = _POLL_INTERVAL_S) -> Found:
    """What is found once it is something; what was found last where ``timeout`` seconds are over."""
    deadline = time.monotonic() + timeout
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(pause)
    return found
