"""Clients that attack a bridge until they are killed: ``python -m benchmarks.abusers NAME HOST:PORT``.

An attacker prints READY on stdout when it has begun. It is a process of its own, so that its work does not
slow down the clients that are measured.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import struct
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import grpc
from google.protobuf.message import Message

from benchmarks import requests
from benchmarks.baselines import PATH, UNREAD, connect
from varbridge.messages import snakepit_bridge_pb2 as pb

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = struct.pack(">I", 0)[1:] + b"\x04\x00" + struct.pack(">I", 0)
INTERVAL_S = 0.002
"""The time between two actions of a repeating attacker, in seconds: 500 actions per second."""


def _ready() -> None:
    print("READY", flush=True)


async def _open(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = address.rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def slow_loris(address: str) -> None:
    """Open 500 connections that send one byte of the HTTP/2 preface per second, and never complete it."""
    writers = [(await _open(address))[1] for _ in range(500)]
    _ready()
    for letter in PREFACE[:-1]:
        for writer in writers:
            with suppress(OSError):
                writer.write(bytes([letter]))
        await asyncio.sleep(1.0)
    await asyncio.Event().wait()


async def half_open(address: str) -> None:
    """Open 500 connections correctly, then send nothing more, not even answers to pings."""
    writers = []
    for _ in range(500):
        reader, writer = await _open(address)
        writer.write(PREFACE + SETTINGS)
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket can read too
        writers.append((reader, writer))
    _ready()
    await asyncio.Event().wait()


async def malformed(address: str) -> None:
    """Open connections repeatedly that send noise after the HTTP/2 preface."""
    chance = random.Random(1)
    _ready()
    while True:
        with suppress(OSError):
            _, writer = await _open(address)
            writer.write(PREFACE + SETTINGS + chance.randbytes(2000))
            await writer.drain()
            await asyncio.sleep(INTERVAL_S)
            writer.transport.abort()


async def oversize(address: str) -> None:
    """Send messages above the size limit, repeatedly."""
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
    """Set a variable of an unknown session to 4 MB, ten times per second; every set is refused."""
    async with connect(address) as channel:
        call = channel.unary_unary(PATH + "SetVariable")
        update = requests.set_text("nowhere", "x" * 4_000_000)
        _ready()
        while True:
            with suppress(grpc.aio.AioRpcError):
                await call(update)
            await asyncio.sleep(0.1)


async def streams(address: str) -> None:
    """Open 5,000 watches on one connection."""
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
    """Open 200 watches that never read their updates, and set the watched variable to 100 KB repeatedly.

    READY is printed when the receive windows of the watches are full: until then they are like any readers.
    """
    async with connect(address, UNREAD) as channel:
        with suppress(grpc.aio.AioRpcError):
            await channel.unary_unary(PATH + "RegisterVariable")(requests.register("stalled", "x"))
        watch = channel.unary_stream(PATH + "WatchVariables")
        opened = [watch(requests.watch("stalled")) for _ in range(200)]
        for stream in opened:
            await stream.initial_metadata()
        call = channel.unary_unary(PATH + "SetVariable")
        update = requests.set_text("stalled", "x" * 100_000)
        for _ in range(10):
            await call(update)
        _ready()
        while True:
            await call(update)
            await asyncio.sleep(0.5)


async def sessions(address: str) -> None:
    """Open new sessions repeatedly, up to the bridge's limit and beyond it, where they are refused."""
    async with connect(address) as channel:
        call = channel.unary_unary(PATH + "ListVariables")
        _ready()
        while True:
            with suppress(grpc.aio.AioRpcError):
                # An empty list opens a session: its id is field 1 of the request, 16 characters long.
                await call(b"\x0a\x10" + os.urandom(8).hex().encode())
            await asyncio.sleep(INTERVAL_S)


async def strangers(address: str) -> None:
    """Call GetVariable repeatedly, each time with another random token."""
    async with connect(address) as channel:
        call = channel.unary_unary(PATH + "GetVariable")
        _ready()
        while True:
            with suppress(grpc.aio.AioRpcError):
                await call(requests.GET, metadata=[("authorization", f"Bearer {os.urandom(16).hex()}")])
            await asyncio.sleep(INTERVAL_S)


