"""A TCP proxy on loopback for fault injection: it can cut, stall or silently drop connections."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

CHUNK = 65536


class FaultProxy:
    """A fault proxy, which forwards connections to a server in both directions, and fails on demand.

    Args:
        target: the host:port of the server.
    """

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = host, int(port)
        self._loop = asyncio.new_event_loop()
        self._flows = asyncio.Event()
        self._flows.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._silent: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.taken = 0
        """The number of connections that the proxy has accepted so far."""
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault proxy", daemon=True)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._connected, "127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def cut(self) -> None:
        """Abort every connection, which both ends notice; new connections work."""
        self._call(self._abort)

    def stall(self) -> None:
        """Stop forwarding data; the connections stay open."""
        self._call(self._flows.clear)

    def flow(self) -> None:
        """Forward data again after ``stall``."""
        self._call(self._flows.set)

    def fall_silent(self) -> None:
        """Drop the present connections without closing them; new connections work.

        The connections are half-open, as after a peer's power failure or a restart of a firewall.
        """
        self._call(self._fall_silent)

    def close(self) -> None:
        """Abort every connection, and accept no more."""
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        self.taken += 1
        self._writers |= {writer, far_writer}
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.ensure_future(self._pass_on(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(CHUNK):
                await self._flows.wait()
                sink.write(data)
                await sink.drain()
            sink.write_eof()
        except OSError:
            pass  # aborted by the proxy or by either end
        finally:
            if sink not in self._silent:
                sink.close()
                self._writers.discard(sink)

    def _fall_silent(self) -> None:
        self._silent |= self._writers
        for task in self._tasks:
            task.cancel()

    def _abort(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        self._silent.clear()

    async def _close(self) -> None:
        self._server.close()
        self._abort()
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _call(self, action: Callable[[], object]) -> None:
        async def run() -> None:
            action()

        self._do(run())

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10.0)
