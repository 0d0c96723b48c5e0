"""The record of an ended call, which the dispatcher passes to the observers (logs, metrics, traces)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class CallRecord(NamedTuple):
    """The record of an ended call.

    Attributes:
        method: the name of the method, without that of the service.
        session_id: the id of the call's session; "" for none.
        status: the name of the gRPC status.
        started: the start time, in ns since the epoch, UTC.
        seconds: the duration, in seconds; for a stream, until its end.
        metadata: the metadata of the call; they include tokens and must not be logged.
    """

    method: str
    session_id: str
    status: str
    started: int
    seconds: float
    metadata: Sequence[tuple[str, Any]]


Observer = Callable[[CallRecord], object]
