"""Tools that block, each call in a process of its own that can be ended at any moment."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import pickle
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from server.errors import Refusal, ResourceExhausted
from server.tools import frames
from server.tools.call import SessionCall
from server.tools.declare import Tool
from server.tools.results import ToolFailed
from server.values import Value

END_TIMEOUT = 1.0
"""Seconds that a process which closed its connection has before it is killed."""

logger = logging.getLogger("server.tools")

Ended = asyncio.Future[int | None]
"""Resolved when a process has ended, with its exit code where that is known."""


class Processes:
    """The processes of tools; they are forked by a server of their own, started when first needed.

    Args:
        modules: that hold the tools beside those that come with the server.
        most: how many may run at a time.
        memory: bytes that each may take beyond what its module takes.
    """

    def __init__(self, modules: Sequence[str], most: int, memory: int) -> None:
        self._modules = tuple(modules)
        self._most = most
        self._memory = memory
        self._running: set[Ended] = set()
        self._forks: _ForkServer | None = None

    def start(self, tool: Tool, call: SessionCall, arguments: dict[str, Any]) -> ProcessRun:
        """Start a process for one call.

        Raises:
            ResourceExhausted: as many run as may.
        """
        if len(self._running) >= self._most:
            raise ResourceExhausted(f"tools: at most {self._most} that block run at a time")
        if self._forks is None or self._forks.gone:
            self._forks = _ForkServer(self._modules, self._memory)
        run = ProcessRun(self._forks, tool, call, arguments)
        self._running.add(run.ended)
        run.ended.add_done_callback(self._running.discard)
        return run

    def close(self) -> None:
        """End them all."""
        if self._forks is not None:
            self._forks.close()


class ProcessRun:
    """One run of a tool in a process of its own; see ``running.Run``."""

    def __init__(self, forks: _ForkServer, tool: Tool, call: SessionCall, arguments: dict[str, Any]) -> None:
        self._forks = forks
        self._tool = tool
        self._call = call
        self._arguments = arguments
        self._connection, theirs = socket.socketpair()
        with theirs:
            self._number, self.ended = forks.fork(theirs)

    async def answer(self) -> Value:
        """Run the tool to its end."""
        async with self._conversation() as (reader, writer):
            _, payload = await self._next(reader, writer)
            kind, _, data = payload.partition(b"\n")
        await self._gone()
        return Value(kind.decode(), data)

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Let the tool make one chunk after the other."""
        async with self._conversation() as (reader, writer):
            while True:
                writer.write(_frame(frames.NEXT))
                kind, payload = await self._next(reader, writer)
                if kind == frames.END:
                    break
                yield payload
        await self._gone()

    @asynccontextmanager
    async def _conversation(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Speak with the process; it is killed when the block ends."""
        try:
            reader, writer = await asyncio.open_unix_connection(sock=self._connection)
            try:
                writer.write(_frame(frames.CALL, pickle.dumps((self._tool.name, self._arguments), 5)))
                yield reader, writer
            finally:
                writer.transport.abort()
        except ToolFailed:
            await self._gone()
            raise
        finally:
            self._call.close()
            self._connection.close()
            self._forks.kill(self._number)

    async def _next(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[bytes, bytes]:
        """What the tool says next, what it asks of its session answered.

        Raises:
            ToolFailed: it says so, or its process ended.
        """
        while True:
            try:
                kind, length = frames.HEADER.unpack(await reader.readexactly(frames.HEADER.size))
                if length > frames.MAX_FRAME:
                    raise ToolFailed(f"{length} bytes are more than one answer may have")
                payload = await reader.readexactly(length)
            except (asyncio.IncompleteReadError, OSError):
                raise ToolFailed(await self._last_words()) from None
            if kind == frames.FAILED:
                raise ToolFailed(payload.decode(errors="replace"))
            if kind not in (frames.GET, frames.SET):
                return kind, payload
            writer.write(self._serve(kind, payload))

    def _serve(self, kind: bytes, payload: bytes) -> bytes:
        try:
            if kind == frames.GET:
                return _frame(frames.VALUE, pickle.dumps(tuple(self._call.value(payload.decode()))))
            name, data = json.loads(payload)
            self._call.write(name, data.encode())
            return _frame(frames.VALUE)
        except Refusal as refusal:
            return _frame(frames.REFUSED, refusal.message.encode())

    async def _last_words(self) -> str:
        await asyncio.wait([self.ended], timeout=END_TIMEOUT)
        code = self.ended.result() if self.ended.done() else None
        return "the tool's process ended" + ("" if code is None else f" (exit code {code})")

    async def _gone(self) -> None:
        """Return when the process has ended: who asks again finds its place free."""
        self._forks.kill(self._number)
        await asyncio.wait([self.ended], timeout=END_TIMEOUT)


class _ForkServer:
    """One life of ``server.tools.forkserver``.

    Attributes:
        gone: whether it has ended; then it has taken all of its processes along.
    """

    def __init__(self, modules: Sequence[str], memory: int) -> None:
        self.gone = False
        self._numbers = itertools.count(1)
        self._running: dict[int, Ended] = {}
        self._reports = b""
        self._loop = asyncio.get_running_loop()
        self._control, theirs = socket.socketpair()
        with theirs:
            # It has a session of its own: a Ctrl-C is the server's, which ends it in good order.
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "server.tools.forkserver",
                    str(theirs.fileno()),
                    str(memory),
                    *modules,
                ],
                stdin=subprocess.DEVNULL,
                stdout=2,  # what tools print is never on stdout, which has the READY line alone
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._control.setblocking(False)
        self._loop.add_reader(self._control, self._read)
        logger.info("the processes of tools are forked by process %d", self._process.pid)

    def fork(self, connection: socket.socket) -> tuple[int, Ended]:
        """Start a process with a connection; return its number, and the future of its end."""
        number = next(self._numbers)
        ended: Ended = self._loop.create_future()
        self._running[number] = ended
        try:
            socket.send_fds(self._control, [frames.ORDER.pack(frames.FORK, number)], [connection.fileno()])
        except OSError:
            self.close()
        return number, ended

    def kill(self, number: int) -> None:
        """Kill a process, where it still runs."""
        if number in self._running:
            with suppress(OSError):
                self._control.send(frames.ORDER.pack(frames.KILL, number))

    def close(self) -> None:
        """End it with all of its processes."""
        if self.gone:
            return
        self.gone = True
        self._loop.remove_reader(self._control)
        self._control.close()
        try:
            self._process.wait(END_TIMEOUT)
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
            logger.error("the process that forks the processes of tools is gone")
            self.close()
            return
        self._reports += data
        while len(self._reports) >= frames.ENDED.size:
            number, code = frames.ENDED.unpack_from(self._reports)
            self._reports = self._reports[frames.ENDED.size :]
            if not (ended := self._running.pop(number)).done():
                ended.set_result(code)


def _frame(kind: bytes, payload: bytes = b"") -> bytes:
    return frames.HEADER.pack(kind, len(payload)) + payload
