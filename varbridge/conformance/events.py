"""The events of a scenario: what passed on the wire between someone and a bridge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CLIENT = "client"
"""The name of the caller in steps that name no person."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that passed between someone and a bridge.

    Attributes:
        kind: call (with its answer), open (of a stream), message (on one), or end (of one).
        who: the person of the scenario, or ``CLIENT``.
        address: host:port of the bridge.
        method: as the interface names it.
        began: time.monotonic() before the request was sent.
        ended: time.monotonic() when the answer, the message or the end came.
        request: what was asked; None where it is told elsewhere.
        reply: the answer or the message; None where there is none.
        status: a gRPC status, OK included; empty of what is still open.
        words: the bridge's, of a status that is not OK.
    """

    kind: str
    who: str
    address: str
    method: str
    began: float
    ended: float
    request: Any = None
    reply: Any = None
    status: str = ""
    words: str = ""
