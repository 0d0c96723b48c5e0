"""The raw server, the baseline: a bare grpc.aio server with messages as large as the bridge's.

``python -m benchmarks.raw`` prints ``GRPC_READY:<port>``. Each set puts an update into the queue of every
watch, as in most servers of this kind; a watch sends the content of its queue.

With ``--echo``, it neither parses requests nor builds replies: it answers gets and sets with prepared bytes.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from grpc import aio

from varbridge.messages import snakepit_bridge_pb2 as pb


class Raw:
    """A servicer that answers gets and sets, and streams every set to every watch."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[bytes]] = set()
        self._variables: dict[str, pb.Variable] = {}
        self._sequence = 0

    def _variable(self, name: str) -> pb.Variable:
        if name not in self._variables:
            self._variables[name] = pb.Variable(
                id=f"var_{name}_0123456789abcdef",
                name=name,
                type="string",
                version=1,
                source=pb.Variable.PYTHON,
            )
        return self._variables[name]

    async def set_variable(self, request: pb.SetVariableRequest, _: object) -> pb.SetVariableResponse:
        """Store the value, and put its update into the queue of every watch."""
        version = self._set(request.variable_identifier, request.value)
        return pb.SetVariableResponse(success=True, new_version=version)

    async def set_variables(
        self, request: pb.BatchSetVariablesRequest, _: object
    ) -> pb.BatchSetVariablesResponse:
        """Store several values, and put their updates into the queue of every watch."""
        versions = {name: self._set(name, value) for name, value in request.updates.items()}
        return pb.BatchSetVariablesResponse(success=True, new_versions=versions)

    def _set(self, name: str, value: AnyMessage) -> int:
        variable = self._variable(name)
        self._sequence += 1
        update = pb.VariableUpdate(
            variable_id=variable.id,
            update_source="client",
            update_type="value_change",
            sequence=self._sequence,
            previous_value=variable.value,
        )
        update.timestamp.GetCurrentTime()
        variable.value.CopyFrom(value)
        variable.version += 1
        variable.last_updated_at.CopyFrom(update.timestamp)
        update.variable.CopyFrom(variable)
        data = update.SerializeToString()
        for queue in self._queues:
            queue.put_nowait(data)
        return variable.version

    async def get_variable(self, request: pb.GetVariableRequest, _: object) -> pb.GetVariableResponse:
        """Return the variable."""
        return pb.GetVariableResponse(variable=self._variable(request.variable_identifier))

    async def get_variables(
        self, request: pb.BatchGetVariablesRequest, _: object
    ) -> pb.BatchGetVariablesResponse:
        """Return several variables."""
        variables = {name: self._variable(name) for name in request.variable_identifiers}
        return pb.BatchGetVariablesResponse(variables=variables)

    async def watch(
        self, request: pb.WatchVariablesRequest, context: aio.ServicerContext[bytes, bytes]
    ) -> None:
        """Send the updates from the queue of this watch."""
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._queues.add(queue)
        try:
            await context.send_initial_metadata(())
            while True:
                await context.write(await queue.get())
        finally:
            self._queues.discard(queue)


def echo_handlers() -> dict[str, grpc.RpcMethodHandler[Any, Any]]:
    """Return handlers of gets and sets that answer every request with the same bytes."""

    def answering(reply: bytes) -> grpc.RpcMethodHandler[Any, Any]:
        async def answer(request: bytes, _: object) -> bytes:
            return reply

        return grpc.unary_unary_rpc_method_handler(answer)

    variable = Raw()._variable("x")
    return {
        "SetVariable": answering(pb.SetVariableResponse(success=True, new_version=2).SerializeToString()),
        "GetVariable": answering(pb.GetVariableResponse(variable=variable).SerializeToString()),
    }


def raw_handlers() -> dict[str, grpc.RpcMethodHandler[Any, Any]]:
    """Return handlers that store and send values."""
    raw = Raw()
    return {
        "SetVariable": grpc.unary_unary_rpc_method_handler(
            raw.set_variable, pb.SetVariableRequest.FromString, pb.SetVariableResponse.SerializeToString
        ),
        "GetVariable": grpc.unary_unary_rpc_method_handler(
            raw.get_variable, pb.GetVariableRequest.FromString, pb.GetVariableResponse.SerializeToString
        ),
        "SetVariables": grpc.unary_unary_rpc_method_handler(
            raw.set_variables,
            pb.BatchSetVariablesRequest.FromString,
            pb.BatchSetVariablesResponse.SerializeToString,
        ),
        "GetVariables": grpc.unary_unary_rpc_method_handler(
            raw.get_variables,
            pb.BatchGetVariablesRequest.FromString,
            pb.BatchGetVariablesResponse.SerializeToString,
        ),
        "WatchVariables": grpc.unary_stream_rpc_method_handler(
            raw.watch, pb.WatchVariablesRequest.FromString
        ),
    }


async def serve(handlers: dict[str, grpc.RpcMethodHandler[Any, Any]]) -> None:
    """Serve at a free port of loopback until the process ends."""
    server = aio.server(options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler("snakepit.bridge.BridgeService", handlers)]
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"GRPC_READY:{port}", flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(serve(echo_handlers() if sys.argv[1:] == ["--echo"] else raw_handlers()))
