"""The trace of one scenario: its calls and messages, which explain a failure.

Only the first and the last events are retained, and they are described only if a scenario fails: nearly every
scenario passes.
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
"""The number of events that are retained from the beginning of a scenario: they show its setup."""

LAST_EVENTS = 32
"""The number of events that are retained from the end of a scenario."""


@dataclass(frozen=True)
class Exchange:
    """The description of an event between a person and a bridge.

    Attributes:
        kind: "call", "open", "message" or "end"; see ``Event``.
        who: the name of the scenario's person.
        bridge: the host:port of the bridge.
        began_ms: the beginning, in milliseconds since that of the scenario.
        ended_ms: the end, in milliseconds since the beginning of the scenario.
        asked: the description of the request.
        answered: the description of the answer or the refusal.
        status: the gRPC status; empty if the stream is still open.
        times: the number of equal events in a row; None for one.
        earlier: the number of events before it that were dropped; None for zero.
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
    """The first and the last events of a scenario.

    Consecutive equal calls with equal answers are one event.
    """

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.lost: set[str] = set()
        """The addresses of bridges that did not answer a call, or not in time."""
        self._first: list[tuple[Event, int]] = []
        self._last: deque[tuple[Event, int]] = deque(maxlen=LAST_EVENTS)
        self._dropped = 0
        self._lock = threading.Lock()
        self.methods: dict[str, None] = {}
        """The methods that were called, in the order of their first calls."""
        self.unimplemented: dict[str, None] = {}
        """The methods that answered UNIMPLEMENTED, in the order of their first calls."""

    def add(self, event: Event) -> None:
        """Record an event; several threads may call this method."""
        if event.status in ("UNAVAILABLE", "DEADLINE_EXCEEDED"):
            self.lost.add(event.address)
        with self._lock:
            self.methods[event.method] = None
            if event.status == "UNIMPLEMENTED":
                self.unimplemented[event.method] = None
            place = self._last or self._first
            if place and _same(place[-1][0], event):
                before, times = place[-1]
                place[-1] = replace(before, ended=event.ended), times + 1
            elif len(self._first) < FIRST_EVENTS:
                self._first.append((event, 1))
            else:
                self._dropped += len(self._last) == LAST_EVENTS
                self._last.append((event, 1))

    def refused_method(self, status: str, words: str) -> str:
        """Return the method of the last retained event with this status and message; empty if none has them.

        Args:
            status: the name of the status.
            words: the message, or a text that begins with it.
        """
        text = " ".join(words.split())
        with self._lock:
            for event, _ in reversed([*self._first, *self._last]):
                if event.status == status and text.startswith(" ".join(event.words.split())):
                    return event.method
        return ""

    def last_method(self) -> str:
        """Return the method of the last event; empty if there is none."""
        with self._lock:
            events = [*self._first, *self._last]
            return events[-1][0].method if events else ""

    def exchanges(self) -> list[Exchange]:
        """Return the descriptions of the retained events, in the order in which the events ended."""
        with self._lock:
            first, retained, dropped = len(self._first), [*self._first, *self._last], self._dropped
        exchanges = [self._describe(event, times) for event, times in retained]
        if dropped:
            exchanges[first] = replace(exchanges[first], earlier=dropped)
        return exchanges

    def _describe(self, event: Event, times: int) -> Exchange:
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


def _same(first: Event, second: Event) -> bool:
    """Return True if two calls are equal except for the time."""
    return (
        first.kind == second.kind == "call"
        and (first.who, first.address, first.method, first.status, first.words)
        == (second.who, second.address, second.method, second.status, second.words)
        and first.request == second.request
        and _timeless(first.reply) == _timeless(second.reply)
    )


def _timeless(reply: Any) -> Any:
    if reply is None or "server_time" not in reply.DESCRIPTOR.fields_by_name:
        return reply
    copy = type(reply)()
    copy.CopyFrom(reply)
    copy.ClearField("server_time")
    return copy
