"""Reads, transactions and compaction, at one member."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from server.etcd.errors import CompactedError, NoAnswerError, RefusedError
from server.etcd.operations import delete, get, mod_is, prefix_end, put, value_is, version_is
from tests.server.etcd.builders import connect, proxied, write
from varbridge.conformance.faults.etcd import Cluster


@pytest.mark.parametrize(
    ("prefix", "end"),
    [
        (b"a", b"b"),
        (b"a/", b"a0"),
        (b"a\xff", b"b"),
        (b"a\xfe\xff\xff", b"a\xff"),
        (b"\xff\xff", b"\0"),
        (b"", b"\0"),
    ],
)
def test_the_end_of_a_prefix(prefix: bytes, end: bytes) -> None:
    assert prefix_end(prefix) == end


async def test_a_prefix_means_its_own_keys_only(single: Cluster) -> None:
    stems = [b"\xff\xff", b"q\xff"]
    keys = [b"q", b"q\xfe\xff", *(stem + tail for stem in stems for tail in (b"", b"\0", b"\xff")), b"r"]
    async with connect(*single.endpoints) as etcd:
        for key in keys:
            await write(etcd, key)
        for stem in stems:
            there = await etcd.range(stem, prefix_end(stem), timeout=5.0)
            assert [kv.key for kv in there.kvs] == [key for key in keys if key.startswith(stem)]


async def test_writing_reading_deleting(single: Cluster, prefix: bytes) -> None:
    async with connect(*single.endpoints) as etcd:
        done = await etcd.txn([], [put(prefix, b"1"), put(prefix + b"b", b"2")], timeout=5.0)
        assert done.succeeded
        assert [
            (kv.key, kv.value) for kv in (await etcd.range(prefix, prefix_end(prefix), timeout=5.0)).kvs
        ] == [(prefix, b"1"), (prefix + b"b", b"2")]
        deletion = await etcd.txn([], [delete(prefix, prefix_end(prefix)), get(prefix)], timeout=5.0)
        assert deletion.responses[0].response_delete_range.deleted == 2
        assert not deletion.responses[1].response_range.kvs


async def test_what_a_range_can_leave_out(single: Cluster, prefix: bytes) -> None:
    end = prefix_end(prefix)
    names = [prefix + letter for letter in (b"c", b"a", b"b")]
    async with connect(*single.endpoints) as etcd:
        revisions = [await write(etcd, name) for name in names]
        first = await etcd.range(prefix, end, limit=1, timeout=5.0)
        assert ([kv.key for kv in first.kvs], first.more, first.count) == ([names[1]], True, 3)
        assert not (await etcd.range(prefix, end, count_only=True, timeout=5.0)).kvs
        assert [kv.value for kv in (await etcd.range(prefix, end, keys_only=True, timeout=5.0)).kvs] == [
            b""
        ] * 3
        oldest = await etcd.range(prefix, end, oldest_first=True, timeout=5.0)
        newest = await etcd.range(prefix, end, newest_first=True, timeout=5.0)
        assert [kv.key for kv in oldest.kvs] == names == [kv.key for kv in newest.kvs][::-1]
        then = await etcd.range(prefix, end, revision=revisions[1], timeout=5.0)
        assert [kv.key for kv in then.kvs] == sorted(names[:2])


async def test_conditions(single: Cluster, prefix: bytes) -> None:
    async with connect(*single.endpoints) as etcd:
        assert (await etcd.txn([version_is(prefix, 0)], [put(prefix, b"a")], timeout=5.0)).succeeded
        second = await etcd.txn([version_is(prefix, 0)], [put(prefix, b"b")], [get(prefix)], timeout=5.0)
        assert not second.succeeded
        (there,) = second.responses[0].response_range.kvs
        assert there.value == b"a"
        for guard in (mod_is(prefix, there.mod_revision), value_is(prefix, b"a"), version_is(prefix, 1)):
            assert (await etcd.txn([guard], [], timeout=5.0)).succeeded
        for guard in (mod_is(prefix, there.mod_revision + 1), value_is(prefix, b"b"), version_is(prefix, 2)):
            assert not (await etcd.txn([guard], [], timeout=5.0)).succeeded


async def test_compacted_revisions(single: Cluster, prefix: bytes) -> None:
    async with connect(*single.endpoints) as etcd:
        first, second = await write(etcd, prefix), await write(etcd, prefix)
        await etcd.compact(second)
        await etcd.compact(second)
        with pytest.raises(CompactedError):
            await etcd.range(prefix, revision=first, timeout=5.0)
        assert (await etcd.range(prefix, revision=second, timeout=5.0)).kvs
        with pytest.raises(RefusedError, match="future revision"):
            await etcd.compact(second + 1_000_000)


@pytest.mark.parametrize(
    ("keys", "size", "code"),
    [
        pytest.param(1, 17 << 16, "OK", id="not"),
        pytest.param(1, 27 << 16, "INVALID_ARGUMENT", id="for etcd"),
        pytest.param(1, 33 << 16, "RESOURCE_EXHAUSTED", id="for its gRPC"),
        pytest.param(128, 1, "OK", id="as many as can be"),
        pytest.param(129, 1, "INVALID_ARGUMENT", id="too many"),
    ],
)
async def test_what_is_too_large(single: Cluster, prefix: bytes, keys: int, size: int, code: str) -> None:
    request = [put(prefix + b"%d" % number, bytes(size)) for number in range(keys)]
    async with connect(*single.endpoints) as etcd:
        if code == "OK":
            assert (await etcd.txn([], request, timeout=5.0)).succeeded
            return
        with pytest.raises(RefusedError) as refused:
            await etcd.txn([], request, timeout=5.0)
        assert refused.value.code is grpc.StatusCode[code]
        assert not refused.value.perhaps_applied


async def test_no_space(prefix: bytes) -> None:
    with Cluster(flags=["--quota-backend-bytes", str(2 << 20)]) as cluster:
        async with connect(*cluster.endpoints) as etcd:

            async def fill() -> None:
                for number in range(100):
                    await write(etcd, prefix + b"%d" % number, bytes(1 << 18))

            with pytest.raises(RefusedError, match="database space exceeded") as refused:
                await fill()
            assert refused.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert refused.value.perhaps_applied
            assert (await etcd.range(prefix + b"0", timeout=5.0)).kvs


async def test_an_applied_txn_whose_answer_was_lost_is_recognised(single: Cluster, prefix: bytes) -> None:
    async with connect(*single.endpoints) as direct, proxied(single.endpoints[0]) as (proxy, etcd):
        await etcd.range(prefix, timeout=5.0)
        proxy.answers.clear()
        guard, wish = [version_is(prefix, 0)], [put(prefix, b"mine")]
        asked = asyncio.create_task(etcd.txn(guard, wish, timeout=30.0))
        async with asyncio.timeout(10.0):
            while not (await direct.range(prefix, timeout=5.0)).kvs:
                await asyncio.sleep(0.01)
        proxy.cut()
        proxy.answers.set()
        with pytest.raises(NoAnswerError, match="UNAVAILABLE"):
            await asked
        again = await etcd.txn(guard, wish, [get(prefix)], timeout=5.0)
        assert not again.succeeded
        (there,) = again.responses[0].response_range.kvs
        assert (there.value, there.version) == (b"mine", 1)


async def test_a_txn_is_sent_once(single: Cluster, prefix: bytes) -> None:
    """Without a condition, a second transaction would be applied as well."""
    async with connect(*single.endpoints) as direct, proxied(single.endpoints[0]) as (proxy, etcd):
        await etcd.range(prefix, timeout=5.0)
        proxy.answers.clear()
        with pytest.raises(NoAnswerError, match="DEADLINE_EXCEEDED"):
            await write(etcd, prefix, timeout=0.5)
        proxy.answers.set()
        await write(etcd, prefix)
        (there,) = (await direct.range(prefix, timeout=5.0)).kvs
        assert there.version == 2


async def test_nobody_there() -> None:
    loop = asyncio.get_running_loop()
    async with connect("127.0.0.1:1", "127.0.0.1:2") as etcd:
        for ask in (lambda: etcd.range(b"x", timeout=0.5), lambda: write(etcd, b"x", timeout=0.5)):
            began = loop.time()
            with pytest.raises(NoAnswerError, match=r"127\.0\.0\.1:[12]: UNAVAILABLE: .*refused"):
                await ask()
            assert loop.time() - began < 5.0
