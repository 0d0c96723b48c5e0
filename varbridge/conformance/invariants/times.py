"""The timestamps of bridges: conversions, and a check against the clock of this machine."""

from __future__ import annotations

import time
from collections.abc import Iterator

from google.protobuf.timestamp_pb2 import Timestamp

MAX_CLOCK_DIFFERENCE_S = 600
"""The maximum difference between a timestamp and this machine's clock, in seconds; less than a time zone."""

_SECOND_NS = 1_000_000_000


def clock_faults(name: str, timestamp: Timestamp) -> Iterator[str]:
    """Yield a phrase if a timestamp of a bridge is invalid, or differs too much from the current time."""
    if not 0 <= timestamp.nanos < _SECOND_NS:
        yield f"{name} with {timestamp.nanos} nanoseconds, of which a second has 10^9 (A14)"
        return
    time_ns = nanoseconds(timestamp)
    if time_ns and abs(time_ns - time.time_ns()) > MAX_CLOCK_DIFFERENCE_S * _SECOND_NS:
        yield f"{name} {show_time(timestamp)}, which differs from the current time, UTC, by over 10 min (A14)"


def nanoseconds(timestamp: Timestamp) -> int:
    """Return a timestamp in nanoseconds since the epoch, even if it is not a valid Timestamp."""
    return timestamp.seconds * _SECOND_NS + timestamp.nanos


def show_time(timestamp: Timestamp) -> str:
    """Return a timestamp in ISO format, or as numbers if it is not a valid Timestamp."""
    try:
        return str(timestamp.ToJsonString())
    except (ValueError, OverflowError):
        return f"{timestamp.seconds} s and {timestamp.nanos} ns"


def same_time(first: Timestamp, second: Timestamp) -> bool:
    """Return True if two timestamps differ by at most one second, since some bridges round to seconds."""
    return abs(nanoseconds(first) - nanoseconds(second)) <= _SECOND_NS
