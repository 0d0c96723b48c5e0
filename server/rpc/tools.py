"""The servicer of calls that run tools."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

from grpc import aio

from varbridge.decorator import Tool
from varbridge.messages import snakepit_bridge_pb2 as pb

from ..config import Settings
from ..core.errors import (
    DeadlineExceededError,
    RefusalError,
    ResourceExhaustedError,
    ToolError,
    UnavailableError,
    invalid,
)
from ..core.parameters import bind
from ..core.registered_tools import RegisteredTool
from ..core.session import Session
from ..core.sessions import Sessions
from ..core.values import JSON, PREFIX, Value
from ..tools.context import UNSAVED, SessionCall
from ..tools.executor import LoopRun, ResultTooLargeError, Run, collected
from ..tools.processes import Processes
from ..tools.registry import Registry
from ..tools.results import reason_of, trace_of
from ..tools.signature import signature_of
from . import codec
from .service import Context
from .tool_hosts import Hosts

MAX_CHUNKS = 100_000
"""The maximum number of chunks of a streaming tool that runs for a single result; with more, it fails."""

MAX_BYTES = 100 * 2**20
"""The maximum total size of the chunks of a streaming tool that runs for a single result, in bytes; with
more, it fails."""

logger = logging.getLogger("server.tools")


class ToolServicer:
    """A servicer that runs tools, for a single result or as a stream of chunks.

    Args:
        sessions: the open sessions.
        tools: the tools of this server.
        processes: the processes in which blocking tools run.
        hosts: the hosts of tools that clients have registered.
        timeout: the maximum duration of a run of a tool, in seconds; the deadline of a call may be earlier.
    """

    def __init__(
        self,
        sessions: Sessions,
        tools: Registry,
        processes: Processes,
        hosts: Hosts,
        timeout: float = Settings().tool_timeout,
    ) -> None:
        self._sessions = sessions
        self._tools = tools
        self._processes = processes
        self._hosts = hosts
        self._timeout = timeout
        self.abandoned: set[asyncio.Task[Any]] = set()
        """The tasks of tools that still run although they were cancelled."""

    async def ExecuteTool(
        self, request: pb.ExecuteToolRequest, prefix: str, context: Context
    ) -> pb.ExecuteToolResponse:
        """Run a tool and return its result; for a streaming tool, the list of its chunks."""
        async with self._in_time(request.session_id) as session:
            if (registered := session.tools.get(request.tool_name)) is not None:
                return await self._execute_there(registered, request, prefix, context)
            tool, arguments = self._bind(request)
            started = time.perf_counter()
            call = SessionCall(session, tool.name, request.metadata)
            run = self._start(tool, call, arguments)
            try:
                if tool.streams:
                    result = Value(JSON, await collected(run.chunks(), MAX_CHUNKS, MAX_BYTES))
                else:
                    result = await run.answer()
            except ResultTooLargeError as error:
                raise ResourceExhaustedError(str(error)) from None
            except Exception as error:
                _log(tool, error)
                reply = pb.ExecuteToolResponse(success=False, error_message=reason_of(error))
            else:
                reply = pb.ExecuteToolResponse(success=True, result=codec.result_message(result, prefix))
            call.check_saved()
            reply.execution_time_ms = _milliseconds(started)
            return reply

    async def ExecuteElixirTool(
        self, request: pb.ExecuteElixirToolRequest, prefix: str, context: Context
    ) -> pb.ExecuteElixirToolResponse:
        """Run a tool that a client has registered."""
        async with self._in_time(request.session_id) as session:
            reply = await self._execute_there(
                session.tools.find(request.tool_name),
                pb.ExecuteToolRequest(
                    session_id=request.session_id,
                    tool_name=request.tool_name,
                    parameters=request.parameters,
                    metadata=request.metadata,
                ),
                prefix,
                context,
            )
            return pb.ExecuteElixirToolResponse(
                success=reply.success,
                result=reply.result if reply.HasField("result") else None,
                error_message=reply.error_message,
                metadata=reply.metadata,
                execution_time_ms=reply.execution_time_ms,
            )

    async def ExecuteStreamingTool(
        self, request: pb.ExecuteToolRequest, prefix: str, context: Context
    ) -> None:
        """Run a streaming tool; write each chunk as the reader takes it, then the empty final one."""
        async with self._in_time(request.session_id) as session:
            if (registered := session.tools.get(request.tool_name)) is not None:
                _require_stream(registered)
                await self._hosts.stream(registered, _filled(registered, request), context)
                return
            tool, arguments = self._bind(request)
            _require_stream(tool)
            number = 0
            call = SessionCall(session, tool.name, request.metadata)
            async with aclosing(self._start(tool, call, arguments).chunks()) as chunks:
                try:
                    async for chunk in chunks:
                        number += 1
                        await self._wait_until_saved(call)
                        await context.write(codec.chunk_message(f"{tool.name}-{number}", chunk))
                except (aio.BaseError, UnavailableError):
                    raise  # an error of the connection or of the disk, not of the tool
                except Exception as error:
                    call.check_saved()
                    _log(tool, error)
                    raise ToolError(reason_of(error)) from None
            await self._wait_until_saved(call)
            await context.write(pb.ToolChunk(chunk_id=f"{tool.name}-{number + 1}", is_final=True))

    @asynccontextmanager
    async def _in_time(self, session_id: str) -> AsyncIterator[Session]:
        """Keep a session open during the block, which is cancelled after the maximum duration of a tool."""
        with self._sessions.held_open(session_id) as session:
            try:
                async with asyncio.timeout(self._timeout) as limit:
                    yield session
            except TimeoutError:
                if not limit.expired():
                    raise
                raise DeadlineExceededError(f"a tool may run for {self._timeout:g} s at most") from None

    async def _execute_there(
        self, tool: RegisteredTool, request: pb.ExecuteToolRequest, prefix: str, context: Context
    ) -> pb.ExecuteToolResponse:
        reply = await self._hosts.execute(tool, _filled(tool, request), context)
        if reply.result.type_url.startswith(PREFIX):
            reply.result.type_url = prefix + reply.result.type_url.removeprefix(PREFIX)
        return reply

    def _bind(self, request: pb.ExecuteToolRequest) -> tuple[Tool, dict[str, Any]]:
        tool = self._tools.find(request.tool_name)
        return tool, bind(signature_of(tool), request.parameters, request.binary_parameters)

    async def _wait_until_saved(self, call: SessionCall) -> None:
        """Wait until what a tool has read and changed so far is durable, since its next chunk may show it."""
        if (flushed := self._sessions.flushed(call.session_id)) is not None:
            try:
                await flushed
            except RefusalError:
                raise UNSAVED.copy() from None
        call.check_saved()

    def _start(self, tool: Tool, call: SessionCall, arguments: dict[str, Any]) -> Run:
        if tool.blocks:
            return self._processes.start(tool, call, arguments)
        return LoopRun(tool, call, arguments, self.abandoned)


def _filled(tool: RegisteredTool, request: pb.ExecuteToolRequest) -> pb.ExecuteToolRequest:
    """Return the request for the tool's host: checked, and with the registered defaults filled in."""
    bind(tool, request.parameters, request.binary_parameters)
    for parameter in tool.parameters:
        if parameter.default is None or parameter.name in request.binary_parameters:
            continue
        if parameter.name not in request.parameters:
            request.parameters[parameter.name].CopyFrom(codec.any_of(parameter.default))
    return request


def _require_stream(tool: Tool | RegisteredTool) -> None:
    if not tool.streams:
        raise invalid("tool_name", f"{tool.name} does not stream")


def _log(tool: Tool, error: Exception) -> None:
    """Log the failure of a tool with its traceback, of which the client gets nothing."""
    logger.info("tool %s failed: %s", tool.name, error, extra={"trace": trace_of(error)})


def _milliseconds(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
