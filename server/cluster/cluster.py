"""The participation of this bridge in a cluster: joining, serving and leaving."""

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
"""The time after which a bridge that starts gives up if etcd does not answer, in seconds."""


class Cluster:
    """The participation of this bridge in a cluster.

    Args:
        address: the address of etcd, with the options of the cluster.
        failpoint: one of ``config.FAILPOINTS``, or "" for none.

    Attributes:
        etcd: the client of etcd.
        keys: the keys of this cluster.
        membership: the membership of this bridge; None before ``join``.
        store: the store of the sessions that this bridge owns.
        ownership: the ownership of sessions; missing before ``begin``.
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
        """Join the cluster.

        Args:
            advertised: the address at which the other bridges reach this one, host:port.

        Raises:
            StartupError: etcd does not answer, or refuses the liveness record.
        """
        record = this_process(self._address.machine)
        record.address = advertised
        membership = Membership(
            self.etcd, self.keys, record, self._address.ttl, self._status_changed, self._declared_gone
        )
        try:
            await membership.begin(JOIN_TIMEOUT_S)
        except (NoAnswerError, RefusedError) as error:
            raise StartupError(f"etcd at {','.join(self._address.endpoints)}: {error}") from None
        self.membership = membership

    def begin(self, sessions: Sessions, on_status: Callable[[bool], object]) -> None:
        """Begin to own and serve sessions; ``join`` must have been called.

        Args:
            sessions: the sessions that this bridge owns.
            on_status: the callback that gets False when this bridge cannot serve its sessions any more, and
                True when it can again.
        """
        assert self.membership is not None, "call join before begin"
        self._sessions = sessions
        self._on_status = on_status
        self.ownership = Ownership(self.etcd, self.keys, self.membership, self.store, sessions)
        for loop in (self.membership.run(), self.ownership.table.run(), self.ownership.run()):
            self._tasks.append(asyncio.create_task(loop))

    async def leave(self) -> None:
        """Leave the cluster, so that the other bridges can take over this bridge's sessions at once."""
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

    def _status_changed(self, alive: bool) -> None:
        """Handle a new status of this bridge; ``alive`` is False if others may have declared it gone."""
        if not self._tasks:
            return  # ``begin`` has not been called
        if alive:
            logger.info("etcd answers: sessions are served")
        else:
            logger.warning("etcd does not answer: no session is read or changed until it does")
            for pipeline in self.store.pipelines.values():
                pipeline.give_up_waiting(UNKNOWN)
            self._sessions.end_watches(self.ownership.unavailable())
        self._on_status(alive)

    def _declared_gone(self) -> None:
        self.ownership.lose_all()

    def _lost(self, session_id: str, reason: RefusalError) -> None:
        self.ownership.lose(session_id, reason)
