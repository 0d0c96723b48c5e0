"""Builders for the tests of the client of etcd: clients, writes, reads of watches, and a proxy."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

from server.etcd import rpc_pb2 as rpc
from server.etcd.address import Address
from server.etcd.client import Etcd
from server.etcd.errors import NoAnswerError
from server.etcd.operations import get, mod_is, put

TIMEOUT_S = 60.0
"""The timeout of events that must happen, in seconds."""

Batch = Sequence[rpc.Event]


@asynccontextmanager
async def connect(*endpoints: str, **options: Any) -> AsyncIterator[Etcd]:
    """Yield a client; options are those of ``Address``."""
    etcd = Etcd(Address(endpoints, **options))
    try:
        yield etcd
    finally:
        await etcd.close()


async def write(etcd: Etcd, key: bytes, value: bytes = b"x", timeout: float = 10.0) -> int:
    """Write a key, and return the revision."""
    reply = await etcd.txn([], [put(key, value)], timeout=timeout)
    return reply.header.revision


async def increase(etcd: Etcd, key: bytes, attempt: float = 2.0) -> int:
    """Write the next number to a key, exactly once, even if members fail; return the number.

    Args:
        etcd: the client.
        key: the key. Only this function writes it, so that its number shows whether an unanswered attempt
            was applied.
        attempt: the timeout of each attempt, in seconds.
    """
    (kv,) = (await etcd.range(key, timeout=TIMEOUT_S)).kvs or (rpc.KeyValue(value=b"0"),)
    number = b"%d" % (int(kv.value) + 1)
    async with asyncio.timeout(TIMEOUT_S):
        while True:
            try:
                reply = await etcd.txn(
                    [mod_is(key, kv.mod_revision)], [put(key, number)], [get(key)], timeout=attempt
                )
            except NoAnswerError:
                continue
            if not reply.succeeded:
                (there,) = reply.responses[0].response_range.kvs
                assert there.value == number, "another writer has changed the key"
            return int(number)


async def read(
    batches: AsyncGenerator[Batch, None], enough: Callable[[Sequence[Batch]], bool]
) -> list[Batch]:
    """Read batches from a watch until ``enough`` returns True for them; end the watch and return them."""
    received: list[Batch] = []
    async with asyncio.timeout(TIMEOUT_S), aclosing(batches):
        async for batch in batches:
            received.append(batch)
            if enough(received):
                break
    return received


def at_least(count: int) -> Callable[[Sequence[Batch]], bool]:
    """Return a condition for ``read``: that there are at least ``count`` events."""
    return lambda batches: sum(map(len, batches)) >= count


def check_whole(batches: Sequence[Batch]) -> None:
    """Check that no revision is in two batches, and that revisions only grow."""
    revisions = [[event.kv.mod_revision for event in batch] for batch in batches]
    together = [revision for batch in revisions for revision in batch]
    assert together == sorted(together)
    for before, after in itertools.pairwise(revisions):
        assert before[-1] < after[0]


class AnswerProxy:
    """A TCP proxy to etcd that can stall answers, or cut connections after a number of bytes.

    Attributes:
        answers: the event that lets answers through while it is set.
        cut_after: the number of bytes of answers after which the next connections are cut, each for one.
        address: the address of the proxy, host:port.
    """

    def __init__(self, target: str) -> None:
        self._target = target.rsplit(":", 1)
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self.answers = asyncio.Event()
        self.answers.set()
        self.cut_after: list[int] = []
        self.address = ""

    async def __aenter__(self) -> AnswerProxy:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()

    def cut(self) -> None:
        """Cut all connections."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        self._writers += [writer, far_writer]
        left = self.cut_after.pop(0) if self.cut_after else -1

        async def requests() -> None:
            with suppress(OSError):
                while data := await reader.read(65536):
                    far_writer.write(data)
                    await far_writer.drain()

        async def answers(left: int) -> None:
            with suppress(OSError):
                while data := await far_reader.read(65536):
                    await self.answers.wait()
                    writer.write(data)
                    await writer.drain()
                    left -= len(data)
                    if -65536 < left <= 0:
                        break
            writer.transport.abort()
            far_writer.transport.abort()

        await asyncio.gather(requests(), answers(left if left > 0 else -(2**40)))


@asynccontextmanager
async def proxied(target: str) -> AsyncIterator[tuple[AnswerProxy, Etcd]]:
    """Yield a proxy, and a client that uses it as two members."""
    async with AnswerProxy(target) as proxy, connect(proxy.address, proxy.address) as etcd:
        yield proxy, etcd
