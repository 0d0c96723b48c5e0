"""Tool hosts: forwarding calls of registered tools to the bridges that run them."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import grpc
from grpc import aio

from varbridge.messages import snakepit_bridge_pb2 as pb

from ..config import Settings, is_loopback
from ..core.errors import FailedPreconditionError, PermissionDeniedError, UnavailableError, invalid
from ..core.names import random_hex
from ..core.registered_tools import RegisteredTool
from .channels import Options, channel_options, is_forwarded
from .service import Context
from .status import RemoteError

VIA = "bridge-via"
"""The metadata key of a forwarded call; the values are the ids of the bridges that have forwarded it, with
which loops are detected."""

IDLE_TIMEOUT_S = 60.0
"""The time without calls after which a connection to a tool host is closed, in seconds."""

logger = logging.getLogger("server.hosts")

Reply = TypeVar("Reply")

_HOST_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})):([0-9]{1,5})")
_CREDENTIALS = {"authorization", "cookie"}
"""The keys of metadata that are for this bridge only, and not for the hosts of tools."""


class Hosts:
    """The bridges that host tools, and the connections to them.

    Args:
        remote: True if hosts may have addresses beyond loopback.
        max_message_bytes: the maximum size of a host's reply, in bytes; a call with a larger one fails.
    """

    def __init__(self, *, remote: bool, max_message_bytes: int = Settings().max_message_bytes) -> None:
        self._remote = remote
        # Otherwise gRPC enlarges the window of a stream, and a tool produces many chunks that nobody reads.
        self._options = [*channel_options(max_message_bytes, 500), ("grpc.http2.bdp_probe", 0)]
        self._id = random_hex()
        self._connections: dict[str, _Connection] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def check(self, worker_id: str) -> str:
        """Return the address of a tool host, if clients may register it.

        Raises:
            InvalidArgumentError: the address is not host:port.
            PermissionDeniedError: the address is not a loopback address, and others are not permitted.
        """
        match = _HOST_PORT.fullmatch(worker_id)
        if match is None or not 0 < int(match[2]) < 65536:
            raise invalid("worker_id", "must be host:port of the bridge that runs the tools")
        if not (self._remote or is_loopback(match[1])):
            raise PermissionDeniedError(
                f"worker_id: {worker_id} is not a loopback address;"
                " start the bridge with --allow-remote-tools to permit it"
            )
        return worker_id

    async def execute(
        self, tool: RegisteredTool, request: pb.ExecuteToolRequest, context: Context
    ) -> pb.ExecuteToolResponse:
        """Forward a call of a registered tool to the bridge that hosts it, and return that bridge's reply."""
        async with self._forwarding(tool, context) as (stub, options):
            reply: pb.ExecuteToolResponse = await _in_session(
                stub, request, options, lambda: stub.ExecuteTool(request, **options)
            )
            return reply

    async def stream(self, tool: RegisteredTool, request: pb.ExecuteToolRequest, context: Context) -> None:
        """Run a streaming tool on its host, and forward each chunk as the reader takes it."""
        async with self._forwarding(tool, context) as (stub, options):
            call: Any = None

            async def first() -> Any:
                nonlocal call
                call = stub.ExecuteStreamingTool(request, **options)
                return await call.read()

            try:
                chunk = await _in_session(stub, request, options, first)
                while chunk is not aio.EOF:
                    await context.write(chunk)
                    chunk = await call.read()
            finally:
                if call is not None:
                    call.cancel()

    async def close(self) -> None:
        """Close all connections."""
        for connection in [*self._connections.values()]:
            await connection.channel.close()
        self._connections.clear()

    @asynccontextmanager
    async def _forwarding(
        self, tool: RegisteredTool, context: Context
    ) -> AsyncIterator[tuple[Any, dict[str, Any]]]:
        """Yield the stub of a tool's host and the options of a call; pass on the host's errors."""
        received = [(key, value) for key, value in context.invocation_metadata() or ()]
        if (VIA, self._id) in received:
            raise FailedPreconditionError(
                f"{tool.name}: its host {tool.host} forwards the call back to this bridge;"
                " register it with the address of the bridge that runs it"
            )
        metadata = [(key, value) for key, value in received if is_forwarded(key) and key not in _CREDENTIALS]
        options = {"metadata": [*metadata, (VIA, self._id)], "timeout": context.time_remaining()}
        connection = self._connections.get(tool.host)
        if connection is None:
            connection = self._connections[tool.host] = _Connection(tool.host, self._options)
        connection.users += 1
        try:
            yield connection.stub, options
        except aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.UNAVAILABLE:
                raise UnavailableError(
                    f"{tool.name}: its host {tool.host} cannot be reached: {error.details()}"
                ) from None
            logger.info("tool %s, at %s: %s", tool.name, tool.host, error.details())
            raise RemoteError.of(error) from None
        finally:
            connection.users -= 1
            asyncio.get_running_loop().call_later(IDLE_TIMEOUT_S, self._close_unused, connection)
            connection.used += 1

    def _close_unused(self, connection: _Connection) -> None:
        """Close a connection, unless it is in use or has been used since."""
        connection.used -= 1
        if connection.users or connection.used or self._connections.get(connection.host) is not connection:
            return
        del self._connections[connection.host]
        closing = asyncio.create_task(connection.channel.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)


class _Connection:
    """A connection to one tool host.

    Attributes:
        host: the address of the host.
        channel: the channel to the host.
        stub: the stub of the service.
        users: the number of running calls.
        used: the number of calls that have ended within the last ``IDLE_TIMEOUT_S`` seconds.
    """

    def __init__(self, host: str, options: Options) -> None:
        # Not at the top: a server does not need this until it forwards a call.
        from varbridge.messages.snakepit_bridge_pb2_grpc import BridgeServiceStub

        self.host = host
        self.channel = aio.insecure_channel(host, options=options)
        self.stub: Any = BridgeServiceStub(self.channel)
        self.users = 0
        self.used = 0


async def _in_session(
    stub: Any, request: pb.ExecuteToolRequest, options: dict[str, Any], call: Callable[[], Awaitable[Reply]]
) -> Reply:
    """Make a call to a tool's host; if its session is not open there, open it and call again."""
    try:
        return await call()
    except aio.AioRpcError as error:
        details = error.details() or ""
        if error.code() is not grpc.StatusCode.NOT_FOUND or not details.startswith("Session not found"):
            raise
    await stub.InitializeSession(pb.InitializeSessionRequest(session_id=request.session_id), **options)
    return await call()
