"""What passed between people and bridges in one scenario, for whoever must explain a failure.

Only the first and the last events are kept, and they are put into words only where somebody asks: nearly
every scenario passes, and nobody does.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import Any

from varbridge.conformance.events import Event
from varbridge.conformance.report.format import describe_reply, describe_request

FIRST_EVENTS = 8
"""Events of a scenario that are kept from its beginning: they say what there was."""

LAST_EVENTS = 32
"""Events that are kept from its end."""


@dataclass(frozen=True)
class Exchange:
    """Something that passed between someone and a bridge, in words.

    Attributes:
        kind: call, open, message or end; see ``Event``.
        who: the person of the scenario.
        bridge: host:port.
        began_ms: since the scenario began.
        ended_ms: since the scenario began.
        asked: the request.
        answered: the answer, or the refusal.
        status: a gRPC status; empty of what is still open.
        times: how often the very same passed in a row; None for once.
        earlier: how many came right before it and are not kept; None for none.
    """

    kind: str
    who: str
    bridge: str
    began_ms: float
    ended_ms: float
    asked: str
    answered: str
    status: str
    times: int | None = None
    earlier: int | None = None


class Trace:
    """The events of a scenario, less those in the middle of very many.

    The very same call with the very same answer, over and over, is one event.
    """

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.lost: set[str] = set()
        """Addresses that did not answer a call in time, or at all."""
        self.tool_cut_off = False
        """Whether a tool was running when its bridge was gone: then it may be the tool that ended it."""
        self._first: list[tuple[Event, int]] = []
        self._last: deque[tuple[Event, int]] = deque(maxlen=LAST_EVENTS)
        self._dropped = 0
        self._lock = threading.Lock()

    def add(self, event: Event) -> None:
        """Keep an event; may be called from several threads."""
        if event.status in ("UNAVAILABLE", "DEADLINE_EXCEEDED"):
            self.lost.add(event.address)
        if event.status == "UNAVAILABLE" and event.method.startswith("Execute"):
            self.tool_cut_off = True
        with self._lock:
            place = self._last or self._first
            if place and _same(place[-1][0], event):
                before, times = place[-1]
                place[-1] = replace(before, ended=event.ended), times + 1
            elif len(self._first) < FIRST_EVENTS:
                self._first.append((event, 1))
            else:
                self._dropped += len(self._last) == LAST_EVENTS
                self._last.append((event, 1))

    def exchanges(self) -> list[Exchange]:
        """The events in words, in the order in which they ended."""
        with self._lock:
            first, kept, dropped = len(self._first), [*self._first, *self._last], self._dropped
        told = [self._in_words(event, times) for event, times in kept]
        if dropped:
            told[first] = replace(told[first], earlier=dropped)
        return told

    def _in_words(self, event: Event, times: int) -> Exchange:
        return Exchange(
            kind=event.kind,
            who=event.who,
            bridge=event.address,
            began_ms=round((event.began - self.began) * 1000, 1),
            ended_ms=round((event.ended - self.began) * 1000, 1),
            asked=describe_request(event),
            answered=describe_reply(event),
            status=event.status,
            times=times if times > 1 else None,
        )


def _same(one: Event, other: Event) -> bool:
    """Whether two calls say the very same, but for the time."""
    return (
        one.kind == other.kind == "call"
        and (one.who, one.address, one.method, one.status, one.words)
        == (other.who, other.address, other.method, other.status, other.words)
        and one.request == other.request
        and _timeless(one.reply) == _timeless(other.reply)
    )


def _timeless(reply: Any) -> Any:
    if reply is None or "server_time" not in reply.DESCRIPTOR.fields_by_name:
        return reply
    copy = type(reply)()
    copy.CopyFrom(reply)
    copy.ClearField("server_time")
    return copy
