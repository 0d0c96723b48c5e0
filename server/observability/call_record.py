"""A call that has ended, as those who observe are told of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class CallRecord(NamedTuple):
    """A call that has ended.

    Attributes:
        method: its name, without the service's.
        session_id: that it named; "" for none.
        status: gRPC's name of it.
        started: ns since the epoch, UTC.
        seconds: that it took; of a stream, all of its life.
        metadata: that came with it, which must not be told: tokens are in it.
    """

    method: str
    session_id: str
    status: str
    started: int
    seconds: float
    metadata: Sequence[tuple[str, Any]]


Observer = Callable[[CallRecord], object]
