"""The backend of a bridge that shares its sessions with others over etcd."""

from __future__ import annotations

from collections.abc import Callable

from ..config import Settings, address_of
from ..core.errors import StartupError
from ..core.sessions import Sessions
from ..etcd.address import parse
from ..rpc.credentials import PeerCertificates
from ..rpc.forwarding import Forwarder
from .cluster import Cluster


class ClusterBackend:
    """The backend of a bridge in a cluster; see ``server.backend.Backend``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._cluster = Cluster(parse(settings.store), settings.failpoint)
        self._certificates = PeerCertificates(settings)
        self._forwarder: Forwarder | None = None
        self.store = self._cluster.store

    async def open(self, port: int) -> None:
        await self._cluster.join(self._settings.advertise or _reachable(self._settings.host, port))

    def share(self, sessions: Sessions, on_status: Callable[[bool], object]) -> Forwarder:
        self._cluster.begin(sessions, on_status)
        self._forwarder = Forwarder(self._cluster.ownership, self._certificates.read())
        return self._forwarder

    def reload(self) -> None:
        assert self._forwarder is not None, "call share before reload"
        self._forwarder.use(self._certificates.read())

    async def close(self) -> None:
        if self._forwarder is not None:
            await self._forwarder.close()
        await self._cluster.leave()


def _reachable(host: str, port: int) -> str:
    """Return the address at which other bridges reach this one if ``--advertise`` is not set.

    Raises:
        StartupError: ``host`` stands for all addresses, such as 0.0.0.0, so that ``--advertise`` is needed.
    """
    if host.strip("[]") in ("0.0.0.0", "::"):
        raise StartupError(f"{host} is not an address that other bridges can call: name one with --advertise")
    return address_of(host, port)
