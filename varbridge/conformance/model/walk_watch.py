"""A watch of a walk, whose updates are compared with those that the model expects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc

from varbridge.conformance.clients.collected_watch import CollectedWatch
from varbridge.conformance.model.comparison import (
    SEQUENCE,
    SESSION_END,
    UPDATE_MISSING,
    UPDATE_ORDER,
    WATCH_END,
    Difference,
    compare_update,
)
from varbridge.conformance.model.state import Entry, ModelWatch, SessionState
from varbridge.conformance.vocabulary.literals import show
from varbridge.messages import snakepit_bridge_pb2 as pb

DEADLINE_S = 5.0
"""The time in which an answer, an update or the end of a watch must come, in seconds."""


@dataclass(eq=False)
class WalkWatch:
    """A watch of a walk.

    Attributes:
        watch: the watch, which collects its updates.
        model: the watch in the model.
        watcher: the number of the client that watches.
        entries: the expected updates that came.
    """

    watch: CollectedWatch
    model: ModelWatch
    watcher: int
    entries: list[Entry] = field(default_factory=list)
    _taken: int = 0

    def receive(self, session: SessionState) -> Iterator[tuple[Difference, Entry | None]]:
        """Receive all updates that the model expects, and yield what differs.

        With a difference comes the update that the watch has to receive next, if it did not come.
        """
        for update in self._updates(self.model.count):
            self._taken += 1
            kind, cause = update.update_type, update.update_metadata.get("cause_id", "")
            overdue = self.model.overdue()
            entry = self.model.take(kind, update.variable_id, cause)
            if entry is None:
                expected = "no update" if overdue is None else f"the {_named(overdue)}"
                actual = f"the {kind} of {show(update.variable.name)} at version {update.variable.version}"
                yield Difference(UPDATE_ORDER, "a watch", expected, actual), overdue
                continue
            self.entries.append(entry)
            for difference in self._compare_sequence(entry, update.sequence, session):
                yield difference, None
            for difference in compare_update(entry, update, session):
                yield difference, None
        ended = str(self.watch.ended or "OK")
        if (overdue := self.model.overdue()) is not None:
            actual = f"the watch ended with {ended}" if self.watch.over else "it did not come"
            yield Difference(UPDATE_MISSING, "a watch", f"the {_named(overdue)}", actual), overdue
        elif self.watch.over:
            yield Difference(WATCH_END, "the session", "open", f"ended with {ended}"), None

    def end(self) -> Iterator[Difference]:
        """Close the watch; yield what differs if it has not ended with its session."""
        over = self.watch.wait_until_over(DEADLINE_S)
        ended = self.watch.ended
        self.watch.close()
        if not over or ended is None or ended.code is not grpc.StatusCode.NOT_FOUND:
            actual = f"it ended with {ended or 'OK'}" if over else "it is open"
            yield Difference(SESSION_END, "the session", "NOT_FOUND", actual)

    def _updates(self, count: int) -> list[pb.VariableUpdate]:
        """Wait until there are so many more updates, and return all that came."""

        def new(updates: Sequence[Any]) -> list[Any]:
            return [update.message for update in updates if update.kind != "heartbeat"][self._taken :]

        return new(self.watch.wait_for(lambda updates: len(new(updates)) >= count, DEADLINE_S))

    def _compare_sequence(self, entry: Entry, sequence: int, session: SessionState) -> Iterator[Difference]:
        subject = f"the {_named(entry)}"
        last, self.model.last_sequence = self.model.last_sequence, sequence
        if entry.kind == "initial_value":
            if sequence < session.sequence or last not in (None, sequence):
                yield Difference(SEQUENCE, subject, f"{max(session.sequence, last or 0)}", str(sequence))
            return
        if entry.sequence is None:
            entry.sequence = sequence
            if sequence <= session.sequence:
                yield Difference(SEQUENCE, subject, f"above {session.sequence}", str(sequence))
            session.sequence = max(session.sequence, sequence)
        elif entry.sequence != sequence:
            yield Difference(SEQUENCE, subject, str(entry.sequence), str(sequence))
        if last is not None and sequence <= last:
            yield Difference(SEQUENCE, subject, f"above {last}", str(sequence))


def _named(entry: Entry) -> str:
    return f"{entry.kind} of {show(entry.variable.name)} at version {entry.variable.version}"
