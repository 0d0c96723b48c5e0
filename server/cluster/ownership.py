"""The ownership of sessions: finding owners, and taking sessions over."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from weakref import WeakValueDictionary

from ..core.errors import TAKEN_OVER, RefusalError, UnavailableError
from ..core.sessions import MAX_TOMBSTONES, Sessions
from ..etcd import rpc_pb2 as rpc
from ..etcd.client import Etcd
from ..etcd.errors import NoAnswerError, RefusedError
from ..etcd.operations import delete, get, mod_is, version_is
from ..storage.etcd.keys import Keys
from ..storage.etcd.store import EtcdStore
from ..storage.etcd.tombstones import forget_oldest
from .membership import Bridge, Membership, jitter, now
from .owner_table import ANSWER_TIMEOUT_S, OwnerTable

logger = logging.getLogger("server.cluster")

MAX_TAKEOVERS = 8
"""The maximum number of concurrent takeovers of sessions for which no call waits."""

TOMBSTONE_INTERVAL_S = 60.0
"""The interval between two checks of the number of tombstones, in seconds."""


class Ownership:
    """The ownership of sessions: it finds their owners, and takes over sessions without a live owner.

    The table of owners is only a hint, because it is a little behind etcd. A call is forwarded according to
    it, since the receiver knows whether it is the owner. But before a session is taken over, or reported as
    not found, etcd is asked.

    Args:
        etcd: the client of etcd.
        keys: the keys of the cluster.
        membership: the membership of this bridge.
        store: the store of the sessions that this bridge owns.
        sessions: the sessions that this bridge owns.

    Attributes:
        table: the table of the live bridges and of the owners.
    """

    def __init__(
        self, etcd: Etcd, keys: Keys, membership: Membership, store: EtcdStore, sessions: Sessions
    ) -> None:
        self._etcd = etcd
        self._keys = keys
        self._membership = membership
        self._store = store
        self._sessions = sessions
        self.table = OwnerTable(etcd, keys, store, self.lose, self._take_over_orphans)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._next_check = 0.0
        self._takeover_slots = asyncio.Semaphore(MAX_TAKEOVERS)
        self._takeovers: dict[str, asyncio.Task[None]] = {}
        self._running: Counter[str] = Counter()  # the running calls of each session

    def has(self, session_id: str) -> bool:
        """Return True if this bridge owns a session, and no other bridge can have taken it over."""
        return session_id in self._store.pipelines and self._membership.is_sure

    @contextmanager
    def running(self, session_id: str) -> Iterator[None]:
        """Enclose a call about a session: meanwhile this bridge does not give up the session's ownership."""
        self._running[session_id] += 1
        try:
            yield
        finally:
            self._running[session_id] -= 1
            if not self._running[session_id]:
                del self._running[session_id]

    @property
    def own_id(self) -> str:
        """The current id of this bridge."""
        return self._membership.id

    async def find(self, session_id: str, *, opens: bool, unresponsive: str = "") -> Bridge | None:
        """Find the bridge that answers a call.

        Args:
            session_id: the id of the call's session.
            opens: True if the call may open the session.
            unresponsive: the id of a bridge that was found before and did not answer; "" for none.

        Returns:
            The bridge; None if this bridge answers, which owns the session now or knows that it is not open.

        Raises:
            UnavailableError: etcd does not answer, or refuses a request.
        """
        if not self._membership.is_sure:
            raise self.unavailable()
        if session_id in self._store.pipelines:
            return None
        bridge = self.table.owner(session_id)
        if bridge is not None and bridge.id not in (self._membership.id, unresponsive):
            return bridge
        try:
            return await self._ask(session_id, opens)
        except NoAnswerError:
            raise UnavailableError("etcd does not answer: nothing was changed") from None
        except RefusedError as refused:
            raise UnavailableError(f"etcd refuses: nothing was changed: {refused}") from None

    def unavailable(self) -> UnavailableError:
        """Return the error for calls while this bridge is not sure to be a member."""
        if self._membership.refusal:
            return UnavailableError(f"etcd refuses: nothing was changed: {self._membership.refusal}")
        return UnavailableError("etcd does not answer: nothing was changed")

    def forget_owner(self, session_id: str) -> None:
        """Remove a session's owner from the table, after that bridge answered that it is not the owner."""
        self.table.owners.pop(session_id, None)

    async def changed(self, timeout: float) -> None:
        """Wait for a change of the live bridges or the owners, for at most ``timeout`` seconds."""
        await self.table.changed(timeout)

    def live_addresses(self) -> set[str]:
        """Return the addresses of the live bridges."""
        return {bridge.record.address for bridge in self.table.bridges.values()}

    async def run(self) -> None:
        """Declare failed bridges gone, take over their sessions, and give up ended ones, until cancelled."""
        while True:
            try:
                if self._membership.is_sure:
                    for bridge in [*self.table.bridges.values()]:
                        if bridge.id != self._membership.id and bridge.is_gone(self._membership):
                            await self._declare_gone(bridge)
                    self._take_over_orphans()
                    await self._give_up_unused()
                    if now() > self._next_check:
                        self._next_check = now() + jitter(TOMBSTONE_INTERVAL_S)
                        await forget_oldest(self._etcd, self._keys, MAX_TOMBSTONES)
            except (NoAnswerError, RefusedError) as error:
                logger.info("cannot take over sessions or delete tombstones: %s", error)
            await asyncio.sleep(jitter(self._membership.ttl / 10))

    def lose(self, session_id: str, reason: RefusalError) -> None:
        """Drop a session that this bridge does not own any more; its watches end with the reason."""
        self._store.forget(session_id, reason)
        self._sessions.release(session_id, reason)

    def lose_all(self) -> None:
        """Drop all sessions, because other bridges may have taken them over."""
        for session_id in [*self._store.pipelines]:
            self.lose(session_id, TAKEN_OVER)

    async def close(self) -> None:
        """Cancel all takeovers."""
        if takeovers := [*self._takeovers.values()]:
            for task in takeovers:
                task.cancel()
            await asyncio.wait(takeovers)

    # Taking over

    async def _ask(self, session_id: str, opens: bool) -> Bridge | None:
        """Ask etcd for the owner of a session, and take the session over if it has none; see ``find``."""
        owner_key = self._keys.owner(session_id)
        async with self._lock(session_id):
            while True:
                if session_id in self._store.pipelines:
                    return None
                owners = (await self._etcd.range(owner_key, timeout=ANSWER_TIMEOUT_S)).kvs
                if not owners:
                    self.table.owners.pop(session_id, None)
                    if not opens:
                        return None
                    await self._take(session_id, [version_is(owner_key, 0)])
                    continue
                owner = self.table.owners[session_id] = owners[0].value.decode()
                unchanged = mod_is(owner_key, owners[0].mod_revision)
                if owner == self._membership.id:
                    # This bridge took the session over but lost the answer, or it dropped the session since.
                    await self._take(session_id, [unchanged])
                    continue
                bridge = await self._read_bridge(owner)
                if bridge is None:
                    await self._take(session_id, [unchanged, version_is(self._keys.bridge(owner), 0)])
                elif bridge.is_gone(self._membership):
                    await self._declare_gone(bridge)
                else:
                    return bridge

    async def _read_bridge(self, bridge_id: str) -> Bridge | None:
        """Read a bridge's liveness record from etcd; return None if the bridge has been declared gone."""
        records = (await self._etcd.range(self._keys.bridge(bridge_id), timeout=ANSWER_TIMEOUT_S)).kvs
        if not records:
            return None
        self.table.put(records[0])
        return self.table.bridges[bridge_id]

    async def _take(self, session_id: str, free: list[rpc.Compare]) -> None:
        """Take a session over if the conditions in ``free`` still hold."""
        if not self._membership.is_sure:
            raise self.unavailable()
        own_id = self._membership.id
        content = await self._store.take(session_id, own_id, free)
        if content is None:
            return
        if not self._membership.is_sure or self._membership.id != own_id:
            self._store.forget(session_id, TAKEN_OVER)  # another bridge may have taken it over meanwhile
            raise self.unavailable()
        self.table.owners[session_id] = own_id
        self._sessions.load(content)

    async def _declare_gone(self, bridge: Bridge) -> None:
        """Delete a bridge's liveness record, unless the bridge has renewed it."""
        key = self._keys.bridge(bridge.id)
        reply = await self._etcd.txn(
            [mod_is(key, bridge.revision)], [delete(key)], [get(key)], timeout=ANSWER_TIMEOUT_S
        )
        if reply.succeeded:
            logger.warning("the bridge at %s is gone", bridge.record.address)
        elif not reply.responses[0].response_range.kvs:
            self.table.bridges.pop(bridge.id, None)
        else:
            self.table.put(reply.responses[0].response_range.kvs[0])

    def _take_over_orphans(self) -> None:
        """Begin to take over all sessions without a live owner; another bridge may be faster."""
        orphans = [
            session_id
            for session_id, owner in self.table.owners.items()
            if session_id not in self._takeovers
            and (
                owner not in self.table.bridges
                or (owner == self._membership.id and session_id not in self._store.pipelines)
            )
        ]
        random.shuffle(orphans)  # the other bridges take them over at the same time
        for session_id in orphans:
            task = self._takeovers[session_id] = asyncio.create_task(self._take_over(session_id))
            task.add_done_callback(partial(self._takeover_ended, session_id))

    def _takeover_ended(self, session_id: str, _: object) -> None:
        self._takeovers.pop(session_id, None)

    async def _take_over(self, session_id: str) -> None:
        async with self._takeover_slots:
            try:
                await self.find(session_id, opens=False)
            except RefusalError as refusal:
                logger.info("session %s is not taken over yet: %s", session_id, refusal)
            except Exception:
                logger.exception("session %s cannot be taken over", session_id)

    async def _give_up_unused(self) -> None:
        for session_id in [*self._store.ended]:
            async with self._lock(session_id):
                self._store.ended.discard(session_id)
                pipeline = self._store.pipelines.get(session_id)
                if pipeline is None or self._sessions.is_open(session_id):
                    continue
                if not pipeline.idle or session_id in self._running:
                    self._store.ended.add(session_id)
                    continue
                await self._store.give_up(session_id)

    def _lock(self, session_id: str) -> asyncio.Lock:
        """Return the lock that is held while a session is taken over or given up."""
        return self._locks.setdefault(session_id, asyncio.Lock())
