"""Builders for the tests of the change log and its watches."""

from __future__ import annotations

from server.core.changes import ChangeContext
from server.core.session import Session
from tests.server.core.builders import a_session, put, register


class Reader:
    """A watch, with the number of its wake-ups."""

    def __init__(self, session: Session, *identifiers: str, resume_after: int | None = None) -> None:
        self.woken = 0
        self.watch, self.watched = session.watch(identifiers, self._wake, resume_after)

    def _wake(self) -> None:
        self.woken += 1

    def sequences(self) -> list[int]:
        """Take all available changes, and return their sequences."""
        sequences: list[int] = []
        while part := self.watch.take():
            sequences += [change.sequence for change in part]
        return sequences


def a_busy_session(**limits: int) -> Session:
    """Return a session whose sequences 1 and 2 register a and b, and whose 3 to 7 set a, b, a, b, a."""
    session = a_session(**limits)
    register(session, "a", 0)
    register(session, "b", 0)
    for number, name in enumerate("ababa", start=1):
        put(session, name, number)
    return session


def delete(session: Session, identifier: str) -> None:
    session.delete(identifier, ChangeContext())
