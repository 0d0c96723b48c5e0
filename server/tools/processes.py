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

from varbridge.decorator import Tool

from ..core.errors import RefusalError, ResourceExhaustedError
from ..core.values import Value
from . import protocol
from .context import SessionCall
from .results import ToolFailedError

END_TIMEOUT_S = 1.0
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
            ResourceExhaustedError: as many run as may.
        """
        if len(self._running) >= self._most:
            raise ResourceExhaustedError(f"tools: at most {self._most} that block run at a time")
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
    """One run of a tool in a process of its own; see ``executor.Run``."""

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
                writer.write(_frame(protocol.NEXT))
                kind, payload = await self._next(reader, writer)
                if kind == protocol.END:
                    break
                yield payload
        await self._gone()

    @asynccontextmanager
    async def _conversation(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Speak with the process; it is killed when the block ends."""
        try:
            reader, writer = await asyncio.open_unix_connection(sock=self._connection)
            try:
                writer.write(_frame(protocol.CALL, pickle.dumps((self._tool.name, self._arguments), 5)))
                yield reader, writer
            finally:
                writer.transport.abort()
        except ToolFailedError:
            await self._gone()
            raise
        finally:
            self._call.close()
            self._connection.close()
            self._forks.kill(self._number)

    async def _next(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[bytes, bytes]:
        """What the tool says next, what it asks of its session answered.

        Raises:
            ToolFailedError: it says so, or its process ended.
        """
        while True:
            try:
                kind, length = protocol.HEADER.unpack(await reader.readexactly(protocol.HEADER.size))
                if length > protocol.MAX_FRAME:
                    raise ToolFailedError(f"{length} bytes are more than one answer may have")
                payload = await reader.readexactly(length)
            except (asyncio.IncompleteReadError, OSError):
                raise ToolFailedError(await self._last_words()) from None
            if kind == protocol.FAILED:
                raise ToolFailedError(payload.decode(errors="replace"))
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

    async def _last_words(self) -> str:
        await asyncio.wait([self.ended], timeout=END_TIMEOUT_S)
        code = self.ended.result() if self.ended.done() else None
        return "the tool's process ended" + ("" if code is None else f" (exit code {code})")

    async def _gone(self) -> None:
        """Return when the process has ended: who asks again finds its place free."""
        self._forks.kill(self._number)
        await asyncio.wait([self.ended], timeout=END_TIMEOUT_S)


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
                    f"{__package__}.forkserver",
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
            socket.send_fds(
                self._control, [protocol.ORDER.pack(protocol.FORK, number)], [connection.fileno()]
            )
        except OSError:
            self.close()
        return number, ended

    def kill(self, number: int) -> None:
        """Kill a process, where it still runs."""
        if number in self._running:
            with suppress(OSError):
                self._control.send(protocol.ORDER.pack(protocol.KILL, number))

    def close(self) -> None:
        """End it with all of its processes."""
        if self.gone:
            return
        self.gone = True
        self._loop.remove_reader(self._control)
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
            logger.error("the process that forks the processes of tools is gone")
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
