"""The tools of a session: execution, streaming and registration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import grpc

from varbridge.caller import Caller, perform
from varbridge.errors import from_rpc
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.operations import Operations


class SessionTools:
    """The methods of a session for tools. Each raises ``BridgeError`` if the bridge refuses the call."""

    connection: Caller
    _operations: Operations

    def stream(
        self,
        tool: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        metadata: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Iterator[pb.ToolChunk]:
        """Run a streaming tool; yield its chunks, including the empty final one. It has no default timeout.

        A chunk's ``data`` are JSON; ``tool_values.decode_chunk`` reads a chunk, also one of bytes.

        >>> [chunk.data for chunk in session.stream("count", {"n": 2}) if not chunk.is_final]
        [b'1', b'2']
        """
        request = self._operations.tool_request(tool, parameters, metadata)
        chunks = self.connection.stream("ExecuteStreamingTool", request, timeout=timeout)
        try:
            yield from chunks
        except grpc.RpcError as error:
            raise from_rpc(error) from None
        finally:
            chunks.cancel()  # if the caller stops before the end

    def execute(
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

        >>> session.execute("add", {"a": 1.5, "b": 2.0})
        3.5
        """
        return perform(self._operations.execute(tool, parameters, metadata), self.connection, timeout)

    def register_tools(
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
        return perform(self._operations.register_tools(tools, host), self.connection, timeout)

    def registered_tools(
        self,
        *,
        timeout: float | None = None,
    ) -> Sequence[pb.ToolSpec]:
        """Return the tools that clients have registered in the session, in order of registration."""
        return perform(self._operations.registered_tools(), self.connection, timeout)

    def execute_registered(
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
        return perform(
            self._operations.execute_registered(tool, parameters, metadata), self.connection, timeout
        )
