"""Watches that nobody tells anything: where that is trouble, and where it is not."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

import grpc
import pytest

from server.etcd import rpc_pb2 as rpc
from server.etcd import watch as watching
from tests.server.etcd.builders import PATIENCE, connect, read, so_many, write
from varbridge.conformance.faults.etcd import Cluster
from varbridge.conformance.faults.fault_proxy import FaultProxy


@asynccontextmanager
async def accepting() -> AsyncIterator[str]:
    """Who accepts connections, as the kernel does for a program that is stopped."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        yield f"127.0.0.1:{mute.getsockname()[1]}"


@asynccontextmanager
async def serving(
    answer: Callable[[AsyncIterator[rpc.WatchRequest]], AsyncIterator[rpc.WatchResponse]],
) -> Any:
    """Who speaks gRPC, answers pings, and tells what ``answer`` yields."""

    async def watch(requests: AsyncIterator[rpc.WatchRequest], _: object) -> AsyncIterator[rpc.WatchResponse]:
        async for response in answer(requests):
            yield response

    handler = grpc.stream_stream_rpc_method_handler(
        watch, rpc.WatchRequest.FromString, rpc.WatchResponse.SerializeToString
    )
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler("etcdserverpb.Watch", {"Watch": handler})]
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)


def speaking_grpc() -> Any:
    """Who takes calls and answers pings, and says nothing else."""

    async def say_nothing(_: object) -> AsyncIterator[rpc.WatchResponse]:
        await asyncio.Event().wait()
        yield rpc.WatchResponse()

    return serving(say_nothing)


async def test_an_answer_to_a_question_promises_nothing() -> None:
    """In etcd before 3.4.25 it can overtake events, and its header is ahead of them then."""
    starts: list[int] = []

    async def overtake(requests: AsyncIterator[rpc.WatchRequest]) -> AsyncIterator[rpc.WatchResponse]:
        starts.append((await anext(requests)).create_request.start_revision)
        ahead = rpc.ResponseHeader(revision=100)
        yield rpc.WatchResponse(header=ahead, created=True)
        yield rpc.WatchResponse(header=ahead, watch_id=-1)
        if len(starts) > 1:
            yield rpc.WatchResponse(header=ahead, events=[rpc.Event(kv=rpc.KeyValue(mod_revision=8))])

    async with serving(overtake) as address, connect(address) as etcd:
        ((event,),) = await read(etcd.watch(b"x", after=7), so_many(1))
    assert starts == [8, 8]
    assert event.kv.mod_revision == 8


@pytest.mark.parametrize("mute", [accepting, speaking_grpc])
async def test_who_says_nothing(one: Cluster, prefix: bytes, mute: Any) -> None:
    loop = asyncio.get_running_loop()
    async with mute() as address, connect(address, *one.endpoints) as etcd, connect(*one.endpoints) as direct:
        after = await write(direct, b"elsewhere")
        await write(direct, prefix)
        began = loop.time()
        assert await read(etcd.watch(prefix, after=after), so_many(1))
        assert loop.time() - began < 10.0


async def test_a_connection_that_falls_silent(one: Cluster, line: FaultProxy, prefix: bytes) -> None:
    loop = asyncio.get_running_loop()
    places: asyncio.Queue[bool] = asyncio.Queue()
    async with connect(line.address) as etcd, connect(*one.endpoints) as direct:
        after = await write(direct, b"elsewhere")
        watch = etcd.watch(prefix, after=after, connected=places.put_nowait)
        reading = asyncio.create_task(read(watch, so_many(1)))
        async with asyncio.timeout(PATIENCE):
            assert await places.get()
            began = loop.time()
            line.fall_silent()
            await write(direct, prefix)
            assert not await places.get()
            assert await places.get()
            assert await reading
        assert loop.time() - began < 12.0
        assert not await places.get()


@pytest.mark.parametrize("reads", [True, False])
async def test_silence_alone_is_no_trouble(
    one: Cluster, prefix: bytes, monkeypatch: pytest.MonkeyPatch, reads: bool
) -> None:
    """A watch with nothing to tell stays in place, and so does one whose reader is slow."""
    monkeypatch.setattr(watching, "PROGRESS_INTERVAL_S", 0.25)
    monkeypatch.setattr(watching, "SILENCE_TIMEOUT_S", 1.0)
    places: list[bool] = []
    async with connect(*one.endpoints) as etcd:
        after = await write(etcd, b"elsewhere")
        await write(etcd, prefix)
        async with aclosing(etcd.watch(prefix, after=after, connected=places.append)) as batches:
            await anext(batches)
            if reads:
                waiting = asyncio.create_task(anext(batches))
                await asyncio.wait([waiting], timeout=5.0)
                assert not waiting.done()
                await write(etcd, prefix)
                await waiting
            else:
                await asyncio.sleep(5.0)  # it is what the reader does
                await write(etcd, prefix)
                await anext(batches)
            assert places == [True]
    assert places == [True, False]


@pytest.mark.slow
async def test_its_questions_are_not_taken_for_an_attack(one: Cluster, prefix: bytes) -> None:
    """etcd ends a connection on which pings come too often; it would be pings at 2, 4, 6 and 8 seconds."""
    places: list[bool] = []
    async with connect(*one.endpoints) as etcd:
        after = await write(etcd, b"elsewhere")
        watch = etcd.watch(prefix, after=after, connected=places.append)
        reading = asyncio.create_task(read(watch, so_many(1)))
        await asyncio.wait([reading], timeout=12.0)
        assert places == [True]
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
