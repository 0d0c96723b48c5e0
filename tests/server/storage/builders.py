"""Builders for the tests of the stores: a bridge's sessions with a store, and snapshots of them."""

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
from tests.server.core.snapshot import Snapshot, snapshot

TTL = 60.0


Place = Path | str | None
"""The location of a bridge's state: a data directory, a URL of etcd, or None for its memory."""


class Bridge:
    """The sessions of a bridge with a store, and the event loop of the store."""

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
        self.sessions = runner.run(self._load(Limits(**limits)))
        self._used = {"tuning"}
        if cluster is not None:
            runner.run(self._take_part(cluster))

    async def _load(self, limits: Limits) -> Sessions:
        """Return the sessions in the store; this may write to the store, which needs the loop."""
        return Sessions(self.clock, limits, TTL, self.store)

    async def _take_part(self, cluster: Cluster) -> None:
        """Own all sessions of the cluster, and load the tombstones of those that have ended."""
        cluster.begin(self.sessions, lambda _: None)
        for prefix, opens in ((cluster.keys.owners, False), (cluster.keys.ended_all, True)):
            page = await cluster.etcd.range(prefix, prefix_end(prefix), keys_only=True, timeout=5.0)
            for pair in page.kvs:
                session_id = unquoted(pair.key[len(prefix) :])
                assert not await cluster.ownership.find(session_id, opens=opens)

    async def _own(self) -> None:
        """Own all sessions that the test has used, as a call that may open them would."""
        if self.cluster is not None:
            for session_id in self._used:
                assert not await self.cluster.ownership.find(session_id, opens=True)

    def do(self, action: Any) -> Any:
        """Run an action on the loop, and wait until all that it wrote is durable."""

        async def run() -> Any:
            await self._own()
            result = action()
            await self.settle()
            return result

        return self._runner.run(run())

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine on the loop."""
        return self._runner.run(work)

    async def settle(self) -> None:
        """Wait until all that was written is durable."""
        for session_id in [*self.ids(), "tuning"]:
            if (flushed := self.store.flushed(session_id)) is not None:
                await flushed

    def ids(self) -> list[str]:
        return [lease.session.id for lease in self.sessions._leases.values()]

    def open(self, session_id: str = "tuning", **options: Any) -> Session:
        """Open a session, or find an open one."""

        self._used.add(session_id)

        def opened() -> Session:
            with self.sessions.opening(session_id, **options) as session:
                return session

        session: Session = self.do(opened)
        return session

    def snapshots(self) -> dict[str, tuple[Any, ...]]:
        """Return everything that clients can see, by session id, and the tombstones of ended sessions."""
        snapshots: dict[str, tuple[Any, ...]] = {}
        for session_id in sorted(self.ids()):
            session = self.sessions.find(session_id)
            content: Snapshot = snapshot(session)
            # Clients do not see the previous value of the oldest version in a history.
            entries = {
                variable_id: [(head, variable, edit) for head, variable, _, edit in changes]
                for variable_id, changes in content.histories.items()
            }
            content = content._replace(watches=set(), histories=entries)
            followers = {v.name: dict(session._dependencies.followers(v.id)) for v in session.matching()}
            snapshots[session_id] = (
                content,
                dict(session._answers),
                [*session.tools],
                followers,
                session.sequence,
            )
        snapshots["(ended)"] = (self.sessions._last_sequences.copy(),)
        return snapshots


@contextmanager
def a_bridge(place: Place, clock: FakeClock | None = None, **limits: int) -> Iterator[Bridge]:
    """Yield a bridge with its state in a place; it is closed at the end, as by SIGTERM."""
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
