"""Silent watches: silence of the member, which is a failure, and a lack of events, which is not."""

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
from tests.server.etcd.builders import TIMEOUT_S, at_least, connect, read, write
from varbridge.conformance.faults.etcd import Cluster
from varbridge.conformance.faults.fault_proxy import FaultProxy


@asynccontextmanager
async def accepting() -> AsyncIterator[str]:
    """Yield the address of a server that only accepts connections, as for a paused process."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield f"127.0.0.1:{silent.getsockname()[1]}"


@asynccontextmanager
async def serving(
    answer: Callable[[AsyncIterator[rpc.WatchRequest]], AsyncIterator[rpc.WatchResponse]],
) -> Any:
    """Yield the address of a gRPC server whose watches send what ``answer`` yields."""

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


def silent_grpc() -> Any:
    """Yield the address of a gRPC server that answers pings, but sends nothing on a watch."""

    async def send_nothing(_: object) -> AsyncIterator[rpc.WatchResponse]:
        await asyncio.Event().wait()
        yield rpc.WatchResponse()

    return serving(send_nothing)


async def test_an_answer_to_a_progress_request_does_not_advance_the_watch() -> None:
    """Before etcd 3.4.25, such an answer can overtake events, and its header then has a later revision."""
    starts: list[int] = []

    async def overtake(requests: AsyncIterator[rpc.WatchRequest]) -> AsyncIterator[rpc.WatchResponse]:
        starts.append((await anext(requests)).create_request.start_revision)
        ahead = rpc.ResponseHeader(revision=100)
        yield rpc.WatchResponse(header=ahead, created=True)
        yield rpc.WatchResponse(header=ahead, watch_id=-1)
        if len(starts) > 1:
            yield rpc.WatchResponse(header=ahead, events=[rpc.Event(kv=rpc.KeyValue(mod_revision=8))])

    async with serving(overtake) as address, connect(address) as etcd:
        ((event,),) = await read(etcd.watch(b"x", after=7), at_least(1))
    assert starts == [8, 8]
    assert event.kv.mod_revision == 8


@pytest.mark.parametrize("server", [accepting, silent_grpc])
async def test_a_silent_member_is_left(single: Cluster, prefix: bytes, server: Any) -> None:
    loop = asyncio.get_running_loop()
    async with (
        server() as address,
        connect(address, *single.endpoints) as etcd,
        connect(*single.endpoints) as direct,
    ):
        after = await write(direct, b"elsewhere")
        await write(direct, prefix)
        began = loop.time()
        assert await read(etcd.watch(prefix, after=after), at_least(1))
        assert loop.time() - began < 10.0


async def test_a_connection_that_falls_silent(single: Cluster, proxy: FaultProxy, prefix: bytes) -> None:
    loop = asyncio.get_running_loop()
    statuses: asyncio.Queue[bool] = asyncio.Queue()
    async with connect(proxy.address) as etcd, connect(*single.endpoints) as direct:
        after = await write(direct, b"elsewhere")
        watch = etcd.watch(prefix, after=after, connected=statuses.put_nowait)
        reading = asyncio.create_task(read(watch, at_least(1)))
        async with asyncio.timeout(TIMEOUT_S):
            assert await statuses.get()
            began = loop.time()
            proxy.fall_silent()
            await write(direct, prefix)
            assert not await statuses.get()
            assert await statuses.get()
            assert await reading
        assert loop.time() - began < 12.0
        assert not await statuses.get()


@pytest.mark.parametrize("reads", [True, False])
async def test_a_lack_of_events_is_not_a_failure(
    single: Cluster, prefix: bytes, monkeypatch: pytest.MonkeyPatch, reads: bool
) -> None:
    """A watch without events stays open, and so does one whose reader is slow."""
    monkeypatch.setattr(watching, "PROGRESS_INTERVAL_S", 0.25)
    monkeypatch.setattr(watching, "SILENCE_TIMEOUT_S", 1.0)
    statuses: list[bool] = []
    async with connect(*single.endpoints) as etcd:
        after = await write(etcd, b"elsewhere")
        await write(etcd, prefix)
        async with aclosing(etcd.watch(prefix, after=after, connected=statuses.append)) as batches:
            await anext(batches)
            if reads:
                waiting = asyncio.create_task(anext(batches))
                await asyncio.wait([waiting], timeout=5.0)
                assert not waiting.done()
                await write(etcd, prefix)
                await waiting
            else:
                await asyncio.sleep(5.0)  # as a slow reader would
                await write(etcd, prefix)
                await anext(batches)
            assert statuses == [True]
    assert statuses == [True, False]


@pytest.mark.slow
async def test_progress_requests_avoid_too_many_pings(single: Cluster, prefix: bytes) -> None:
    """etcd closes a connection with frequent pings; without requests, they would come every two seconds."""
    statuses: list[bool] = []
    async with connect(*single.endpoints) as etcd:
        after = await write(etcd, b"elsewhere")
        watch = etcd.watch(prefix, after=after, connected=statuses.append)
        reading = asyncio.create_task(read(watch, at_least(1)))
        await asyncio.wait([reading], timeout=12.0)
        assert statuses == [True]
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
