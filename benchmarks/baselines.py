"""The compared systems: the raw server as the baseline, the bridge, and its peers Redis, NATS and etcd.

Each is a server process on a free port of loopback, with a client on grpc.aio or the peer's own client. A
process can be a quarter slower than an equal one until it ends, depending on the placement of its
threads and memory; therefore every round starts new processes.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import grpc

from benchmarks import requests
from varbridge.conformance.faults.ports import free_ports
from varbridge.process import ServerProcess

PATH = "/snakepit.bridge.BridgeService/"
BRIDGE = (sys.executable, "-m", "server", "--port", "0", "--log-level", "warning")
RAW = (sys.executable, "-m", "benchmarks.raw")

PEERS = {
    "Redis": ("redis-server", "redis", "apt-get install redis-server; pip install redis"),
    "NATS": ("nats-server", "nats", "apt-get install nats-server; pip install nats-py"),
    "etcd": ("etcd", "", "apt-get install etcd-server"),
}
"""The server program, the client's Python module (or ""), and how to install both, by the peer's name."""

START_TIMEOUT_S = 15.0
"""The maximum time until a started server is ready, in seconds."""


class System(Protocol):
    """A compared system, which stores one value."""

    async def get(self) -> object:
        """Read the value."""
        ...

    async def set(self) -> object:
        """Write the value."""
        ...


class OverGrpc:
    """A client of the raw server or the bridge, with requests encoded beforehand and replies not parsed."""

    def __init__(self, channel: Any, process: ServerProcess) -> None:
        self.channel = channel
        self.process = process
        self._get = channel.unary_unary(PATH + "GetVariable")
        self._set = channel.unary_unary(PATH + "SetVariable")

    def call(self, method: str) -> Callable[[bytes], Awaitable[bytes]]:
        """Return a function that calls a method with an encoded request and returns the encoded reply."""
        function: Callable[[bytes], Awaitable[bytes]] = self.channel.unary_unary(PATH + method)
        return function

    async def get(self) -> object:
        return await self._get(requests.GET)

    async def set(self) -> object:
        return await self._set(requests.SET)


@asynccontextmanager
async def over_grpc(*command: str) -> AsyncIterator[OverGrpc]:
    """Run the raw server or the bridge by a command, and register one variable there."""
    process = ServerProcess(command)
    try:
        port = process.wait_ready(START_TIMEOUT_S)
        async with connect(f"127.0.0.1:{port}") as channel:
            await register(channel, requests.SESSION, "x")
            yield OverGrpc(channel, process)
    finally:
        process.stop()


UNREAD = ("grpc.http2.bdp_probe", 0)
"""A channel option that limits the receive window of an unread stream to 64 KiB.

Without it, gRPC measures the bandwidth, which is large on loopback, and buffers megabytes.
"""


def connect(address: str, *options: tuple[str, Any]) -> Any:
    """Return a channel whose requests and replies are bytes, which the types of gRPC's stubs forbid."""
    return grpc.aio.insecure_channel(
        address, [("grpc.use_local_subchannel_pool", 1), *requests.OPTIONS, *options]
    )


async def register(channel: Any, session_id: str, name: str) -> None:
    """Register a variable, unless it exists or the server, such as the raw one, has no such method."""
    try:
        await channel.unary_unary(PATH + "RegisterVariable")(requests.register(session_id, name))
    except grpc.aio.AioRpcError as error:
        if error.code() not in (grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.ALREADY_EXISTS):
            raise


@asynccontextmanager
async def bridge(*flags: str, within: Sequence[str] = ()) -> AsyncIterator[OverGrpc]:
    """Run the bridge with its state in memory; ``within`` is a prefix of its command, such as ``env A=B``."""
    async with over_grpc(*within, *BRIDGE, *flags) as system:
        yield system


