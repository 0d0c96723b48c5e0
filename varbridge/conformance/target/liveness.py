"""The calls that a bridge answers, from which a run finds out that its bridge hangs."""

from __future__ import annotations

from varbridge.conformance.events import Event

LIMIT = 3
"""The number of scenarios in a row without any answer after which a bridge counts as hanging."""

_NO_ANSWER = {"UNAVAILABLE", "CANCELLED", "DEADLINE_EXCEEDED"}


class Liveness:
    """A count of the scenarios in a row in which a call met its deadline, and none but Ping was answered."""

    def __init__(self) -> None:
        self._answered_ever = False
        self._answered = False
        self._timed_out = False
        self._scenarios = 0

    def add(self, event: Event) -> None:
        """Consider an event of the present scenario."""
        if event.status == "DEADLINE_EXCEEDED":
            self._timed_out = True
        elif event.kind != "open" and event.method != "Ping" and event.status not in _NO_ANSWER:
            self._answered = self._answered_ever = True

    @property
    def silent(self) -> bool:
        """True if a call of the present scenario has met its deadline, and none but Ping was answered."""
        return self._timed_out and not self._answered

    def end_scenario(self) -> str:
        """End the present scenario; return a sentence if the bridge hangs, else ""."""
        if self.silent:
            self._scenarios += 1
        elif self._answered:
            self._scenarios = 0
        self._answered = self._timed_out = False
        if self._scenarios < LIMIT:
            return ""
        if self._answered_ever:
            return f"it does not answer any more: in {LIMIT} scenarios in a row, no call was answered"
        return f"it answers Ping and nothing else: in {LIMIT} scenarios in a row, no other call was answered"
