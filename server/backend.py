"""The backend of a server: the store of its sessions, and the cluster that shares them if there is one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from .config import Settings
from .core.sessions import Sessions
from .rpc.dispatch import Forwarder
from .storage.memory import MEMORY
from .storage.store import Store


class Backend(Protocol):
    """The store of this process, with the other bridges that have a part of its sessions."""

    @property
    def store(self) -> Store:
        """Keeps the sessions that this bridge has."""
        ...

    async def open(self, port: int) -> None:
        """Become one of the bridges, before anything is loaded.

        Args:
            port: that this bridge listens on.

        Raises:
            StartupError: it cannot.
        """
        ...

    def share(self, sessions: Sessions, on_status: Callable[[bool], object]) -> Forwarder | None:
        """Begin to share the sessions.

        Args:
            sessions: of this bridge.
            on_status: called with False when this bridge cannot answer for its sessions, and with True when
                it can again.

        Returns:
            What has calls answered by the other bridges; None where there are none.
        """
        ...

    async def close(self) -> None:
        """Keep what was written, and let go of everything."""
        ...


class LocalBackend:
    """A bridge that has all sessions itself."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def open(self, port: int) -> None:
        pass  # there is nobody to join

    def share(self, sessions: Sessions, on_status: Callable[[bool], object]) -> Forwarder | None:
        return None

    async def close(self) -> None:
        await self.store.close()


def backend_of(settings: Settings) -> Backend:
    """The backend that the flags name: the one place where it is chosen.

    Raises:
        StartupError: it cannot be used.
    """
    # Each is imported only where it is asked for: a server that does not need it does not pay for it.
    if settings.store:
        from .cluster.backend import ClusterBackend

        return ClusterBackend(settings)
    if settings.data_dir:
        from .storage.sqlite.store import SqliteStore

        return LocalBackend(SqliteStore(Path(settings.data_dir), settings.failpoint))
    return LocalBackend(MEMORY)
