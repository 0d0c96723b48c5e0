"""The table of the bridges that live and of the sessions that they have, as etcd tells of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from ..core.errors import RefusalError, UnavailableError
from ..etcd import rpc_pb2 as rpc
from ..etcd.client import Etcd
from ..etcd.errors import CompactedError, NoAnswerError, RefusedError
from ..etcd.operations import prefix_end
from ..storage.etcd import storage_pb2 as stored
from ..storage.etcd.keys import Keys, unquoted
from ..storage.etcd.store import EtcdStore
from .membership import Bridge, jitter

logger = logging.getLogger("server.cluster")

ANSWER_TIMEOUT_S = 2.0
"""Seconds that etcd may take for one question."""

PAGE = 5_000
"""Owners that are read at a time."""

TAKEN_OVER = UnavailableError("another bridge has the session now: call again")


class OwnerTable:
    """The bridges and the owners that this bridge knows of, a little later than etcd does.

    Args:
        etcd: the cluster.
        keys: of the cluster.
        store: has the state of the sessions that this bridge owns.
        lose: called with the id of such a session and the reason when another bridge has taken it.
        on_gone: called when a bridge has been declared gone.

    Attributes:
        bridges: by id.
        owners: bridges' ids by session.
    """

    def __init__(
        self,
        etcd: Etcd,
        keys: Keys,
        store: EtcdStore,
        lose: Callable[[str, RefusalError], object],
        on_gone: Callable[[], object],
    ) -> None:
        self._etcd = etcd
        self._keys = keys
        self._store = store
        self._lose = lose
        self._on_gone = on_gone
        self.bridges: dict[str, Bridge] = {}
        self.owners: dict[str, str] = {}
        self._news = asyncio.Event()

    def owner(self, session_id: str) -> Bridge | None:
        """The bridge that has a session; None where that is not known."""
        return self.bridges.get(self.owners.get(session_id, ""))

    async def changed(self, timeout: float) -> None:
        """Return when there is news of owners or bridges, or when time is over."""
        try:
            await asyncio.wait_for(self._news.wait(), timeout)
        except TimeoutError:
            return

    async def follow(self) -> None:
        """Learn of all bridges and owners, for ever."""
        while True:
            try:
                revision = await self.read_all()
                async for events in self._etcd.watch(self._keys.live, after=revision):
                    for event in events:
                        self.learn(event)
                    self._news.set()
                    self._news = asyncio.Event()
            except CompactedError:
                logger.info("the watch of owners fell behind: reading them anew")
            except (NoAnswerError, RefusedError) as error:
                logger.warning("cannot read who has which session: %s", error)
                await asyncio.sleep(jitter(0.2))

    async def read_all(self) -> int:
        """Read who lives and who has what, and return the revision of that."""
        start, end = self._keys.live, prefix_end(self._keys.live)
        revision = 0
        found: list[rpc.KeyValue] = []
        while True:
            page = await self._etcd.range(start, end, limit=PAGE, revision=revision, timeout=ANSWER_TIMEOUT_S)
            revision = revision or page.header.revision
            found += page.kvs
            if not page.more:
                break
            start = page.kvs[-1].key + b"\0"
        self.owners.clear()
        present = set()
        for one in found:
            self.saw(one)
            present.add(one.key)
        for bridge_id in [one for one in self.bridges if self._keys.bridge(one) not in present]:
            del self.bridges[bridge_id]
        for session_id, mine in [*self._store.pipelines.items()]:
            if self._keys.owner(session_id) not in present and mine.incarnation <= revision:
                self._lose(session_id, TAKEN_OVER)
        return revision

    def learn(self, event: rpc.Event) -> None:
        """Take in what etcd's watch tells."""
        key = event.kv.key
        if event.type == rpc.Event.PUT:
            self.saw(event.kv)
        elif key.startswith(self._keys.bridges):
            gone = key[len(self._keys.bridges) :].decode()
            self.bridges.pop(gone, None)
            self._on_gone()
        else:
            session_id = unquoted(key[len(self._keys.owners) :])
            self.owners.pop(session_id, None)

    def saw(self, found: rpc.KeyValue) -> None:
        """Take in a bridge's sign of life, or the owner of a session."""
        if found.key.startswith(self._keys.bridges):
            bridge_id = found.key[len(self._keys.bridges) :].decode()
            bridge = self.bridges.setdefault(bridge_id, Bridge(bridge_id))
            if found.mod_revision > bridge.revision:
                bridge.saw(stored.Bridge.FromString(found.value), found.mod_revision)
            return
        session_id = unquoted(found.key[len(self._keys.owners) :])
        self.owners[session_id] = found.value.decode()
        mine = self._store.pipelines.get(session_id)
        if mine is not None and found.mod_revision > mine.incarnation:
            self._lose(session_id, TAKEN_OVER)
