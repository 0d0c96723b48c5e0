"""What the tests of the client of etcd begin with."""

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

PATIENCE = 60.0
"""Seconds that something may take that must come."""

Batch = Sequence[rpc.Event]


@asynccontextmanager
async def connect(*endpoints: str, **options: Any) -> AsyncIterator[Etcd]:
    """A client; options are those of ``Address``."""
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
    """Write the next number to a key, exactly once, whatever becomes of the members; return it.

    Args:
        etcd: the client.
        key: only this writes it, so that its number tells whether an unanswered attempt was applied.
        attempt: seconds that each attempt may take.
    """
    (kv,) = (await etcd.range(key, timeout=PATIENCE)).kvs or (rpc.KeyValue(value=b"0"),)
    number = b"%d" % (int(kv.value) + 1)
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                reply = await etcd.txn(
                    [mod_is(key, kv.mod_revision)], [put(key, number)], [get(key)], timeout=attempt
                )
            except NoAnswerError:
                continue
            if not reply.succeeded:
                (there,) = reply.responses[0].response_range.kvs
                assert there.value == number, "somebody else wrote it"
            return int(number)


async def read(
    batches: AsyncGenerator[Batch, None], enough: Callable[[Sequence[Batch]], bool]
) -> list[Batch]:
    """Read a watch until it is enough, and end it."""
    got: list[Batch] = []
    async with asyncio.timeout(PATIENCE), aclosing(batches):
        async for batch in batches:
            got.append(batch)
            if enough(got):
                break
    return got


def so_many(count: int) -> Callable[[Sequence[Batch]], bool]:
    """Whether there are so many events, or more."""
    return lambda got: sum(map(len, got)) >= count


def check_whole(batches: Sequence[Batch]) -> None:
    """No revision is in two batches, and revisions only grow."""
    revisions = [[event.kv.mod_revision for event in batch] for batch in batches]
    together = [revision for batch in revisions for revision in batch]
    assert together == sorted(together)
    for before, behind in itertools.pairwise(revisions):
        assert before[-1] < behind[0]


class Gate:
    """A way to etcd on which the answers can be held back, or cut after so many bytes.

    Attributes:
        answers: whether they come through.
        cut_after: bytes of answers, on each further connection; they are cut then. Each is used once.
    """

    def __init__(self, target: str) -> None:
        self._target = target.rsplit(":", 1)
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self.answers = asyncio.Event()
        self.answers.set()
        self.cut_after: list[int] = []
        self.address = ""

    async def __aenter__(self) -> Gate:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()

    def cut(self) -> None:
        """Break all connections."""
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
async def gated(target: str) -> AsyncIterator[tuple[Gate, Etcd]]:
    """A gate, and a client behind it that takes it for two members."""
    async with Gate(target) as gate, connect(gate.address, gate.address) as etcd:
        yield gate, etcd
