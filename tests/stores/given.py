"""What the tests of the stores begin with: a bridge's sessions over a store, and pictures of all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from server.config import Limits
from server.session import Session
from server.sessions import Sessions
from server.stores.memory import MemoryStore
from server.stores.port import Store
from server.stores.sqlite import SqliteStore
from tests.core.given import FakeClock
from tests.core.unchanged import Picture, picture

TTL = 60.0


class Bridge:
    """Sessions over a store, and an event loop that the store works on."""

    def __init__(self, store: Store, runner: asyncio.Runner, clock: FakeClock, **limits: int) -> None:
        self.store = store
        self.clock = clock
        self._runner = runner
        self.sessions = Sessions(clock, Limits(**limits), TTL, store)

    def do(self, action: Any) -> Any:
        """Do something on the loop, and wait until all that it wrote is kept."""

        async def run() -> Any:
            result = action()
            await self.settle()
            return result

        return self._runner.run(run())

    async def settle(self) -> None:
        """Wait until all that was written is kept."""
        for session_id in [*self.ids(), "tuning"]:
            if (settled := self.store.settled(session_id)) is not None:
                await settled

    def ids(self) -> list[str]:
        return [lease.session.id for lease in self.sessions._leases.values()]

    def open(self, session_id: str = "tuning", **given: Any) -> Session:
        """Open a session, or find an open one."""

        def opened() -> Session:
            with self.sessions.opening(session_id, **given) as session:
                return session

        found: Session = self.do(opened)
        return found

    def pictures(self) -> dict[str, tuple[Any, ...]]:
        """All that clients can come to see, by session, and of the sessions that have ended."""
        found: dict[str, tuple[Any, ...]] = {}
        for session_id in self.ids():
            session = self.sessions.find(session_id)
            shown: Picture = picture(session)
            # A history does not show what was before its oldest version.
            entries = {
                one: [(head, variable, edit) for head, variable, _, edit in changes]
                for one, changes in shown.histories.items()
            }
            shown = shown._replace(watches=set(), histories=entries)
            followers = {v.name: dict(session._dependencies.followers(v.id)) for v in session.matching()}
            found[session_id] = shown, dict(session._answers), [*session.tools], followers, session.sequence
        found["(ended)"] = ([*self.sessions._last_sequences.items()],)
        return found


@contextmanager
def a_bridge(path: Path | None, clock: FakeClock | None = None, **limits: int) -> Iterator[Bridge]:
    """A bridge over a data directory, or over memory; closed at the end, as by SIGTERM."""
    with asyncio.Runner() as runner:
        store: Store = MemoryStore() if path is None else SqliteStore(path)
        try:
            yield Bridge(store, runner, clock or FakeClock(), **limits)
        finally:
            runner.run(store.close())
