"""Running blocking tools: each call in a separate process, which can be killed at any moment."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import pickle
import socket
import subprocess
import sys
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from varbridge.decorator import Tool

from ..core.errors import RefusalError, ResourceExhaustedError
from ..core.values import Value
from . import protocol
from .context import SessionCall
from .results import ToolFailedError

END_TIMEOUT_S = 1.0
"""The time that the server waits for the end of a tool's process or the fork server, in seconds."""

logger = logging.getLogger("server.tools")

Ended = asyncio.Future[int | None]
"""A future that is resolved when a tool's process has ended, with its exit code, or None if it is unknown."""


class Processes:
    """The processes of tools. A fork server, which is started when it is first needed, forks them.

    Args:
        modules: the names of the modules with tools, in addition to the server's own.
        limit: the maximum number of running processes; further calls are refused.
        memory: the memory that each process may use in addition to that of the imported modules, in bytes.
    """

    def __init__(self, modules: Sequence[str], limit: int, memory: int) -> None:
        self._modules = tuple(modules)
        self._limit = limit
        self._memory = memory
        self._running: set[Ended] = set()
        self._forks: _ForkServer | None = None

    def start(self, tool: Tool, call: SessionCall, arguments: dict[str, Any]) -> ProcessRun:
        """Start a process for one call.

        Raises:
            ResourceExhaustedError: the maximum number of processes is running.
        """
        if len(self._running) >= self._limit:
            raise ResourceExhaustedError(f"tools: at most {self._limit} blocking tools run at a time")
        if self._forks is None or self._forks.gone:
            self._forks = _ForkServer(self._modules, self._memory)
        run = ProcessRun(self._forks, tool, call, arguments)
        self._running.add(run.ended)
        run.ended.add_done_callback(self._running.discard)
        return run

    def close(self) -> None:
        """Kill all tools' processes and the fork server."""
        if self._forks is not None:
            self._forks.close()


