"""Watches at one member whose connections fail: no event is lost or repeated, and no revision is split."""

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
from tests.server.etcd.builders import TIMEOUT_S, at_least, check_whole, connect, proxied, read, write
from varbridge.conformance.faults.etcd import Cluster
from varbridge.conformance.faults.fault_proxy import FaultProxy

CUTS = 50
"""The number of times that a test cuts the connection."""


async def test_changes_in_order(single: Cluster, prefix: bytes) -> None:
    async with connect(*single.endpoints) as etcd:
        after = await write(etcd, prefix + b"before")
        await write(etcd, prefix + b"a", b"1")
        reading = asyncio.create_task(read(etcd.watch(prefix, after=after), at_least(5)))
        await write(etcd, prefix + b"a", b"2")
        await write(etcd, b"elsewhere")
        await etcd.txn([], [put(prefix + b"b", b"3"), delete(prefix + b"a")], timeout=5.0)
        await write(etcd, prefix + b"a", b"4")
        got = await reading
    check_whole(got)
    put_, deleted = rpc.Event.PUT, rpc.Event.DELETE
    assert [(event.type, event.kv.key[-1:], event.kv.value) for batch in got for event in batch] == [
        (put_, b"a", b"1"),
        (put_, b"a", b"2"),
        (put_, b"b", b"3"),
        (deleted, b"a", b""),
        (put_, b"a", b"4"),
    ]


async def test_nothing_is_missing_and_nothing_comes_twice(
    single: Cluster, proxy: FaultProxy, prefix: bytes
) -> None:
    """Each transaction writes two keys, while the connection is cut at random moments."""
    chance = random.Random()
    stop = asyncio.Event()

    async def write_on() -> int:
        number = 0
        async with connect(*single.endpoints) as etcd:
            while not stop.is_set():
                number += 1
                both = [put(prefix + key, b"%d" % number) for key in (b"a", b"b")]
                await etcd.txn([], both, timeout=10.0)
        return number

    async with connect(proxy.address) as etcd, connect(*single.endpoints) as direct:
        after = await write(direct, b"elsewhere")
        writing = asyncio.create_task(write_on())
        got: list[Any] = []
        goal = 0
        async with asyncio.timeout(TIMEOUT_S), aclosing(etcd.watch(prefix, after=after)) as batches:
            async for batch in batches:
                got.append(batch)
                values = [event.kv.value for event in batch]
                if not stop.is_set() and sum(map(len, got)) >= goal:
                    await asyncio.to_thread(proxy.cut)
                    goal = sum(map(len, got)) + chance.randrange(100)
                    if proxy.taken > CUTS:
                        stop.set()
                if stop.is_set() and values[-1] == b"%d" % await writing:
                    break
    check_whole(got)
    events = [event for batch in got for event in batch]
    numbers = [int(event.kv.value) for event in events]
    last = writing.result()
    assert numbers == [number for number in range(1, last + 1) for _ in "ab"]


async def test_a_watch_that_is_far_behind_and_cut_again_and_again(
    single: Cluster, proxy: FaultProxy, prefix: bytes
) -> None:
    """A member sends a thousand revisions at a time, with a later revision in the header."""
    async with connect(*single.endpoints) as direct:
        after = await write(direct, b"elsewhere")
        for _ in range(35):
            await asyncio.gather(*(write(direct, prefix + b"%d" % key) for key in range(100)))
    async with connect(proxy.address) as etcd:
        got: list[Any] = []
        async with asyncio.timeout(TIMEOUT_S), aclosing(etcd.watch(prefix, after=after)) as batches:
            async for batch in batches:
                got.append(batch)
                proxy.cut()
                if sum(map(len, got)) >= 3500:
                    break
    check_whole(got)
    assert [event.kv.version for batch in got for event in batch if event.kv.key == prefix + b"7"] == [
        *range(1, 36)
    ]
    assert sum(map(len, got)) == 3500
    assert len(got) > 3


@pytest.mark.parametrize("cuts", [[], [3 << 20, 5 << 20, 9 << 20]], ids=["whole", "cut in the middle"])
async def test_a_response_in_pieces(single: Cluster, prefix: bytes, cuts: list[int]) -> None:
    """etcd splits a large response anywhere, even within a revision; the watch joins the parts."""
    async with connect(*single.endpoints) as direct, proxied(single.endpoints[0]) as (proxy, etcd):
        after = await write(direct, b"elsewhere")
        for number in range(12):
            value = bytes([number]) * (450 << 10)
            await direct.txn([], [put(prefix + key, value) for key in (b"a", b"b", b"c")], timeout=5.0)
        proxy.cut_after[:] = cuts
        got = await read(etcd.watch(prefix, after=after), at_least(36))
        assert proxy.cut_after == []
    check_whole(got)
    assert [(event.kv.key[-1:], event.kv.value[0]) for batch in got for event in batch] == [
        (key, number) for number in range(12) for key in (b"a", b"b", b"c")
    ]
    assert all(len(event.kv.value) == 450 << 10 for batch in got for event in batch)


