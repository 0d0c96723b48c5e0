"""What the tests of the stores begin with: a bridge's sessions over a store, and pictures of all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from server.cluster.cluster import Cluster
from server.core.limits import Limits
from server.core.session import Session
from server.core.sessions import Sessions
from server.etcd.address import parse
from server.etcd.operations import prefix_end
from server.storage.etcd.keys import unquoted
from server.storage.memory import MemoryStore
from server.storage.sqlite.store import SqliteStore
from server.storage.store import Store
from tests.server.core.builders import FakeClock
from tests.server.core.snapshot import Picture, picture

TTL = 60.0


Place = Path | str | None
"""Where a bridge keeps its state: a data directory, a URL of etcd, or its memory."""


class Bridge:
    """Sessions over a store, and an event loop that the store works on."""

    def __init__(
        self,
        store: Store,
        runner: asyncio.Runner,
        clock: FakeClock,
        cluster: Cluster | None = None,
        **limits: int,
    ) -> None:
        self.store = store
        self.clock = clock
        self._runner = runner
        self.cluster = cluster
        self.sessions = Sessions(clock, Limits(**limits), TTL, store)
        self._used = {"tuning"}
        if cluster is not None:
            runner.run(self._take_part(cluster))

    async def _take_part(self, cluster: Cluster) -> None:
        """Have all sessions that there are, and know of all that have ended."""
        cluster.begin(self.sessions, lambda _: None)
        for prefix, opens in ((cluster.keys.owners, False), (cluster.keys.ended_all, True)):
            found = await cluster.etcd.range(prefix, prefix_end(prefix), keys_only=True, timeout=5.0)
            for one in found.kvs:
                session_id = unquoted(one.key[len(prefix) :])
                assert not await cluster.ownership.find(session_id, opens=opens)

    async def _own(self) -> None:
        """Have the sessions that are spoken of, as a call that may open them would."""
        if self.cluster is not None:
            for session_id in self._used:
                assert not await self.cluster.ownership.find(session_id, opens=True)

    def do(self, action: Any) -> Any:
        """Do something on the loop, and wait until all that it wrote is kept."""

        async def run() -> Any:
            await self._own()
            result = action()
            await self.settle()
            return result

        return self._runner.run(run())

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run something on the loop."""
        return self._runner.run(work)

    async def settle(self) -> None:
        """Wait until all that was written is kept."""
        for session_id in [*self.ids(), "tuning"]:
            if (flushed := self.store.flushed(session_id)) is not None:
                await flushed

    def ids(self) -> list[str]:
        return [lease.session.id for lease in self.sessions._leases.values()]

    def open(self, session_id: str = "tuning", **given: Any) -> Session:
        """Open a session, or find an open one."""

        self._used.add(session_id)

        def opened() -> Session:
            with self.sessions.opening(session_id, **given) as session:
                return session

        found: Session = self.do(opened)
        return found

    def pictures(self) -> dict[str, tuple[Any, ...]]:
        """All that clients can come to see, by session, and of the sessions that have ended."""
        found: dict[str, tuple[Any, ...]] = {}
        for session_id in sorted(self.ids()):
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
        found["(ended)"] = (self.sessions._last_sequences.copy(),)
        return found


@contextmanager
def a_bridge(place: Place, clock: FakeClock | None = None, **limits: int) -> Iterator[Bridge]:
    """A bridge with its state in a place; closed at the end, as by SIGTERM."""
    clock = clock or FakeClock()
    with asyncio.Runner() as runner:
        if isinstance(place, str):
            cluster = runner.run(_joined(place))
            try:
                yield Bridge(cluster.store, runner, clock, cluster, **limits)
            finally:
                runner.run(cluster.leave())
            return
        store: Store = MemoryStore() if place is None else SqliteStore(place)
        try:
            yield Bridge(store, runner, clock, **limits)
        finally:
            runner.run(store.close())


async def _joined(url: str) -> Cluster:
    cluster = Cluster(parse(url))
    await cluster.join("127.0.0.1:1")
    return cluster
