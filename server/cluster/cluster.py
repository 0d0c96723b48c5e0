"""One bridge's part in a cluster of bridges: joining, serving, leaving."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from server.cluster.keys import Keys
from server.cluster.life import Life, this_process
from server.cluster.owners import Owners
from server.cluster.pipeline import UNKNOWN
from server.cluster.store import EtcdStore
from server.errors import CannotStart, Refusal
from server.etcd.address import Address
from server.etcd.client import Etcd
from server.etcd.errors import Refused, Unanswered
from server.sessions import Sessions

logger = logging.getLogger("server.cluster")

JOINING = 2.5
"""Seconds that etcd may take before a bridge that starts gives up."""


class Cluster:
    """This bridge's.

    Args:
        address: of etcd, and how the bridge takes part.
        failpoint: one of ``config.FAILPOINTS``, or "" for none.

    Attributes:
        store: keeps the sessions.
        owners: knows who has which; from ``begin`` on.
    """

    owners: Owners

    def __init__(self, address: Address, failpoint: str = "") -> None:
        self._address = address
        self._etcd = Etcd(address)
        self._keys = Keys(address.prefix)
        self.store = EtcdStore(self._etcd, self._keys, self._lost, failpoint)
        self._life: Life | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._tell: Callable[[bool], object] = lambda _: None

    async def join(self, advertised: str) -> None:
        """Be one of the bridges.

        Args:
            advertised: host:port at which the others reach this one.

        Raises:
            CannotStart: etcd does not answer, or does not let us.
        """
        sign = this_process(self._address.machine)
        sign.address = advertised
        life = Life(self._etcd, self._keys, sign, self._address.ttl, self._told, self._gone)
        try:
            await life.begin(JOINING)
        except (Unanswered, Refused) as error:
            raise CannotStart(f"etcd at {','.join(self._address.endpoints)}: {error}") from None
        self._life = life

    def begin(self, sessions: Sessions, tell: Callable[[bool], object]) -> None:
        """Take part.

        Args:
            sessions: of this bridge.
            tell: called with False when this bridge cannot answer for its sessions, and with True when it can
                again.
        """
        assert self._life is not None, "joined before"
        self._sessions = sessions
        self._tell = tell
        self.owners = Owners(self._etcd, self._keys, self._life, self.store, sessions)
        for work in (self._life.go_on(), self.owners.follow(), self.owners.tend()):
            self._tasks.append(asyncio.create_task(work))

    async def leave(self) -> None:
        """Take part no more; the others need not wait to take over."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        if self._tasks:
            await self.owners.close()
        await self.store.close()
        if self._life is not None:
            await self._life.end()
        await self._etcd.close()

    def _told(self, known: bool) -> None:
        """Learn whether it is known that this bridge lives."""
        if not self._tasks:
            return  # it has not begun
        if known:
            logger.info("etcd answers")
        else:
            logger.warning("etcd does not answer: nothing is read or changed until it does")
            for pipeline in self.store.pipelines.values():
                pipeline.give_up_waiting(UNKNOWN)
            self._sessions.end_watches(self.owners.unsure())
        self._tell(known)

    def _gone(self) -> None:
        self.owners.lose_all()

    def _lost(self, session_id: str, reason: Refusal) -> None:
        self.owners.lose(session_id, reason)
