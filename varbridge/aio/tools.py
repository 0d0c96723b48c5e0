"""The tools of a session, for asyncio: execution, streaming and registration."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

import grpc

from varbridge.aio.caller import Caller, perform
from varbridge.errors import from_rpc
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.operations import Operation, Operations, T


class SessionTools:
    """The methods of a session for tools. Each raises ``BridgeError`` if the bridge refuses the call."""

    connection: Caller
    _operations: Operations

    async def _perform(self, operation: Operation[T], timeout: float | None) -> T:
        return await perform(operation, self.connection, timeout)

    async def execute(
        self,
        tool: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        metadata: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Any:
        """Run a tool and return its result, which may be bytes; so may the parameters of type ``any``.

        Raises:
            ToolFailedError: the tool itself failed.

        >>> await session.execute("add", {"a": 1.5, "b": 2.0})
        3.5
        """
        return await self._perform(self._operations.execute(tool, parameters, metadata), timeout)

    async def register_tools(
        self,
        tools: Sequence[pb.ToolRegistration],
        host: str,
        *,
        timeout: float | None = None,
    ) -> Mapping[str, str]:
        """Register tools in the session; return their ids by name.

        Args:
            tools: the names and parameters of the tools.
            host: the host:port of the bridge that runs these tools.
        """
        return await self._perform(self._operations.register_tools(tools, host), timeout)

    async def registered_tools(
        self,
        *,
        timeout: float | None = None,
    ) -> Sequence[pb.ToolSpec]:
        """Return the tools that clients have registered in the session, in order of registration."""
        return await self._perform(self._operations.registered_tools(), timeout)

    async def execute_registered(
        self,
        tool: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        metadata: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Any:
        """Run a tool, which must be one that a client has registered, and return its result.

        Raises:
            ToolFailedError: the tool itself failed.
        """
        return await self._perform(self._operations.execute_registered(tool, parameters, metadata), timeout)

    async def stream(
        self,
        tool: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        metadata: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> AsyncGenerator[pb.ToolChunk]:
        """Run a streaming tool; yield its chunks, including the empty final one. It has no default timeout.

        A chunk's ``data`` are JSON; ``tool_values.decode_chunk`` reads a chunk, also one of bytes.

        >>> [chunk.data async for chunk in session.stream("count", {"n": 2}) if not chunk.is_final]
        [b'1', b'2']
        """
        request = self._operations.tool_request(tool, parameters, metadata)
        chunks = self.connection.stream("ExecuteStreamingTool", request, timeout=timeout)
        try:
            async for chunk in chunks:
                yield chunk
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None
        finally:
            chunks.cancel()  # if the caller stops before the end
