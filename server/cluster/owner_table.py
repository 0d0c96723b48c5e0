"""The table of the live bridges and of the sessions that they own, which a watch of etcd updates."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from ..core.errors import TAKEN_OVER, RefusalError
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
"""The timeout of a request to etcd, in seconds."""

PAGE_KEYS = 5_000
"""The maximum number of keys that one request reads."""


class OwnerTable:
    """A copy of the live bridges and the owners of sessions in etcd, which is updated with a small delay.

    Args:
        etcd: the client of etcd.
        keys: the keys of the cluster.
        store: the store of the sessions that this bridge owns.
        lose: the callback for a session in ``store`` that another bridge has taken over; it gets the
            session's id and the reason.
        on_gone: the callback that is called when the liveness record of a bridge has been deleted.

    Attributes:
        bridges: the live bridges by id.
        owners: the ids of the owners by session id.
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
        self._changed = asyncio.Event()

    def owner(self, session_id: str) -> Bridge | None:
        """Return the bridge that owns a session; None if the table has no owner or no such live bridge."""
        return self.bridges.get(self.owners.get(session_id, ""))

    async def changed(self, timeout: float) -> None:
        """Wait for the next change of the table, for at most ``timeout`` seconds."""
        try:
            await asyncio.wait_for(self._changed.wait(), timeout)
        except TimeoutError:
            return

    async def run(self) -> None:
        """Read all bridges and owners from etcd, and apply their changes to the table until cancelled."""
        while True:
            try:
                revision = await self.read_all()
                async for events in self._etcd.watch(self._keys.live, after=revision):
                    for event in events:
                        self.apply(event)
                    self._changed.set()
                    self._changed = asyncio.Event()
            except CompactedError:
                logger.info("the watch of owners fell behind: reading all of them again")
            except (NoAnswerError, RefusedError) as error:
                logger.warning("cannot read the owners of sessions: %s", error)
                await asyncio.sleep(jitter(0.2))

    async def read_all(self) -> int:
        """Read all bridges and owners from etcd; return the revision at which they were read."""
        start, end = self._keys.live, prefix_end(self._keys.live)
        revision = 0
        pairs: list[rpc.KeyValue] = []
        while True:
            page = await self._etcd.range(
                start, end, limit=PAGE_KEYS, revision=revision, timeout=ANSWER_TIMEOUT_S
            )
            revision = revision or page.header.revision
            pairs += page.kvs
            if not page.more:
                break
            start = page.kvs[-1].key + b"\0"
        self.owners.clear()
        present = set()
        for pair in pairs:
            self.put(pair)
            present.add(pair.key)
        for bridge_id in [*self.bridges]:
            if self._keys.bridge(bridge_id) not in present:
                del self.bridges[bridge_id]
        for session_id, pipeline in [*self._store.pipelines.items()]:
            if self._keys.owner(session_id) not in present and pipeline.incarnation <= revision:
                self._lose(session_id, TAKEN_OVER)
        return revision

    def apply(self, event: rpc.Event) -> None:
        """Apply a change of a key in etcd to the table."""
        key = event.kv.key
        if event.type == rpc.Event.PUT:
            self.put(event.kv)
        elif key.startswith(self._keys.bridges):
            bridge_id = key[len(self._keys.bridges) :].decode()
            self.bridges.pop(bridge_id, None)
            self._on_gone()
        else:
            session_id = unquoted(key[len(self._keys.owners) :])
            self.owners.pop(session_id, None)

    def put(self, pair: rpc.KeyValue) -> None:
        """Update the table with a bridge's liveness record or a session's owner."""
        if pair.key.startswith(self._keys.bridges):
            bridge_id = pair.key[len(self._keys.bridges) :].decode()
            bridge = self.bridges.setdefault(bridge_id, Bridge(bridge_id))
            if pair.mod_revision > bridge.revision:
                bridge.update(stored.Bridge.FromString(pair.value), pair.mod_revision)
            return
        session_id = unquoted(pair.key[len(self._keys.owners) :])
        self.owners[session_id] = pair.value.decode()
        pipeline = self._store.pipelines.get(session_id)
        if pipeline is not None and pair.mod_revision > pipeline.incarnation:
            self._lose(session_id, TAKEN_OVER)
