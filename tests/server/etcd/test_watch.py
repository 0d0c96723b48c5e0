"""A watch whose connection fails, at one member: nothing is missing, nothing comes twice, nothing is torn."""

from __future__ import annotations

import asyncio
import itertools
import random
from contextlib import aclosing
from typing import Any

import pytest

from server.etcd import rpc_pb2 as rpc
from server.etcd import watch as watching
from server.etcd.errors import CompactedError
from server.etcd.operations import delete, prefix_end, put
from tests.server.etcd.builders import PATIENCE, check_whole, connect, gated, read, so_many, write
from varbridge.conformance.faults.etcd import Cluster
from varbridge.conformance.faults.fault_proxy import FaultProxy

CUTS = 50


async def test_changes_in_order(one: Cluster, prefix: bytes) -> None:
    async with connect(*one.endpoints) as etcd:
        after = await write(etcd, prefix + b"before")
        await write(etcd, prefix + b"a", b"1")
        reading = asyncio.create_task(read(etcd.watch(prefix, after=after), so_many(5)))
        await write(etcd, prefix + b"a", b"2")
        await write(etcd, b"elsewhere")
        await etcd.txn([], [put(prefix + b"b", b"3"), delete(prefix + b"a")], timeout=5.0)
        await write(etcd, prefix + b"a", b"4")
        got = await reading
    check_whole(got)
    put_, gone = rpc.Event.PUT, rpc.Event.DELETE
    assert [(event.type, event.kv.key[-1:], event.kv.value) for batch in got for event in batch] == [
        (put_, b"a", b"1"),
        (put_, b"a", b"2"),
        (put_, b"b", b"3"),
        (gone, b"a", b""),
        (put_, b"a", b"4"),
    ]


async def test_nothing_is_missing_and_nothing_comes_twice(
    one: Cluster, line: FaultProxy, prefix: bytes
) -> None:
    """Two keys are written in every transaction, while the connection is cut at random moments."""
    chance = random.Random()
    stop = asyncio.Event()

    async def write_on() -> int:
        number = 0
        async with connect(*one.endpoints) as etcd:
            while not stop.is_set():
                number += 1
                both = [put(prefix + key, b"%d" % number) for key in (b"a", b"b")]
                await etcd.txn([], both, timeout=10.0)
        return number

    async with connect(line.address) as etcd, connect(*one.endpoints) as direct:
        after = await write(direct, b"elsewhere")
        writing = asyncio.create_task(write_on())
        got: list[Any] = []
        goal = 0
        async with asyncio.timeout(PATIENCE), aclosing(etcd.watch(prefix, after=after)) as batches:
            async for batch in batches:
                got.append(batch)
                values = [event.kv.value for event in batch]
                if not stop.is_set() and sum(map(len, got)) >= goal:
                    await asyncio.to_thread(line.cut)
                    goal = sum(map(len, got)) + chance.randrange(100)
                    if line.taken > CUTS:
                        stop.set()
                if stop.is_set() and values[-1] == b"%d" % await writing:
                    break
    check_whole(got)
    events = [event for batch in got for event in batch]
    numbers = [int(event.kv.value) for event in events]
    last = writing.result()
    assert numbers == [number for number in range(1, last + 1) for _ in "ab"]


async def test_who_is_far_behind_and_cut_off_again_and_again(
    one: Cluster, line: FaultProxy, prefix: bytes
) -> None:
    """A member tells a thousand revisions at a time, under a header that is ahead of them."""
    async with connect(*one.endpoints) as direct:
        after = await write(direct, b"elsewhere")
        for _ in range(35):
            await asyncio.gather(*(write(direct, prefix + b"%d" % key) for key in range(100)))
    async with connect(line.address) as etcd:
        got: list[Any] = []
        async with asyncio.timeout(PATIENCE), aclosing(etcd.watch(prefix, after=after)) as batches:
            async for batch in batches:
                got.append(batch)
                line.cut()
                if sum(map(len, got)) >= 3500:
                    break
    check_whole(got)
    assert [event.kv.version for batch in got for event in batch if event.kv.key == prefix + b"7"] == [
        *range(1, 36)
    ]
    assert sum(map(len, got)) == 3500
    assert len(got) > 3