async def test_etcd_splits_responses(single: Cluster, prefix: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The premise of the test before: etcd splits a revision over several responses."""
    pieces = []
    check = watching._Stream._check

    def recording(stream: Any, response: Any) -> rpc.WatchResponse:
        pieces.append([event.kv.mod_revision for event in response.events])
        return check(stream, response)

    monkeypatch.setattr(watching._Stream, "_check", recording)
    async with connect(*single.endpoints) as etcd:
        after = await write(etcd, b"elsewhere")
        for _ in range(6):
            await etcd.txn(
                [], [put(prefix + key, bytes(450 << 10)) for key in (b"a", b"b", b"c")], timeout=5.0
            )
        await read(etcd.watch(prefix, after=after), at_least(18))
    pieces = [piece for piece in pieces if piece]
    assert any(before[-1] == after[0] for before, after in itertools.pairwise(pieces))


async def test_a_compacted_revision(single: Cluster, prefix: bytes) -> None:
    async with connect(*single.endpoints) as etcd:
        first = await write(etcd, prefix)
        await write(etcd, prefix)
        third = await write(etcd, prefix)
        await etcd.compact(third)
        with pytest.raises(CompactedError) as compacted:
            await read(etcd.watch(prefix, after=first), at_least(1))
        assert compacted.value.revision == third
        (batch,) = await read(etcd.watch(prefix, after=third - 1), at_least(1))
        assert [event.kv.version for event in batch] == [3]


async def test_a_revision_that_is_compacted_without_a_connection(
    single: Cluster, proxy: FaultProxy, prefix: bytes
) -> None:
    async with connect(*single.endpoints) as direct, connect(proxy.address) as etcd:
        after = await write(direct, b"elsewhere")
        first = await write(direct, prefix)
        async with asyncio.timeout(TIMEOUT_S), aclosing(etcd.watch(prefix, after=after)) as batches:
            ((event,),) = [await anext(batches)]
            assert event.kv.mod_revision == first
            proxy.stall()
            for _ in range(3):
                last = await write(direct, prefix)
            await direct.compact(last)
            proxy.fall_silent()
            proxy.flow()
            with pytest.raises(CompactedError) as compacted:
                await anext(batches)
            assert compacted.value.revision == last


async def test_a_notification_moves_it_on(prefix: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress notifications advance a watch without events, so that a compaction loses nothing."""
    monkeypatch.setattr(watching, "RETRY_BACKOFF_S", (0.001, 0.001))
    moved = asyncio.Event()
    next_ = watching._Stream.next

    async def recording(stream: Any) -> Any:
        after, events = await next_(stream)
        if not events and after >= revision:
            moved.set()
        return after, events

    monkeypatch.setattr(watching._Stream, "next", recording)
    with Cluster(flags=["--experimental-watch-progress-notify-interval", "100ms"]) as cluster:
        proxy = FaultProxy(cluster.endpoints[0])
        async with connect(*cluster.endpoints) as direct, connect(proxy.address) as etcd:
            after = await write(direct, prefix)
            for _ in range(10):
                revision = await write(direct, b"elsewhere")
            reading = asyncio.create_task(read(etcd.watch(prefix, after=after), at_least(1)))
            await asyncio.wait_for(moved.wait(), TIMEOUT_S)
            await direct.compact(revision)
            proxy.cut()
            await write(direct, prefix)
            ((event,),) = await reading
            assert event.kv.version == 2
        proxy.close()


async def test_nothing_is_left_behind(single: Cluster, prefix: bytes) -> None:
    async with connect(*single.endpoints) as etcd:
        after = await write(etcd, b"elsewhere")
        await write(etcd, prefix)
        assert await read(etcd.watch(prefix, after=after), at_least(1))
        async with asyncio.timeout(TIMEOUT_S):
            while len(asyncio.all_tasks()) > 1:
                await asyncio.sleep(0.01)
        assert (await etcd.range(prefix, prefix_end(prefix), timeout=5.0)).count == 1
