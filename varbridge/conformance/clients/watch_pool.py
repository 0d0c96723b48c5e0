"""A large number of concurrent watches on one thread: a thread for each would be the bottleneck."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

import grpc

from varbridge import Tls, Variable
from varbridge.channel import SERVICES
from varbridge.conformance.vocabulary.encoding import read_value
from varbridge.credentials import bearer
from varbridge.messages import snakepit_bridge_pb2 as pb

CONNECTIONS = 10


class WatchPool:
    """A pool of watches, all of which are open when the constructor returns; they record what they receive.

    Args:
        address: the host:port of the bridge.
        service: the name of the bridge's gRPC service.
        request: the request of each watch.
        count: the number of watches.
        timeout: the time in which the bridge must open all of them, in seconds.
        tls: the TLS settings; None for plain text.
        token: the token of every watch; empty for none.

    Attributes:
        received: the versions and values that each watch received, in order.
    """

    def __init__(
        self,
        address: str,
        service: str,
        request: pb.WatchVariablesRequest,
        count: int,
        timeout: float,
        *,
        tls: Tls | None = None,
        token: str = "",
    ) -> None:
        self.received: list[list[tuple[int, Any]]] = [[] for _ in range(count)]
        self._request = request
        self._tls = tls
        self._metadata = bearer(token, address, tls)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="watch pool", daemon=True)
        self._thread.start()
        self._channels: list[grpc.aio.Channel] = []
        self._readers: list[asyncio.Task[None]] = []
        self._do(self._open(address, service), timeout)

    def wait_for(self, updates: int, timeout: float) -> None:
        """Wait until each watch has received so many updates, time is up, or all watches have ended."""
        self._do(self._wait_for(updates, timeout), timeout + 5.0)

    def close(self) -> None:
        """Cancel all watches, and close their connections."""
        self._do(self._close(), 10.0)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open(self, address: str, service: str) -> None:
        self._channels = [self._channel(address) for _ in range(CONNECTIONS)]
        stubs = [SERVICES[service](channel) for channel in self._channels]
        streams = [
            stubs[number % CONNECTIONS].WatchVariables(self._request, metadata=self._metadata)
            for number in range(len(self.received))
        ]
        await asyncio.gather(*(stream.initial_metadata() for stream in streams))
        self._changed = asyncio.Event()
        self._readers = [
            asyncio.ensure_future(self._read(stream, received))
            for stream, received in zip(streams, self.received, strict=True)
        ]

    def _channel(self, address: str) -> grpc.aio.Channel:
        options: list[tuple[str, Any]] = [("grpc.use_local_subchannel_pool", 1)]
        if self._tls is None:
            return grpc.aio.insecure_channel(address, options)
        options += self._tls.options(address)
        return grpc.aio.secure_channel(address, self._tls.credentials, options)

    async def _read(self, stream: Any, received: list[tuple[int, Any]]) -> None:
        try:
            async for update in stream:
                if update.update_type == "heartbeat":
                    continue  # it has no variable
                variable = Variable(update.variable)
                received.append((variable.version, read_value(variable)))
                self._changed.set()
        except grpc.aio.AioRpcError:
            pass  # the caller checks what was received until then

    async def _wait_for(self, updates: int, timeout: float) -> None:
        try:
            async with asyncio.timeout(timeout):
                while any(len(received) < updates for received in self.received):
                    if all(reader.done() for reader in self._readers):
                        return
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            pass  # the caller checks which updates are missing

    async def _close(self) -> None:
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        for channel in self._channels:
            await channel.close()
        # gRPC has a task for the status of each call; asyncio complains about those left when it ends.
        if others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others, timeout=5.0)

    def _do(self, work: Coroutine[Any, Any, None], timeout: float) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)