async def _repeat(address: str, method: str, request: Message, *before: tuple[str, Message]) -> None:
    """Make some calls, and then the same call repeatedly, four at a time."""
    async with connect(address) as channel:
        for name, first in before:
            await channel.unary_unary(PATH + name)(first.SerializeToString())
        call = channel.unary_unary(PATH + method)
        data = request.SerializeToString()

        async def repeat() -> None:
            while True:
                with suppress(grpc.aio.AioRpcError):
                    await call(data)

        _ready()
        await asyncio.gather(*(repeat() for _ in range(4)))


def _registration(kind: str, value: bytes, name: str = "x", constraints: str = "") -> tuple[str, Message]:
    request = pb.RegisterVariableRequest(
        session_id="large", name=name, type=kind, constraints_json=constraints
    )
    request.initial_value.type_url = requests.TYPE + kind
    request.initial_value.value = value
    return "RegisterVariable", request


async def arrays(address: str) -> None:
    """Set an embedding to 190,000 numbers of 17 digits in JSON."""
    update = pb.SetVariableRequest(session_id="large", variable_identifier="x")
    update.value.type_url = requests.TYPE + "embedding"
    update.value.value = json.dumps([random.random() for _ in range(190_000)]).encode()
    await _repeat(address, "SetVariable", update, _registration("embedding", b"[1]"))


async def unusual_arrays(address: str) -> None:
    """Set an embedding to as many numbers in unusual forms as are parsed."""
    update = pb.SetVariableRequest(session_id="large", variable_identifier="x")
    update.value.type_url = requests.TYPE + "embedding"
    update.value.value = b"[" + b",".join([b"1e005"] * 49_990) + b"]"
    await _repeat(address, "SetVariable", update, _registration("embedding", b"[1]"))


NUMBERS = [_registration("float", b"0.5", f"x{number}") for number in range(10_000)]


async def lists(address: str) -> None:
    """List 10,000 variables."""
    await _repeat(address, "ListVariables", pb.ListVariablesRequest(session_id="large"), *NUMBERS)


async def openings(address: str) -> None:
    """Open a session of 10,000 variables."""
    await _repeat(address, "InitializeSession", pb.InitializeSessionRequest(session_id="large"), *NUMBERS)


async def batches(address: str) -> None:
    """Set 10,000 variables in an atomic batch."""
    update = pb.BatchSetVariablesRequest(session_id="large", atomic=True)
    for number in range(10_000):
        update.updates[f"x{number}"].type_url = requests.TYPE + "float"
        update.updates[f"x{number}"].value = b"0.25"
    await _repeat(address, "SetVariables", update, *NUMBERS)


async def globs(address: str) -> None:
    """List variables by a pattern of ten million asterisks."""
    request = pb.ListVariablesRequest(session_id="large", pattern="*" * 10_000_000)
    await _repeat(address, "ListVariables", request, *NUMBERS[:100])


async def patterns(address: str) -> None:
    """Register variables with patterns that take long to compile."""
    _, request = _registration("string", b'"x"', constraints='{"pattern": "(\\\\pL{1,30}){10}"}')
    await _repeat(address, "RegisterVariable", request)


async def choices(address: str) -> None:
    """Set a choice to a value that is none of 100,000 choices."""
    names = json.dumps({"choices": [f"a-model-with-a-rather-long-name-{n}" for n in range(100_000)]})
    update = pb.SetVariableRequest(session_id="large", variable_identifier="x")
    update.value.type_url = requests.TYPE + "choice"
    update.value.value = b'"other"'
    first = _registration("choice", b'"a-model-with-a-rather-long-name-0"', constraints=names)
    await _repeat(address, "SetVariable", update, first)


async def followers(address: str) -> None:
    """Set a variable that 5,000 others follow."""
    before = [
        *NUMBERS[:5_001],
        *(
            (
                "AddDependency",
                pb.AddDependencyRequest(session_id="large", from_variable="x0", to_variable=f"x{number}"),
            )
            for number in range(1, 5_001)
        ),
    ]
    update = pb.SetVariableRequest(session_id="large", variable_identifier="x0")
    update.value.type_url = requests.TYPE + "float"
    update.value.value = b"0.25"
    await _repeat(address, "SetVariable", update, *before)


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
    "arrays": arrays,
    "unusual-arrays": unusual_arrays,
    "lists": lists,
    "openings": openings,
    "batches": batches,
    "globs": globs,
    "patterns": patterns,
    "choices": choices,
    "followers": followers,
}
"""The attacks by their names on the command line."""

if __name__ == "__main__":
    name, target_address = sys.argv[1:]
    with suppress(KeyboardInterrupt):
        asyncio.run(ATTACKERS[name](target_address))
