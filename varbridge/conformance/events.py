"""The events of a scenario: the calls and messages between its clients and bridges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CLIENT = "client"
"""The name of the client in steps that name no person."""


@dataclass(frozen=True, slots=True)
class Event:
    """A call, or a part of a stream, between a client and a bridge.

    Attributes:
        kind: "call" (with its answer), or the "open", a "message" or the "end" of a stream.
        who: the name of the scenario's person, or ``CLIENT``.
        address: the host:port of the bridge.
        method: the name of the gRPC method.
        began: the time.monotonic() before the request was sent.
        ended: the time.monotonic() when the answer, the message or the end arrived.
        request: the request; None for a message or the end of a stream.
        reply: the answer or the message; None if there is none.
        status: the name of the gRPC status, OK included; empty if the stream is still open.
        words: the bridge's message for a status other than OK.
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