@pytest.mark.parametrize("cuts", [[], [3 << 20, 5 << 20, 9 << 20]], ids=["whole", "cut in the middle"])
async def test_a_response_in_pieces(one: Cluster, prefix: bytes, cuts: list[int]) -> None:
    """etcd breaks a large response anywhere, also within a revision; it is handed on whole."""
    async with connect(*one.endpoints) as direct, gated(one.endpoints[0]) as (gate, etcd):
        after = await write(direct, b"elsewhere")
        for number in range(12):
            value = bytes([number]) * (450 << 10)
            await direct.txn([], [put(prefix + key, value) for key in (b"a", b"b", b"c")], timeout=5.0)
        gate.cut_after[:] = cuts
        got = await read(etcd.watch(prefix, after=after), so_many(36))
        assert gate.cut_after == []
    check_whole(got)
    assert [(event.kv.key[-1:], event.kv.value[0]) for batch in got for event in batch] == [
        (key, number) for number in range(12) for key in (b"a", b"b", b"c")
    ]
    assert all(len(event.kv.value) == 450 << 10 for batch in got for event in batch)


async def test_the_pieces_are_asked_for(one: Cluster, prefix: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the test before relies on: that etcd does break a revision."""
    pieces = []
    check = watching._Stream._check

    def noting(stream: Any, response: Any) -> rpc.WatchResponse:
        pieces.append([event.kv.mod_revision for event in response.events])
        return check(stream, response)

    monkeypatch.setattr(watching._Stream, "_check", noting)
    async with connect(*one.endpoints) as etcd:
        after = await write(etcd, b"elsewhere")
        for _ in range(6):
            await etcd.txn(
                [], [put(prefix + key, bytes(450 << 10)) for key in (b"a", b"b", b"c")], timeout=5.0
            )
        await read(etcd.watch(prefix, after=after), so_many(18))
    pieces = [piece for piece in pieces if piece]
    assert any(before[-1] == behind[0] for before, behind in itertools.pairwise(pieces))


async def test_what_is_forgotten(one: Cluster, prefix: bytes) -> None:
    async with connect(*one.endpoints) as etcd:
        first = await write(etcd, prefix)
        await write(etcd, prefix)
        third = await write(etcd, prefix)
        await etcd.compact(third)
        with pytest.raises(CompactedError) as compacted:
            await read(etcd.watch(prefix, after=first), so_many(1))
        assert compacted.value.revision == third
        (kept,) = await read(etcd.watch(prefix, after=third - 1), so_many(1))
        assert [event.kv.version for event in kept] == [3]


async def test_what_is_forgotten_while_nobody_is_connected(
    one: Cluster, line: FaultProxy, prefix: bytes
) -> None:
    async with connect(*one.endpoints) as direct, connect(line.address) as etcd:
        after = await write(direct, b"elsewhere")
        first = await write(direct, prefix)
        async with asyncio.timeout(PATIENCE), aclosing(etcd.watch(prefix, after=after)) as batches:
            ((event,),) = [await anext(batches)]
            assert event.kv.mod_revision == first
            line.stall()
            for _ in range(3):
                last = await write(direct, prefix)
            await direct.compact(last)
            line.fall_silent()
            line.flow()
            with pytest.raises(CompactedError) as compacted:
                await anext(batches)
            assert compacted.value.revision == last


async def test_a_notification_moves_it_on(prefix: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where only others are written, what was asked for may be forgotten, and yet nothing is missing."""
    monkeypatch.setattr(watching, "RETRY_BACKOFF_S", (0.001, 0.001))
    moved = asyncio.Event()
    next_ = watching._Stream.next

    async def noting(stream: Any) -> Any:
        after, events = await next_(stream)
        if not events and after >= revision:
            moved.set()
        return after, events

    monkeypatch.setattr(watching._Stream, "next", noting)
    with Cluster(flags=["--experimental-watch-progress-notify-interval", "100ms"]) as cluster:
        line = FaultProxy(cluster.endpoints[0])
        async with connect(*cluster.endpoints) as direct, connect(line.address) as etcd:
            after = await write(direct, prefix)
            for _ in range(10):
                revision = await write(direct, b"elsewhere")
            reading = asyncio.create_task(read(etcd.watch(prefix, after=after), so_many(1)))
            await asyncio.wait_for(moved.wait(), PATIENCE)
            await direct.compact(revision)
            line.cut()
            await write(direct, prefix)
            ((event,),) = await reading
            assert event.kv.version == 2
        line.close()


async def test_nothing_is_left_behind(one: Cluster, prefix: bytes) -> None:
    async with connect(*one.endpoints) as etcd:
        after = await write(etcd, b"elsewhere")
        await write(etcd, prefix)
        assert await read(etcd.watch(prefix, after=after), so_many(1))
        async with asyncio.timeout(PATIENCE):
            while len(asyncio.all_tasks()) > 1:
                await asyncio.sleep(0.01)
        assert (await etcd.range(prefix, prefix_end(prefix), timeout=5.0)).count == 1
