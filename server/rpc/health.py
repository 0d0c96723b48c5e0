"""The health service of gRPC, which reports whether the bridge can serve its sessions."""

from __future__ import annotations

import asyncio

from grpc_health.v1 import health_pb2
from grpc_health.v1.health import aio as health

from .service import names_of_services

_STATUSES = health_pb2.HealthCheckResponse


class HealthServicer(health.HealthServicer):  # type: ignore[misc]  # grpc_health has no types
    """A health service with one status for the server as a whole and for each of its services."""

    def __init__(self) -> None:
        super().__init__()
        self._pending: set[asyncio.Task[None]] = set()

    async def set_all(self, status: int) -> None:
        """Set the status of the server and of each service."""
        for service in ("", *names_of_services()):
            await self.set(service, status)

    async def begin(self) -> None:
        """Report SERVING, for the first time."""
        await self.set_all(_STATUSES.SERVING)

    def report(self, able: bool) -> None:
        """Report SERVING if the bridge can serve its sessions, otherwise NOT_SERVING."""
        status = _STATUSES.SERVING if able else _STATUSES.NOT_SERVING
        task = asyncio.ensure_future(self.set_all(status))
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)
