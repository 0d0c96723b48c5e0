"""Builders for the tests of sessions."""

from __future__ import annotations

from server.core.limits import Limits
from server.core.session import Session
from server.core.sessions import Sessions
from tests.server.core.builders import FakeClock

TTL = 60.0


class Bridge(Sessions):
    """The open sessions, with a clock that tests control."""

    def __init__(self, default_ttl: float = TTL, **limits: int) -> None:
        self.clock = FakeClock()
        super().__init__(self.clock, Limits(**limits), default_ttl)

    def open(self, session_id: str, metadata: dict[str, str] | None = None, ttl: int = 0) -> Session:
        with self.opening(session_id, metadata, ttl) as session:
            return session

    def is_open(self, session_id: str) -> bool:
        """Return True if a session is open; this renews it."""
        return self.renew(session_id) is not None


def versions(session: Session, identifier: str) -> list[int]:
    return [change.variable.version for change in session.history(identifier)]


def values(session: Session) -> dict[str, object]:
    return {variable.name: variable.value.native() for variable in session.matching()}