class ProcessRun:
    """A run of a tool in a separate process; see ``executor.Run``."""

    def __init__(self, forks: _ForkServer, tool: Tool, call: SessionCall, arguments: dict[str, Any]) -> None:
        self._forks = forks
        self._tool = tool
        self._call = call
        self._arguments = arguments
        self._connection, theirs = socket.socketpair()
        with theirs:
            self._number, self.ended = forks.fork(theirs)

    async def answer(self) -> Value:
        """Run the tool, and return its result."""
        async with self._connected() as (reader, writer):
            _, payload = await self._next(reader, writer)
        await self._wait_for_end()
        return protocol.value_of(payload)

    async def chunks(self) -> AsyncGenerator[Value, None]:
        """Run the tool, and yield its chunks one after another."""
        async with self._connected() as (reader, writer):
            while True:
                writer.write(_frame(protocol.NEXT))
                kind, payload = await self._next(reader, writer)
                if kind == protocol.END:
                    break
                yield protocol.value_of(payload)
        await self._wait_for_end()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Send the call to the process, and yield the connection; kill the process when the block ends."""
        try:
            reader, writer = await asyncio.open_unix_connection(sock=self._connection)
            try:
                writer.write(_frame(protocol.CALL, pickle.dumps((self._tool.name, self._arguments), 5)))
                yield reader, writer
            finally:
                writer.transport.abort()
        except ToolFailedError:
            await self._wait_for_end()
            raise
        finally:
            self._call.close()
            self._connection.close()
            self._forks.kill(self._number)

    async def _next(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[bytes, bytes]:
        """Answer the tool's gets and sets until another frame arrives; return the letter and payload of that.

        Raises:
            ToolFailedError: the tool failed, or its process ended.
        """
        while True:
            try:
                kind, length = protocol.HEADER.unpack(await reader.readexactly(protocol.HEADER.size))
                if length > protocol.MAX_FRAME_BYTES:
                    raise ToolFailedError(
                        f"the result's {length} bytes exceed the maximum, {protocol.MAX_FRAME_BYTES}"
                    )
                payload = await reader.readexactly(length)
            except (asyncio.IncompleteReadError, OSError):
                raise ToolFailedError(await self._exit_reason()) from None
            if kind == protocol.FAILED:
                reason, trace = json.loads(payload)
                raise ToolFailedError(reason, trace)
            if kind not in (protocol.GET, protocol.SET):
                return kind, payload
            writer.write(self._serve(kind, payload))

    def _serve(self, kind: bytes, payload: bytes) -> bytes:
        try:
            if kind == protocol.GET:
                return _frame(protocol.VALUE, pickle.dumps(tuple(self._call.value(payload.decode()))))
            name, data = json.loads(payload)
            self._call.write(name, data.encode())
            return _frame(protocol.VALUE)
        except RefusalError as refusal:
            return _frame(protocol.REFUSED, refusal.message.encode())

    async def _exit_reason(self) -> str:
        await asyncio.wait([self.ended], timeout=END_TIMEOUT_S)
        code = self.ended.result() if self.ended.done() else None
        return "the tool's process ended" + ("" if code is None else f" (exit code {code})")

    async def _wait_for_end(self) -> None:
        """Kill the process and wait for its end, so that it does not count against the limit any more."""
        self._forks.kill(self._number)
        await asyncio.wait([self.ended], timeout=END_TIMEOUT_S)


class _ForkServer:
    """A running process of ``server.tools.forkserver``.

    Attributes:
        gone: True if the fork server has ended, which also ends all processes that it has forked.
    """

    def __init__(self, modules: Sequence[str], memory: int) -> None:
        self.gone = False
        self._numbers = itertools.count(1)
        self._running: dict[int, Ended] = {}
        self._reports = b""
        self._unsent_kills: deque[int] = deque()
        self._loop = asyncio.get_running_loop()
        # A packet is sent whole or not at all, so that no order is cut.
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            # It gets a new session, so that Ctrl-C only reaches the server, which then closes it.
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    f"{__package__}.forkserver",
                    str(theirs.fileno()),
                    str(memory),
                    *modules,
                ],
                stdin=subprocess.DEVNULL,
                stdout=2,  # tools print to stderr: stdout has the READY line only
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._control.setblocking(False)
        self._loop.add_reader(self._control, self._read)
        logger.info("the fork server for tools is process %d", self._process.pid)

    def fork(self, connection: socket.socket) -> tuple[int, Ended]:
        """Start a tool's process with a connection; return its number, and a future for its end."""
        number = next(self._numbers)
        ended: Ended = self._loop.create_future()
        self._running[number] = ended
        try:
            socket.send_fds(
                self._control, [protocol.ORDER.pack(protocol.FORK, number)], [connection.fileno()]
            )
        except OSError:
            self.close()
        return number, ended

    def kill(self, number: int) -> None:
        """Kill the tool's process with this number, if it still runs."""
        if number in self._running:
            self._unsent_kills.append(number)
            self._send_kills()

    def _send_kills(self) -> None:
        """Send the orders to kill; if the socket is full, send the others as soon as there is room."""
        try:
            while self._unsent_kills:
                self._control.send(protocol.ORDER.pack(protocol.KILL, self._unsent_kills[0]))
                self._unsent_kills.popleft()
        except BlockingIOError:
            self._loop.add_writer(self._control, self._send_kills)
            return
        except OSError:
            self._unsent_kills.clear()  # the fork server has ended, and all processes with it
        if not self.gone:
            self._loop.remove_writer(self._control)

    def close(self) -> None:
        """End the fork server with all of its processes."""
        if self.gone:
            return
        self.gone = True
        self._loop.remove_reader(self._control)
        self._loop.remove_writer(self._control)
        self._control.close()
        try:
            self._process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for ended in self._running.values():
            if not ended.done():
                ended.set_result(None)
        self._running.clear()

    def _read(self) -> None:
        try:
            data = self._control.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            logger.error("the fork server for tools has ended unexpectedly")
            self.close()
            return
        self._reports += data
        while len(self._reports) >= protocol.ENDED.size:
            number, code = protocol.ENDED.unpack_from(self._reports)
            self._reports = self._reports[protocol.ENDED.size :]
            if not (ended := self._running.pop(number)).done():
                ended.set_result(code)


def _frame(kind: bytes, payload: bytes = b"") -> bytes:
    return protocol.HEADER.pack(kind, len(payload)) + payload
