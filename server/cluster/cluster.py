"""One bridge's part in a cluster of bridges: joining, serving, leaving."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from ..core.errors import RefusalError, StartupError
from ..core.sessions import Sessions
from ..etcd.address import Address
from ..etcd.client import Etcd
from ..etcd.errors import NoAnswerError, RefusedError
from ..storage.etcd.keys import Keys
from ..storage.etcd.pipeline import UNKNOWN
from ..storage.etcd.store import EtcdStore
from .membership import Membership, this_process
from .ownership import Ownership

logger = logging.getLogger("server.cluster")

JOIN_TIMEOUT_S = 2.5
"""Seconds that etcd may take before a bridge that starts gives up."""


class Cluster:
    """This bridge's.

    Args:
        address: of etcd, and how the bridge takes part.
        failpoint: one of ``config.FAILPOINTS``, or "" for none.

    Attributes:
        etcd: the client of all parts.
        keys: that the bridges of this cluster use.
        membership: of this bridge; from ``join`` on.
        store: keeps the sessions.
        ownership: knows who has which; from ``begin`` on.
    """

    ownership: Ownership

    def __init__(self, address: Address, failpoint: str = "") -> None:
        self._address = address
        self.etcd = Etcd(address)
        self.keys = Keys(address.prefix)
        self.store = EtcdStore(self.etcd, self.keys, self._lost, failpoint)
        self.membership: Membership | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._on_status: Callable[[bool], object] = lambda _: None

    async def join(self, advertised: str) -> None:
        """Be one of the bridges.

        Args:
            advertised: host:port at which the others reach this one.

        Raises:
            StartupError: etcd does not answer, or does not let us.
        """
        sign = this_process(self._address.machine)
        sign.address = advertised
        membership = Membership(
            self.etcd, self.keys, sign, self._address.ttl, self._status_changed, self._gone
        )
        try:
            await membership.begin(JOIN_TIMEOUT_S)
        except (NoAnswerError, RefusedError) as error:
            raise StartupError(f"etcd at {','.join(self._address.endpoints)}: {error}") from None
        self.membership = membership

    def begin(self, sessions: Sessions, on_status: Callable[[bool], object]) -> None:
        """Take part.

        Args:
            sessions: of this bridge.
            on_status: called with False when this bridge cannot answer for its sessions, and with True when
                it can again.
        """
        assert self.membership is not None, "joined before"
        self._sessions = sessions
        self._on_status = on_status
        self.ownership = Ownership(self.etcd, self.keys, self.membership, self.store, sessions)
        for work in (self.membership.go_on(), self.ownership.table.follow(), self.ownership.tend()):
            self._tasks.append(asyncio.create_task(work))

    async def leave(self) -> None:
        """Take part no more; the others need not wait to take over."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        if self._tasks:
            await self.ownership.close()
        await self.store.close()
        if self.membership is not None:
            await self.membership.end()
        await self.etcd.close()

    def _status_changed(self, known: bool) -> None:
        """Learn whether it is known that this bridge lives."""
        if not self._tasks:
            return  # it has not begun
        if known:
            logger.info("etcd answers")
        else:
            logger.warning("etcd does not answer: nothing is read or changed until it does")
            for pipeline in self.store.pipelines.values():
                pipeline.give_up_waiting(UNKNOWN)
            self._sessions.end_watches(self.ownership.unsure())
        self._on_status(known)

    def _gone(self) -> None:
        self.ownership.lose_all()

    def _lost(self, session_id: str, reason: RefusalError) -> None:
        self.ownership.lose(session_id, reason)
