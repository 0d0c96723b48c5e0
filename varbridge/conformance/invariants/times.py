"""Times that bridges tell: as numbers, in words, and whether they are about the time that it is."""

from __future__ import annotations

import time
from collections.abc import Iterator

from google.protobuf.timestamp_pb2 import Timestamp

CLOCKS = 600
"""Seconds by which the clocks of two machines may differ, and a scenario take. Time zones differ by more."""

_SECOND = 1_000_000_000


def off(what: str, given: Timestamp) -> Iterator[str]:
    """Say that a time which the bridge told is not about the time that it is."""
    told = nanoseconds(given)
    if told and abs(told - time.time_ns()) > CLOCKS * _SECOND:
        yield f"{what} {in_words(given)}, which is not the time that it is, UTC (A14)"


def nanoseconds(given: Timestamp) -> int:
    """A time in ns since the epoch, also one that no Timestamp may be: that must be told, not raised."""
    return given.seconds * _SECOND + given.nanos


def in_words(given: Timestamp) -> str:
    """A time as people write it, or as seconds where it is none."""
    try:
        return str(given.ToJsonString())
    except ValueError:
        return f"{given.seconds} s and {given.nanos} ns"


def at_once(one: Timestamp, other: Timestamp) -> bool:
    """Whether two times of one change are the same, as far as clocks and stores of seconds can tell."""
    return abs(nanoseconds(one) - nanoseconds(other)) <= _SECOND
