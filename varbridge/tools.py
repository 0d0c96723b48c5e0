"""The tools of a session: execution, streaming and registration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import grpc

from varbridge import values
from varbridge.caller import Caller
from varbridge.errors import ToolFailedError, from_rpc
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.values import to_any


class SessionTools:
    """The methods of a session for tools. Each raises ``BridgeError`` if the bridge refuses the call."""

    connection: Caller
    id: str

    def execute(
        self,
        tool: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        metadata: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Any:
        """Run a tool and return its result.

        Raises:
            ToolFailedError: the tool itself failed.
        """
        request = self._tool_request(tool, parameters, metadata)
        return _result(self.connection.call("ExecuteTool", request, timeout=timeout))

    def stream(
        self,
        tool: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        metadata: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Iterator[pb.ToolChunk]:
        """Run a streaming tool; yield its chunks, including the empty final one."""
        request = self._tool_request(tool, parameters, metadata)
        chunks = self.connection.stream("ExecuteStreamingTool", request, timeout=timeout)
        try:
            yield from chunks
        except grpc.RpcError as error:
            raise from_rpc(error) from None
        finally:
            chunks.cancel()  # if the caller stops before the end

    def register_tools(self, tools: Sequence[pb.ToolRegistration], host: str) -> Mapping[str, str]:
        """Register tools in the session; return their ids by name.

        Args:
            tools: the names and parameters of the tools.
            host: the host:port of the bridge that runs these tools.
        """
        reply: pb.RegisterToolsResponse = self.connection.call(
            "RegisterTools", pb.RegisterToolsRequest(session_id=self.id, tools=tools, worker_id=host)
        )
        return dict(reply.tool_ids)

    def registered_tools(self) -> Sequence[pb.ToolSpec]:
        """Return the tools that clients have registered in the session, in order of registration."""
        reply: pb.GetExposedElixirToolsResponse = self.connection.call(
            "GetExposedElixirTools", pb.GetExposedElixirToolsRequest(session_id=self.id)
        )
        return reply.tools

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
        encoded = self._tool_request(tool, parameters, metadata)
        request = pb.ExecuteElixirToolRequest(
            session_id=self.id, tool_name=tool, parameters=encoded.parameters, metadata=metadata
        )
        return _result(self.connection.call("ExecuteElixirTool", request, timeout=timeout))

    def _tool_request(
        self, tool: str, parameters: Mapping[str, Any] | None, metadata: Mapping[str, str] | None
    ) -> pb.ExecuteToolRequest:
        raws = {
            name: values.encode(values.kind_of(value), value) for name, value in (parameters or {}).items()
        }
        return pb.ExecuteToolRequest(
            session_id=self.id,
            tool_name=tool,
            parameters={name: to_any(raw) for name, raw in raws.items()},
            binary_parameters={name: raw.array for name, raw in raws.items() if raw.array},
            metadata=metadata,
        )


def _result(reply: pb.ExecuteToolResponse | pb.ExecuteElixirToolResponse) -> Any:
    if not reply.success:
        raise ToolFailedError(reply.error_message)
    kind, _ = values.split_url(reply.result.type_url)
    return values.decode(kind, reply.result)
