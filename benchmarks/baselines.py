"""Who is compared: the floor, the bridge, and the peers that a user might pick instead.

Each is a server in a process of its own, on a free port of loopback, and a client on grpc.aio or what the
peer's own client is. A process can be a quarter slower than its twin for as long as it lives, by where its
threads and memory came to lie: so every round starts all of them anew.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import grpc

from benchmarks import requests
from varbridge.process import ServerProcess

PATH = "/snakepit.bridge.BridgeService/"
BRIDGE = (sys.executable, "-m", "server", "--port", "0", "--log-level", "warning")
RAW = (sys.executable, "-m", "benchmarks.raw")

PEERS = {
    "Redis": ("redis-server", "redis", "apt-get install redis-server; pip install redis"),
    "NATS": ("nats-server", "nats", "apt-get install nats-server; pip install nats-py"),
    "etcd": ("etcd", "", "apt-get install etcd-server"),
}
"""By name: the program, the module of its client ("" where none is needed), and how to get both."""

PATIENCE = 15.0
"""Seconds that a server may take to be there."""


class Contender(Protocol):
    """Something that keeps a value under a name."""

    async def get(self) -> object:
        """Read it."""
        ...

    async def set(self) -> object:
        """Write it."""
        ...


class OverGrpc:
    """The floor or the bridge: requests are bytes made before, and replies are not parsed."""

    def __init__(self, channel: Any, process: ServerProcess) -> None:
        self.channel = channel
        self.process = process
        self._get = channel.unary_unary(PATH + "GetVariable")
        self._set = channel.unary_unary(PATH + "SetVariable")

    def call(self, method: str) -> Callable[[bytes], Awaitable[bytes]]:
        """A method by its name."""
        made: Callable[[bytes], Awaitable[bytes]] = self.channel.unary_unary(PATH + method)
        return made

    async def get(self) -> object:
        return await self._get(requests.GET)

    async def set(self) -> object:
        return await self._set(requests.SET)


@asynccontextmanager
async def over_grpc(*command: str) -> AsyncIterator[OverGrpc]:
    """The floor or the bridge, with one variable."""
    process = ServerProcess(command)
    try:
        port = process.wait_ready(PATIENCE)
        async with connect(f"127.0.0.1:{port}") as channel:
            await register(channel, requests.SESSION, "x")
            yield OverGrpc(channel, process)
    finally:
        process.stop()


UNREAD = ("grpc.http2.bdp_probe", 0)
"""An option of channels: a stream that nobody reads takes in 64 KiB. Without it gRPC looks for what the line
would bear, finds that it bears all, and takes in megabytes, or with many streams all that there is."""


def connect(address: str, *options: tuple[str, Any]) -> Any:
    """A channel without serializers: requests and replies are bytes, which its type does not allow."""
    return grpc.aio.insecure_channel(
        address, [("grpc.use_local_subchannel_pool", 1), *requests.OPTIONS, *options]
    )


async def register(channel: Any, session_id: str, name: str) -> None:
    """Make a variable, where the server knows such a thing and does not have it yet."""
    try:
        await channel.unary_unary(PATH + "RegisterVariable")(requests.register(session_id, name))
    except grpc.aio.AioRpcError as error:
        if error.code() not in (grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.ALREADY_EXISTS):
            raise


@asynccontextmanager
async def bridge(*flags: str, within: Sequence[str] = ()) -> AsyncIterator[OverGrpc]:
    """The bridge, in memory; run by another command where there is one to run it within."""
    async with over_grpc(*within, *BRIDGE, *flags) as contender:
        yield contender


@asynccontextmanager
async def durable() -> AsyncIterator[OverGrpc]:
    """The bridge with a data directory."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        async with over_grpc(*BRIDGE, "--data-dir", folder) as contender:
            yield contender


@asynccontextmanager
async def raw() -> AsyncIterator[OverGrpc]:
    """The floor."""
    async with over_grpc(*RAW) as contender:
        yield contender


def missing(name: str) -> str:
    """What of a peer is not installed; empty where it is all there."""
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
    """A program that listens on a free port; ``{port}`` and ``{folder}`` stand for what it is to use."""
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        filled = [
            part.format(port=port, folder=folder, other=_free_port() if "{other}" in part else 0)
            for part in command
        ]
        process = subprocess.Popen(
            filled, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            await asyncio.wait_for(_listening(port), PATIENCE)
            yield port
        finally:
            process.terminate()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


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
async def redis(*, keeps: bool = False) -> AsyncIterator[Contender]:
    """Redis, in memory or with every write on the disk before its answer."""
    from redis.asyncio import Redis

    kept = ("--appendonly", "yes", "--appendfsync", "always") if keeps else ("--appendonly", "no")
    async with _program(
        *("redis-server", "--port", "{port}", "--bind", "127.0.0.1", "--save", "", "--dir", "{folder}"), *kept
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
async def nats(*, keeps: bool = False) -> AsyncIterator[Contender]:
    """NATS JetStream's key-value store, in memory or in files (which it syncs every two minutes)."""
    import nats as client
    from nats.js.api import KeyValueConfig, StorageType

    async with _program(
        "nats-server", "--jetstream", "--addr", "127.0.0.1", "--port", "{port}", "--store_dir", "{folder}"
    ) as port:
        connection = await client.connect(f"nats://127.0.0.1:{port}")
        try:
            storage = StorageType.FILE if keeps else StorageType.MEMORY
            bucket = await connection.jetstream().create_key_value(KeyValueConfig("bench", storage=storage))
            await bucket.put("x", b"0.25")
            yield _Nats(bucket)
        finally:
            await connection.close()


class Etcd:
    """Over grpc.aio, as the bridge is asked; the messages are few enough to stand here as bytes."""

    def __init__(self, channel: Any) -> None:
        self._range = channel.unary_unary("/etcdserverpb.KV/Range")
        self._put = channel.unary_unary("/etcdserverpb.KV/Put")

    async def get(self) -> object:
        return await self._range(b"\x0a\x01x")  # key = "x"

    async def set(self) -> object:
        return await self._put(b"\x0a\x01x\x12\x040.25")  # key = "x", value = "0.25"


@asynccontextmanager
async def etcd() -> AsyncIterator[Contender]:
    """One member of etcd, which has every write on the disk before its answer."""
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
        contender = Etcd(channel)
        async with asyncio.timeout(PATIENCE):
            while True:  # it listens before it has a leader
                try:
                    await contender.set()
                    break
                except grpc.aio.AioRpcError:
                    await asyncio.sleep(0.05)
        yield contender


def cpu_seconds(process: ServerProcess) -> float:
    """Seconds of processor time that it has taken, as Linux tells it (proc(5), utime and stime)."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
