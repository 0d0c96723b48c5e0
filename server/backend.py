"""The backend of a server: the store of its sessions, and the cluster if there is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from .config import Settings
from .core.sessions import Sessions
from .rpc.dispatch import Forwarder
from .storage.memory import MEMORY
from .storage.store import Store


class Backend(Protocol):
    """A backend: the store of this bridge, and its membership in a cluster if there is one."""

    @property
    def store(self) -> Store:
        """The store of the sessions that this bridge owns."""
        ...

    async def open(self, port: int) -> None:
        """Join the cluster, if there is one; this is called once, before the store loads anything.

        Args:
            port: the port on which this bridge listens.

        Raises:
            StartupError: the bridge cannot join the cluster.
        """
        ...

    def share(self, sessions: Sessions, on_status: Callable[[bool], object]) -> Forwarder | None:
        """Begin to share sessions with the other bridges of the cluster; without a cluster, do nothing.

        Args:
            sessions: the sessions that this bridge owns.
            on_status: the callback that gets False when this bridge cannot serve its sessions any more, and
                True when it can again.

        Returns:
            The forwarder of calls to the other bridges; None without a cluster.
        """
        ...

    def reload(self) -> None:
        """Read the certificates for the other bridges of the cluster again; without a cluster, do nothing.

        Raises:
            StartupError: a file cannot be read or is invalid; the old certificates stay in use.
        """
        ...

    async def close(self) -> None:
        """Persist the records that are not durable yet, leave the cluster, and release all resources."""
        ...


class LocalBackend:
    """The backend of a single bridge, which owns all sessions."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def open(self, port: int) -> None:
        pass  # there is no cluster to join

    def share(self, sessions: Sessions, on_status: Callable[[bool], object]) -> Forwarder | None:
        return None

    def reload(self) -> None:
        pass  # there is no other bridge

    async def close(self) -> None:
        await self.store.close()


def backend_of(settings: Settings) -> Backend:
    """Return the backend that ``--store`` or ``--data-dir`` selects; without these flags, one in memory.

    Raises:
        StartupError: the data directory cannot be used, or the address of etcd is invalid.
    """
    # Not at the top: a server imports only the backend that it uses.
    if settings.store:
        from .cluster.backend import ClusterBackend

        return ClusterBackend(settings)
    if settings.data_dir:
        from .storage.sqlite.store import SqliteStore

        return LocalBackend(SqliteStore(settings.data_dir, settings.failpoint))
    return LocalBackend(MEMORY)
