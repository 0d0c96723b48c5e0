"""The health service of gRPC, which reports whether the bridge can serve its sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from grpc_health.v1 import health_pb2
from grpc_health.v1.health import aio as health

from ..core.errors import ResourceExhaustedError
from .call_counter import CallCounter
from .service import Context, names_of_services
from .status import refuse

_STATUSES = health_pb2.HealthCheckResponse


class HealthServicer(health.HealthServicer):  # type: ignore[misc]  # grpc_health has no types
    """A health service with one status for the server as a whole and for each of its services.

    Args:
        calls: the counter of the running calls of each client.
    """

    def __init__(self, calls: CallCounter) -> None:
        super().__init__()
        self._calls = calls
        self._pending: set[asyncio.Task[None]] = set()

    async def Check(self, request: Any, context: Context) -> Any:
        """Return the status of a service."""
        return await self._counted(super().Check, request, context)

    async def Watch(self, request: Any, context: Context) -> None:
        """Stream the status of a service whenever it changes."""
        await self._counted(super().Watch, request, context)

    async def _counted(
        self, answer: Callable[[Any, Context], Awaitable[Any]], request: Any, context: Context
    ) -> Any:
        try:
            with self._calls.counted(context):
                return await answer(request, context)
        except ResourceExhaustedError as refusal:
            refuse(context, refusal)

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
