"""The open sessions of a bridge: opening, restarting their time to live, expiry and closing."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ..storage.memory import MEMORY
from ..storage.records import Ended, Opened, SessionState, StoreContent
from ..storage.store import Store
from .clock import Clock
from .errors import NotFoundError, RefusalError, ResourceExhaustedError, UnavailableError, invalid
from .limits import Limits
from .names import check_name
from .retention import SESSION_BYTES, RetainedBytes, bytes_of
from .session import Session

MAX_TOMBSTONES = 1_000
"""The maximum number of tombstones: ended sessions whose last sequence is retained. Sessions that ended
earlier share one lower bound."""


_LOST = UnavailableError("the session could not be saved")


class _Lease:
    """The right of a session to stay open until a time that each call about the session postpones."""

    __slots__ = ("expires", "session", "ttl", "users")

    def __init__(self, session: Session, ttl: float) -> None:
        self.session = session
        self.ttl = ttl
        self.expires = 0.0
        self.users = 0  # calls that keep the session open while they run


class Sessions:
    """All open sessions of a bridge.

    Args:
        clock: the clock for expiry and timestamps.
        limits: the limits of the sessions.
        default_ttl: the time to live of sessions that are opened without one, in seconds.
        store: the store that persists the sessions.
    """

    def __init__(self, clock: Clock, limits: Limits, default_ttl: float, store: Store = MEMORY) -> None:
        self._clock = clock
        self._limits = limits
        self._default_ttl = default_ttl
        self._store = store
        self._retained = RetainedBytes(limits.bytes)
        self._leases: dict[str, _Lease] = {}
        self._ending: dict[str, list[_Lease]] = {}  # sessions whose end is not persisted yet, oldest first
        self._last_sequences: dict[str, int] = {}  # of ended sessions, by id
        self._min_next_sequence = 0  # above the last sequences of all sessions without a tombstone
        self.load(store.load())
        store.on_failure(self._restore)

    def __len__(self) -> int:
        return len(self._leases)

    def find(self, session_id: str) -> Session:
        """Return an open session, and restart its time to live.

        Raises:
            NotFoundError: the session is not open.
        """
        if (session := self.renew(check_name(session_id, "session_id"))) is None:
            raise NotFoundError(f"Session not found: {session_id}")
        return session

    def renew(self, session_id: str) -> Session | None:
        """Restart a session's time to live; return the session, or None if it is not open."""
        lease = self._leases.get(session_id)
        if lease is None:
            return None
        now = self._clock.elapsed()
        if lease.expires <= now and not lease.users:
            self._expire(lease)
            return None
        lease.expires = now + lease.ttl
        return lease.session

    @contextmanager
    def opening(
        self, session_id: str, metadata: Mapping[str, str] | None = None, ttl: int = 0
    ) -> Iterator[Session]:
        """Return an open session, or a new one that opens when the block ends without an error.

        Args:
            session_id: the id of the session.
            metadata: the metadata of a new session.
            ttl: the time to live of a new session, in seconds; 0 for ``default_ttl``.
        """
        check_name(session_id, "session_id")
        if ttl < 0:
            raise invalid("ttl_seconds", f"must not be negative, not {ttl}")
        if (session := self.renew(session_id)) is not None:
            yield session
            return
        if metadata and len(metadata) > self._limits.metadata:
            raise ResourceExhaustedError(f"metadata: at most {self._limits.metadata} entries are allowed")
        if len(self._leases) >= self._limits.sessions:
            self.expire()
        if len(self._leases) >= self._limits.sessions:
            raise ResourceExhaustedError(f"sessions: at most {self._limits.sessions} are open at a time")
        # The start is above the last sequence of the old session, so that a watch of the new session cannot
        # resume after any sequence of the old one.
        ended_at = self._last_sequences.get(session_id)
        start_sequence = self._min_next_sequence if ended_at is None else ended_at + 1
        opened = Opened(
            session_id, dict(metadata or {}), self._clock.utc(), ttl or self._default_ttl, start_sequence
        )
        session = Session(opened, self._clock, self._limits, self._store, self._retained)
        self._retained.check(SESSION_BYTES + bytes_of(opened.metadata))
        yield session
        session.open()
        self._add(session, opened.ttl)
        self._last_sequences.pop(session_id, None)

    @contextmanager
    def held_open(self, session_id: str) -> Iterator[Session]:
        """Keep an open session from expiring during the block."""
        session = self.find(session_id)
        lease = self._leases[session_id]
        lease.users += 1
        try:
            yield session
        finally:
            lease.users -= 1
            lease.expires = self._clock.elapsed() + lease.ttl

    def close(self, session_id: str) -> int:
        """End a session; return the number of its variables, watches and tools, 0 if it was not open."""
        check_name(session_id, "session_id")
        if self.renew(session_id) is None:
            return 0
        return self._end(
            self._leases[session_id], NotFoundError(f"Session not found: {session_id} was cleaned up")
        )

    def expire(self) -> None:
        """End every session that had no calls for its time to live."""
        now = self._clock.elapsed()
        for lease in [lease for lease in self._leases.values() if lease.expires <= now and not lease.users]:
            self._expire(lease)

    def count_variables(self) -> int:
        """Return the number of variables of all sessions; may be called on any thread."""
        return sum(len(lease.session) for lease in [*self._leases.values()])

    def count_watches(self) -> int:
        """Return the number of watches of all sessions; may be called on any thread."""
        return sum(len(lease.session.log.watches) for lease in [*self._leases.values()])

    def is_open(self, session_id: str) -> bool:
        """Return True if a session is open; this does not restart its time to live."""
        return session_id in self._leases

    def load(self, content: StoreContent) -> None:
        """Add the sessions and tombstones that a store has loaded."""
        self._last_sequences |= content.ended
        self._min_next_sequence = max(self._min_next_sequence, content.min_next_sequence)
        for state in content.sessions:
            session = Session.recovered(state, self._clock, self._limits, self._store, self._retained)
            self._add(session, state.opened.ttl)

    def release(self, session_id: str, reason: RefusalError) -> None:
        """Drop a session that another bridge owns now; its watches and tools end with the reason."""
        self._ending.pop(session_id, None)
        if (lease := self._leases.pop(session_id, None)) is not None:
            lease.session.lose(reason)

    def end_watches(self, reason: RefusalError) -> None:
        """End every watch of every session with an error as the reason; the sessions stay open."""
        for lease in self._leases.values():
            lease.session.end_watches(reason)

    def flushed(self, session_id: str) -> Future[None] | None:
        """Return a future that a reply about a session must await; None if all records are durable."""
        return self._store.flushed(session_id)

    def _add(self, session: Session, ttl: float) -> None:
        session.count_retained()
        lease = self._leases[session.id] = _Lease(session, ttl)
        lease.expires = self._clock.elapsed() + ttl

    def _expire(self, lease: _Lease) -> None:
        self._end(lease, NotFoundError(f"Session not found: {lease.session.id} expired"))

    def _end(self, lease: _Lease, reason: RefusalError) -> int:
        session = lease.session
        del self._leases[session.id]
        self._last_sequences[session.id] = session.sequence
        forgotten = ""
        if len(self._last_sequences) > MAX_TOMBSTONES:
            forgotten = next(iter(self._last_sequences))
            self._min_next_sequence = max(self._min_next_sequence, self._last_sequences.pop(forgotten) + 1)
        ended = session.close(reason)
        self._ending.setdefault(session.id, []).append(lease)

        def publish() -> None:
            del self._ending[session.id][0]
            if not self._ending[session.id]:
                del self._ending[session.id]
            session.end_watches(reason)

        self._store.write(Ended(session.id, session.sequence, forgotten, self._min_next_sequence), publish)
        return ended

    def _restore(self, states: Mapping[str, SessionState | None]) -> None:
        """Reset sessions to their persisted states, because the store could not persist a record of each."""
        for session_id, state in states.items():
            leases = self._ending.pop(session_id, [])
            if (present := self._leases.pop(session_id, None)) is not None:
                leases.append(present)
            if state is not None:
                restored, leases = leases[0], leases[1:]
                restored.session.restore(state)
                self._leases[session_id] = restored
                self._last_sequences.pop(session_id, None)
            elif leases and leases[0].session.start_sequence:
                self._last_sequences[session_id] = leases[0].session.start_sequence - 1
            for lease in leases:  # sessions whose opening was neither persisted nor acknowledged
                lease.session.lose(_LOST)
