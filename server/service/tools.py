"""The calls that run tools."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from google.protobuf.any_pb2 import Any as AnyMessage

from proto import snakepit_bridge_pb2 as pb
from server import jsontext
from server.edits import Edit
from server.errors import ToolError, invalid
from server.service import wire
from server.service.calls import Context
from server.session import Session
from server.sessions import Sessions
from server.tools.declare import Parameter, Tool
from server.tools.parameters import bind, result_of
from server.tools.registry import Registry
from server.values import PREFIX, read_value

MAX_CHUNKS = 100_000
"""Of a streaming tool that is run for one answer."""

logger = logging.getLogger("server.tools")


class ToolCalls:
    """Running tools, for one result or as a stream of chunks."""

    def __init__(self, sessions: Sessions, tools: Registry) -> None:
        self._sessions = sessions
        self._tools = tools

    async def ExecuteTool(self, request: pb.ExecuteToolRequest, prefix: str) -> pb.ExecuteToolResponse:
        """Run a tool; of a streaming one, answer the list of its chunks."""
        with self._sessions.kept(request.session_id) as session:
            tool, arguments = self._bind(request)
            started = time.perf_counter()
            try:
                running = _start(tool, session, request, arguments)
                answer = await _collect(running) if tool.streams else await running
                result = result_of(answer)
            except Exception as error:
                logger.info("tool %s failed: %s", tool.name, error)
                return pb.ExecuteToolResponse(
                    success=False, error_message=_reason(error), execution_time_ms=_milliseconds(started)
                )
            return pb.ExecuteToolResponse(
                success=True, result=wire.any_of(result, prefix), execution_time_ms=_milliseconds(started)
            )

    async def ExecuteStreamingTool(
        self, request: pb.ExecuteToolRequest, prefix: str, context: Context
    ) -> None:
        """Run a streaming tool; write each chunk as the reader takes it, then the empty final one."""
        with self._sessions.kept(request.session_id) as session:
            tool, arguments = self._bind(request)
            if not tool.streams:
                raise invalid("tool_name", f"{tool.name} does not stream")
            number = 0
            chunks: AsyncGenerator[Any, None] = _start(tool, session, request, arguments)
            async with aclosing(chunks):
                try:
                    async for chunk in chunks:
                        number += 1
                        data = jsontext.dump(chunk)
                        await context.write(pb.ToolChunk(chunk_id=f"{tool.name}-{number}", data=data))
                except Exception as error:
                    raise ToolError(_reason(error)) from None
            await context.write(pb.ToolChunk(chunk_id=f"{tool.name}-{number + 1}", is_final=True))

    def _bind(self, request: pb.ExecuteToolRequest) -> tuple[Tool, dict[str, Any]]:
        tool = self._tools.find(request.tool_name)
        return tool, bind(tool, request.parameters, request.binary_parameters)


class _Call:
    """The session as a tool sees it; see ``tools.declare.ToolCall``."""

    def __init__(self, session: Session, tool: str, metadata: dict[str, str]) -> None:
        self._session = session
        self._edit = Edit(metadata, made_by=f"tool:{tool}")

    def get(self, name: str) -> Any:
        return self._session.get(name).value.native()

    def set(self, name: str, value: Any) -> None:
        data = result_of(value).data
        self._session.set(
            name,
            lambda kind, constraints: read_value(
                AnyMessage(type_url=PREFIX + kind.name, value=data), b"", kind, constraints, name
            ),
            self._edit,
        )


def spec_message(tool: Tool, prefix: str) -> pb.ToolSpec:
    """What a client is told of a tool."""
    return pb.ToolSpec(
        name=tool.name,
        description=tool.description,
        parameters=[_parameter_message(parameter, prefix) for parameter in tool.parameters],
        supports_streaming=tool.streams,
    )


def _parameter_message(parameter: Parameter, prefix: str) -> pb.ParameterSpec:
    message = pb.ParameterSpec(name=parameter.name, type=parameter.type, required=parameter.required)
    if not parameter.required:
        message.default_value.CopyFrom(wire.any_of(result_of(parameter.default), prefix))
    return message


def _start(tool: Tool, session: Session, request: pb.ExecuteToolRequest, arguments: dict[str, Any]) -> Any:
    if not tool.takes_call:
        return tool.function(**arguments)
    speaks_for = {k: v for k, v in request.metadata.items() if k == "optimizer_id"}
    return tool.function(_Call(session, tool.name, speaks_for), **arguments)


async def _collect(chunks: AsyncGenerator[Any, None]) -> list[Any]:
    """The chunks of a streaming tool as a list; others are served while it grows."""
    collected: list[Any] = []
    async with aclosing(chunks):
        async for chunk in chunks:
            collected.append(chunk)
            if len(collected) > MAX_CHUNKS:
                raise RuntimeError(f"more than {MAX_CHUNKS} chunks for one answer: run the tool as a stream")
            if len(collected) % 100 == 0:
                await asyncio.sleep(0)  # a tool that never waits would stall every other call
    return collected


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _milliseconds(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
