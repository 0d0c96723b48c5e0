"""``python -m benchmarks.abusers NAME HOST:PORT``: somebody who means harm, until it is killed.

Says READY on stdout when it has begun. A process of its own: what it costs to attack is no matter of the
clients that are measured beside it.
"""

from __future__ import annotations

import asyncio
import os
import random
import struct
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import grpc

from benchmarks import requests
from benchmarks.baselines import PATH, UNREAD, connect

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = struct.pack(">I", 0)[1:] + b"\x04\x00" + struct.pack(">I", 0)
PACE = 0.002
"""Seconds between two blows of an attacker that strikes again and again: 500 a second."""


def _ready() -> None:
    print("READY", flush=True)


async def _open(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = address.rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def slow_loris(address: str) -> None:
    """500 connections that say their first words letter by letter, and never come to an end."""
    writers = [(await _open(address))[1] for _ in range(500)]
    _ready()
    for letter in PREFACE[:-1]:
        for writer in writers:
            with suppress(OSError):
                writer.write(bytes([letter]))
        await asyncio.sleep(1.0)
    await asyncio.Event().wait()


async def half_open(address: str) -> None:
    """500 connections that are made as they should be, and say nothing more, whatever is asked."""
    writers = []
    for _ in range(500):
        reader, writer = await _open(address)
        writer.write(PREFACE + SETTINGS)
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket can read too
        writers.append((reader, writer))
    _ready()
    await asyncio.Event().wait()


async def malformed(address: str) -> None:
    """Connections that go on with noise after their first words, again and again."""
    chance = random.Random(1)
    _ready()
    while True:
        with suppress(OSError):
            _, writer = await _open(address)
            writer.write(PREFACE + SETTINGS + chance.randbytes(2000))
            await writer.drain()
            await asyncio.sleep(PACE)
            writer.transport.abort()


async def oversize(address: str) -> None:
    """Messages above the limit, again and again."""
    unlimited = [("grpc.max_send_message_length", -1)]
    async with grpc.aio.insecure_channel(address, unlimited) as channel:
        call: Any = channel.unary_unary(PATH + "SetVariable")
        message = bytes(101 * 2**20)
        _ready()
        while True:
            with suppress(grpc.aio.AioRpcError):
                await call(message)
            await asyncio.sleep(1.0)


async def refused(address: str) -> None:
    """Values of 4 MB that are refused, ten a second."""
    async with connect(address) as channel:
        call = channel.unary_unary(PATH + "SetVariable")
        update = requests.set_text("nowhere", "x" * 4_000_000)
        _ready()
        while True:
            with suppress(grpc.aio.AioRpcError):
                await call(update)
            await asyncio.sleep(0.1)


async def streams(address: str) -> None:
    """5,000 watches on one connection."""
    async with connect(address) as channel:
        with suppress(grpc.aio.AioRpcError):
            await channel.unary_unary(PATH + "RegisterVariable")(requests.register("streams", "x"))
        watch = channel.unary_stream(PATH + "WatchVariables")
        opened = []
        for _ in range(5000):
            opened.append(watch(requests.watch("streams")))
            await opened[-1].initial_metadata()
        _ready()
        await asyncio.Event().wait()


async def stalled(address: str) -> None:
    """200 watches that never read, of a variable of 100 KB that is set again and again.

    It has begun when they have taken in what a connection takes in: until then they are like any readers.
    """
    async with connect(address, UNREAD) as channel:
        with suppress(grpc.aio.AioRpcError):
            await channel.unary_unary(PATH + "RegisterVariable")(requests.register("stalled", "x"))
        watch = channel.unary_stream(PATH + "WatchVariables")
        opened = [watch(requests.watch("stalled")) for _ in range(200)]
        for one in opened:
            await one.initial_metadata()
        call = channel.unary_unary(PATH + "SetVariable")
        update = requests.set_text("stalled", "x" * 100_000)
        for _ in range(10):
            await call(update)
        _ready()
        while True:
            await call(update)
            await asyncio.sleep(0.5)


async def sessions(address: str) -> None:
    """New sessions, again and again, until there may be no more."""
    async with connect(address) as channel:
        call = channel.unary_unary(PATH + "ListVariables")
        _ready()
        while True:
            with suppress(grpc.aio.AioRpcError):
                # An empty list opens a session: its id is field 1 of the request, 16 characters long.
                await call(b"\x0a\x10" + os.urandom(8).hex().encode())
            await asyncio.sleep(PACE)


async def strangers(address: str) -> None:
    """Calls with tokens that nobody gave out."""
    async with connect(address) as channel:
        call = channel.unary_unary(PATH + "GetVariable")
        _ready()
        while True:
            with suppress(grpc.aio.AioRpcError):
                await call(requests.GET, metadata=[("authorization", f"Bearer {os.urandom(16).hex()}")])
            await asyncio.sleep(PACE)


ATTACKERS: dict[str, Callable[[str], Coroutine[Any, Any, None]]] = {
    "slow-loris": slow_loris,
    "half-open": half_open,
    "malformed": malformed,
    "oversize": oversize,
    "refused": refused,
    "streams": streams,
    "stalled": stalled,
    "sessions": sessions,
    "strangers": strangers,
}
"""By name."""

if __name__ == "__main__":
    name, where = sys.argv[1:]
    with suppress(KeyboardInterrupt):
        asyncio.run(ATTACKERS[name](where))
