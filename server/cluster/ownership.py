"""Which bridge has which session."""

from __future__ import annotations

import asyncio
import logging
import random
from functools import partial
from weakref import WeakValueDictionary

from ..core.errors import RefusalError, UnavailableError
from ..core.sessions import MAX_TOMBSTONES, Sessions
from ..etcd import rpc_pb2 as rpc
from ..etcd.client import Etcd
from ..etcd.errors import NoAnswerError, RefusedError
from ..etcd.operations import delete, get, mod_is, version_is
from ..storage.etcd.keys import Keys
from ..storage.etcd.store import EtcdStore
from ..storage.etcd.tombstones import forget_oldest
from .membership import Bridge, Membership, jitter, now
from .owner_table import ANSWER_TIMEOUT_S, TAKEN_OVER, OwnerTable

logger = logging.getLogger("server.cluster")

MAX_TAKEOVERS = 8
"""Sessions of a bridge that is gone that are taken over at a time, beside those that calls ask for."""

TOMBSTONE_INTERVAL_S = 60.0
"""Seconds between two looks at how many sessions have ended."""


class Ownership:
    """Finds the bridge that has a session, and takes sessions that no living bridge has.

    What etcd's watch tells is a hint: it comes a little later than what it tells of. So a call is passed on
    by it, since its receiver knows better, but nothing is taken and nothing is said not to be there without
    having asked etcd.

    Args:
        etcd: the cluster.
        keys: of the cluster.
        membership: of this bridge.
        store: has the state of the sessions that this bridge owns.
        sessions: them.

    Attributes:
        table: knows the other bridges, and who has which session.
    """

    def __init__(
        self, etcd: Etcd, keys: Keys, membership: Membership, store: EtcdStore, sessions: Sessions
    ) -> None:
        self._etcd = etcd
        self._keys = keys
        self._membership = membership
        self._store = store
        self._sessions = sessions
        self.table = OwnerTable(etcd, keys, store, self.lose, self._adopt)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._next_look = 0.0
        self._turns = asyncio.Semaphore(MAX_TAKEOVERS)
        self._adopting: dict[str, asyncio.Task[None]] = {}

    def has(self, session_id: str) -> bool:
        """Whether this bridge has a session, and nobody can have taken it."""
        return session_id in self._store.pipelines and self._membership.is_sure

    @property
    def own_id(self) -> str:
        """The id of this bridge, while it lives."""
        return self._membership.id

    async def find(self, session_id: str, *, opens: bool, silent: str = "") -> Bridge | None:
        """Find the bridge that is to answer a call.

        Args:
            session_id: of the call.
            opens: whether the call may open the session.
            silent: the id of a bridge that was found before and did not answer.

        Returns:
            None for this one, which has the session now, or knows that it is not open.

        Raises:
            UnavailableError: etcd does not answer.
        """
        if not self._membership.is_sure:
            raise self.unsure()
        if session_id in self._store.pipelines:
            return None
        bridge = self.table.owner(session_id)
        if bridge is not None and bridge.id not in (self._membership.id, silent):
            return bridge
        try:
            return await self._ask(session_id, opens)
        except NoAnswerError:
            raise UnavailableError("etcd does not answer: nothing was changed") from None
        except RefusedError as refused:
            raise UnavailableError(f"etcd refuses: nothing was changed: {refused}") from None

    def unsure(self) -> UnavailableError:
        """Why nothing can be said for certain."""
        if self._membership.refusal:
            return UnavailableError(f"etcd refuses: nothing was changed: {self._membership.refusal}")
        return UnavailableError("etcd does not answer: nothing was changed")

    def mistaken(self, session_id: str) -> None:
        """Forget who has a session."""
        self.table.owners.pop(session_id, None)

    async def changed(self, timeout: float) -> None:
        """Return when there is news of owners or bridges, or when time is over."""
        await self.table.changed(timeout)

    def lives_at(self) -> set[str]:
        """The addresses of the bridges that live."""
        return {bridge.sign.address for bridge in self.table.bridges.values()}

    async def tend(self) -> None:
        """Declare bridges gone that are silent, and give up sessions that are not open; for ever."""
        while True:
            try:
                if self._membership.is_sure:
                    for bridge in [*self.table.bridges.values()]:
                        if bridge.id != self._membership.id and bridge.is_gone(self._membership):
                            await self._declare_gone(bridge)
                    self._adopt()
                    await self._give_up_unused()
                    if now() > self._next_look:
                        self._next_look = now() + jitter(TOMBSTONE_INTERVAL_S)
                        await forget_oldest(self._etcd, self._keys, MAX_TOMBSTONES)
            except (NoAnswerError, RefusedError) as error:
                logger.info("cannot tend to what others have left: %s", error)
            await asyncio.sleep(jitter(self._membership.ttl / 10))

    def lose(self, session_id: str, reason: RefusalError) -> None:
        """Have a session no more."""
        self._store.forget(session_id, reason)
        self._sessions.release(session_id, reason)

    def lose_all(self) -> None:
        """Have nothing any more."""
        for session_id in [*self._store.pipelines]:
            self.lose(session_id, TAKEN_OVER)

    async def close(self) -> None:
        """Take nothing more."""
        if adopting := [*self._adopting.values()]:
            for task in adopting:
                task.cancel()
            await asyncio.wait(adopting)

    # Taking over

    async def _ask(self, session_id: str, opens: bool) -> Bridge | None:
        """Ask etcd who has a session, and take it where nobody has; see ``find``."""
        owner_key = self._keys.owner(session_id)
        async with self._lock(session_id):
            while True:
                if session_id in self._store.pipelines:
                    return None
                found = (await self._etcd.range(owner_key, timeout=ANSWER_TIMEOUT_S)).kvs
                if not found:
                    self.table.owners.pop(session_id, None)
                    if not opens:
                        return None
                    await self._take(session_id, [version_is(owner_key, 0)])
                    continue
                owner = self.table.owners[session_id] = found[0].value.decode()
                unmoved = mod_is(owner_key, found[0].mod_revision)
                if owner == self._membership.id:
                    # Taken, and the answer was lost; or lost here, and not elsewhere.
                    await self._take(session_id, [unmoved])
                    continue
                bridge = await self._look_at(owner)
                if bridge is None:
                    await self._take(session_id, [unmoved, version_is(self._keys.bridge(owner), 0)])
                elif bridge.is_gone(self._membership):
                    await self._declare_gone(bridge)
                else:
                    return bridge

    async def _look_at(self, bridge_id: str) -> Bridge | None:
        """A bridge that has not been declared gone."""
        found = (await self._etcd.range(self._keys.bridge(bridge_id), timeout=ANSWER_TIMEOUT_S)).kvs
        if not found:
            return None
        self.table.saw(found[0])
        return self.table.bridges[bridge_id]

    async def _take(self, session_id: str, free: list[rpc.Compare]) -> None:
        """Own a session, unless it is not free any more."""
        if not self._membership.is_sure:
            raise self.unsure()
        kept_of_it = await self._store.take(session_id, self._membership.id, free)
        if kept_of_it is not None:
            self.table.owners[session_id] = self._membership.id
            self._sessions.load(kept_of_it)

    async def _declare_gone(self, bridge: Bridge) -> None:
        """Say that a bridge is gone, unless it has given another sign of life."""
        key = self._keys.bridge(bridge.id)
        reply = await self._etcd.txn(
            [mod_is(key, bridge.revision)], [delete(key)], [get(key)], timeout=ANSWER_TIMEOUT_S
        )
        if reply.succeeded:
            logger.warning("the bridge at %s is gone", bridge.sign.address)
        elif not reply.responses[0].response_range.kvs:
            self.table.bridges.pop(bridge.id, None)
        else:
            self.table.saw(reply.responses[0].response_range.kvs[0])

    def _adopt(self) -> None:
        """Take over what no living bridge has, one after another, unless another bridge is faster."""
        found = [
            session_id
            for session_id, owner in self.table.owners.items()
            if session_id not in self._adopting
            and (
                owner not in self.table.bridges
                or (owner == self._membership.id and session_id not in self._store.pipelines)
            )
        ]
        random.shuffle(found)  # all bridges that are left do the same at once
        for session_id in found:
            task = self._adopting[session_id] = asyncio.create_task(self._adopt_one(session_id))
            task.add_done_callback(partial(self._adopted, session_id))

    def _adopted(self, session_id: str, _: object) -> None:
        self._adopting.pop(session_id, None)

    async def _adopt_one(self, session_id: str) -> None:
        async with self._turns:
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
                if not pipeline.idle:
                    self._store.ended.add(session_id)
                    continue
                await self._store.give_up(session_id)

    def _lock(self, session_id: str) -> asyncio.Lock:
        """Held by whoever takes a session or gives it up."""
        return self._locks.setdefault(session_id, asyncio.Lock())
