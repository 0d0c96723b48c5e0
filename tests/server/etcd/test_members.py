"""Three members, of which one or two are killed or paused, while reads, transactions and a watch go on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import pytest

from server.etcd.errors import NoAnswerError
from tests.server.etcd.builders import TIMEOUT_S, at_least, check_whole, connect, increase, read, write
from varbridge.conformance.faults.etcd import Cluster
from varbridge.conformance.faults.etcd_member import Member

MAX_PAUSE_S = 10.0
"""The maximum pause of reads, transactions and the watch, in seconds."""

TROUBLES: dict[str, Callable[[Member], None]] = {"killed": Member.kill, "paused": Member.pause}


class Pauses:
    """A measurement of the pauses between events.

    Attributes:
        longest: the longest pause, in seconds.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()
        self.longest = 0.0

    def record(self) -> None:
        now = self._loop.time()
        self.longest, self._last = max(self.longest, now - self._last), now


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("whom", ["leader", "follower"])
async def test_a_member_is_lost(three: Cluster, prefix: bytes, trouble: str, whom: str) -> None:
    """The member to which the client is connected is lost; then all goes on until the count is reached."""
    leader = await asyncio.to_thread(three.leader)
    lost = next(member for member in three.members if (member is leader) == (whom == "leader"))
    order = [lost.endpoint, *(member.endpoint for member in three.members if member is not lost)]
    before, count = 20, 60
    async with connect(*order) as etcd:
        after = await write(etcd, b"elsewhere")
        watch_pauses, write_pauses, read_pauses = Pauses(), Pauses(), Pauses()
        got: list[Any] = []

        async def watch() -> None:
            async with aclosing(etcd.watch(prefix, after=after)) as batches:
                async for batch in batches:
                    got.append(batch)
                    watch_pauses.record()
                    if batch[-1].kv.value == b"%d" % count:
                        return

        async def read() -> None:
            while not writing.done():
                await etcd.range(prefix, timeout=TIMEOUT_S)
                read_pauses.record()

        async def count_up() -> None:
            for _ in range(count):
                if await increase(etcd, prefix) == before:
                    TROUBLES[trouble](lost)
                write_pauses.record()

        async with asyncio.timeout(TIMEOUT_S), asyncio.TaskGroup() as tasks:
            tasks.create_task(watch())
            writing = tasks.create_task(count_up())
            tasks.create_task(read())
    check_whole(got)
    assert [int(event.kv.value) for batch in got for event in batch] == [*range(1, count + 1)]
    assert [event.kv.version for batch in got for event in batch] == [*range(1, count + 1)]
    longest = {"watch": watch_pauses.longest, "writes": write_pauses.longest, "reads": read_pauses.longest}
    print(trouble, whom, {name: round(seconds, 2) for name, seconds in longest.items()})
    assert max(longest.values()) < MAX_PAUSE_S


async def test_every_member_is_lost_in_turn(three: Cluster, prefix: bytes) -> None:
    async with connect(*three.endpoints) as etcd:
        after = await write(etcd, b"elsewhere")
        got: list[Any] = []

        async def watch() -> None:
            async with aclosing(etcd.watch(prefix, after=after)) as batches:
                async for batch in batches:
                    got.extend(batch)
                    if batch[-1].kv.value == b"30":
                        return

        async def count_up() -> None:
            for member in three.members:
                for _ in range(5):
                    await increase(etcd, prefix)
                member.kill()
                for _ in range(5):
                    await increase(etcd, prefix)
                member.start()
                await asyncio.to_thread(three.wait_healthy)

        async with asyncio.timeout(TIMEOUT_S), asyncio.TaskGroup() as tasks:
            tasks.create_task(watch())
            tasks.create_task(count_up())
    assert [int(event.kv.value) for event in got] == [*range(1, 31)]


async def test_the_next_member_is_asked(three: Cluster, prefix: bytes) -> None:
    """A read asks the next member by itself; a transaction does so when the caller sends it again."""
    leader = await asyncio.to_thread(three.leader)
    lost, *others = sorted(three.members, key=lambda member: member is leader)
    order = [lost.endpoint, *(member.endpoint for member in others)]
    loop = asyncio.get_running_loop()
    async with connect(*order) as reader, connect(*order) as writer:
        for etcd in (reader, writer):
            await etcd.range(prefix, timeout=5.0)
        lost.pause()
        began = loop.time()
        await reader.range(prefix, timeout=TIMEOUT_S)
        assert loop.time() - began < 5.0
        with pytest.raises(NoAnswerError):
            await write(writer, prefix, timeout=0.5)
        await write(writer, prefix, timeout=2.0)


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_quorum_is_lost_and_comes_back(three: Cluster, prefix: bytes, trouble: str) -> None:
    loop = asyncio.get_running_loop()
    async with connect(*three.endpoints) as etcd, asyncio.timeout(TIMEOUT_S), asyncio.TaskGroup() as tasks:
        assert await increase(etcd, prefix) == 1
        after = (await etcd.range(prefix, timeout=5.0)).kvs[0].mod_revision
        reading = tasks.create_task(read(etcd.watch(prefix, after=after), at_least(1)))
        # The remaining member has no leader any more, or is not one.
        for member in three.members[1:]:
            TROUBLES[trouble](member)
        for ask in (lambda: etcd.range(prefix, timeout=2.0), lambda: write(etcd, b"lost", timeout=2.0)):
            began = loop.time()
            with pytest.raises(NoAnswerError):
                await ask()
            assert loop.time() - began < 6.0
        assert not reading.done()
        for member in three.members[1:]:
            member.start() if trouble == "killed" else member.go_on()
        assert await increase(etcd, prefix) == 2
        ((event,),) = await reading
        assert event.kv.value == b"2"


async def test_a_member_without_its_leader_is_left(three: Cluster, prefix: bytes) -> None:
    """The watched member still answers, but has lost the others and so gets no events."""
    isolated, *others = three.members
    statuses: asyncio.Queue[bool] = asyncio.Queue()
    async with connect(isolated.endpoint) as etcd, asyncio.timeout(TIMEOUT_S):
        after = await write(etcd, b"elsewhere")
        watch = etcd.watch(prefix, after=after, connected=statuses.put_nowait)
        waiting = asyncio.create_task(anext(watch))
        assert await statuses.get()
        for member in others:
            member.kill()
        assert not await statuses.get()
        assert not waiting.done()
        for member in others:
            member.start()
        assert await statuses.get()
        await write(etcd, prefix)
        await waiting
        await watch.aclose()
