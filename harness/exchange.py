"""What passed between people and bridges in one scenario, for whoever must explain a failure.

Only the last events are kept, and they are put into words only where somebody asks: nearly every scenario
passes, and nobody does.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Iterable
from typing import Any

from client import Update, Variable
from client.errors import MalformedReply
from harness.literals import show
from harness.matchers import describe
from harness.wire import Event

KEPT = 40
"""Events of a scenario that are kept, the last ones."""

WIDTH = 72
"""Characters of what one event says."""


class Exchange:
    """The last events of a scenario."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.lost: set[str] = set()
        """Addresses that did not answer a call in time, or at all."""
        self._events: deque[Event] = deque(maxlen=KEPT)
        self._dropped = 0

    def add(self, event: Event) -> None:
        """Keep an event; may be called from several threads."""
        self._dropped += len(self._events) == KEPT
        self._events.append(event)
        if event.status in ("UNAVAILABLE", "DEADLINE_EXCEEDED"):
            self.lost.add(event.address)

    def told(self) -> list[dict[str, Any]]:
        """The events in words, in the order in which they ended: as ``docs/verdict.schema.json`` has them."""
        told = [
            {
                "kind": event.kind,
                "who": event.who,
                "bridge": event.address,
                "began_ms": round((event.began - self.began) * 1000, 1),
                "ended_ms": round((event.ended - self.began) * 1000, 1),
                "asked": _asked(event),
                "answered": _answered(event),
                "status": event.status,
            }
            for event in [*self._events]
        ]
        if self._dropped and told:
            told[0]["earlier"] = self._dropped
        return told


def shorten(text: str, width: int = WIDTH) -> str:
    """One line of at most ``width`` characters."""
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 1] + "…"


def _asked(event: Event) -> str:
    if event.request is None:
        return event.method
    return shorten(f"{event.method} {_fields(event.request)}".rstrip())


def _answered(event: Event) -> str:
    if event.kind == "open":
        return ""
    if event.status not in ("OK", ""):
        return shorten(f"{event.status}: {event.words}" if event.words else event.status)
    if event.kind == "end":
        return "the end of the stream"
    if event.method == "WatchVariables":
        return shorten(describe(Update(event.reply)))
    return shorten(_fields(event.reply) or "OK")


def _fields(message: Any) -> str:
    """A message's fields but the session's id, which is the same everywhere."""
    return ", ".join(
        f"{field.name}={_worded(value)}"
        for field, value in message.ListFields()
        if field.name not in ("session_id", "server_time", "success")
    )


def _worded(value: Any) -> str:
    name = getattr(getattr(value, "DESCRIPTOR", None), "full_name", "")
    if name == "google.protobuf.Any":
        return _any(value)
    if name.endswith(".Variable"):
        return _variable(Variable(value))
    if name == "google.protobuf.Timestamp":
        return str(value.ToJsonString())
    if name:
        return f"({_fields(value)})"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if hasattr(value, "items"):
        return "{" + ", ".join(f"{key}: {_worded(one)}" for key, one in value.items()) + "}"
    if isinstance(value, Iterable):
        return "[" + ", ".join(map(_worded, value)) + "]"
    return str(value)


def _any(value: Any) -> str:
    text = value.value.decode("utf-8", "replace")
    try:
        return shorten(str(json.loads(text)["value"]) if text.startswith("{") else text, 40)
    except (ValueError, KeyError, TypeError):
        return shorten(text, 40)


def _variable(variable: Variable) -> str:
    try:
        value = show(variable.value)
    except (MalformedReply, ValueError):
        value = "something malformed"
    return f"{variable.name} = {shorten(value, 40)} at version {variable.version}"