@asynccontextmanager
async def durable() -> AsyncIterator[OverGrpc]:
    """Run the bridge with a data directory."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        async with over_grpc(*BRIDGE, "--data-dir", folder) as system:
            yield system


@asynccontextmanager
async def raw() -> AsyncIterator[OverGrpc]:
    """Run the raw server."""
    async with over_grpc(*RAW) as system:
        yield system


@asynccontextmanager
async def echo() -> AsyncIterator[OverGrpc]:
    """Run the raw server so that it neither parses requests nor builds replies."""
    async with over_grpc(*RAW, "--echo") as system:
        yield system


def missing(name: str) -> str:
    """Return the program or Python module of a peer that is not installed; empty if neither is missing."""
    program, module, _ = PEERS[name]
    if shutil.which(program) is None:
        return program
    if module:
        try:
            __import__(module)
        except ImportError:
            return f"Python's {module}"
    return ""


@asynccontextmanager
async def _program(*command: str) -> AsyncIterator[int]:
    """Run a program on a free port.

    ``{port}``, ``{other}`` and ``{folder}`` in its command stand for that port, another free port and a
    temporary directory.
    """
    port, other = free_ports(2)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        filled = [part.format(port=port, folder=folder, other=other) for part in command]
        process = subprocess.Popen(
            filled, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            await asyncio.wait_for(_listening(port), START_TIMEOUT_S)
            yield port
        finally:
            process.terminate()
            process.wait()


async def _listening(port: int) -> None:
    while True:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.01)


class _Redis:
    def __init__(self, client: Any) -> None:
        self._client = client

    async def get(self) -> object:
        return await self._client.get("x")

    async def set(self) -> object:
        return await self._client.set("x", "0.25")


@asynccontextmanager
async def redis(*, persistent: bool = False) -> AsyncIterator[System]:
    """Run Redis, in memory or, if ``persistent``, with every write on disk before its answer."""
    from redis.asyncio import Redis

    mode = ("--appendonly", "yes", "--appendfsync", "always") if persistent else ("--appendonly", "no")
    async with _program(
        *("redis-server", "--port", "{port}", "--bind", "127.0.0.1", "--save", "", "--dir", "{folder}"), *mode
    ) as port:
        client = Redis(port=port)
        try:
            await client.ping()
            yield _Redis(client)
        finally:
            await client.aclose()


class _Nats:
    def __init__(self, bucket: Any) -> None:
        self._bucket = bucket

    async def get(self) -> object:
        return await self._bucket.get("x")

    async def set(self) -> object:
        return await self._bucket.put("x", b"0.25")


@asynccontextmanager
async def nats(*, persistent: bool = False) -> AsyncIterator[System]:
    """Run NATS JetStream's key-value store, in memory or in files, which NATS syncs every two minutes."""
    import nats as client
    from nats.js.api import KeyValueConfig, StorageType

    async with _program(
        "nats-server", "--jetstream", "--addr", "127.0.0.1", "--port", "{port}", "--store_dir", "{folder}"
    ) as port:
        connection = await client.connect(f"nats://127.0.0.1:{port}")
        try:
            storage = StorageType.FILE if persistent else StorageType.MEMORY
            bucket = await connection.jetstream().create_key_value(KeyValueConfig("bench", storage=storage))
            await bucket.put("x", b"0.25")
            yield _Nats(bucket)
        finally:
            await connection.close()


class Etcd:
    """A client of etcd over grpc.aio, like that of the bridge, with messages encoded by hand."""

    def __init__(self, channel: Any) -> None:
        self._range = channel.unary_unary("/etcdserverpb.KV/Range")
        self._put = channel.unary_unary("/etcdserverpb.KV/Put")

    async def get(self) -> object:
        return await self._range(b"\x0a\x01x")  # key = "x"

    async def set(self) -> object:
        return await self._put(b"\x0a\x01x\x12\x040.25")  # key = "x", value = "0.25"


@asynccontextmanager
async def etcd() -> AsyncIterator[System]:
    """Run one member of etcd, which has every write on disk before its answer."""
    peers = "http://127.0.0.1:{other}"
    async with (
        _program(
            *("etcd", "--data-dir", "{folder}", "--log-level", "error"),
            *("--listen-client-urls", "http://127.0.0.1:{port}"),
            *("--advertise-client-urls", "http://127.0.0.1:{port}"),
            *("--listen-peer-urls", peers),
        ) as port,
        connect(f"127.0.0.1:{port}") as channel,
    ):
        system = Etcd(channel)
        async with asyncio.timeout(START_TIMEOUT_S):
            while True:  # it listens before it has a leader
                try:
                    await system.set()
                    break
                except grpc.aio.AioRpcError:
                    await asyncio.sleep(0.05)
        yield system


def cpu_seconds(process: ServerProcess) -> float:
    """Return the processor time of a process in seconds, from Linux's /proc (utime and stime)."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
