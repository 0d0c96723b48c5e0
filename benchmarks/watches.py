"""Watching: fan-out to 1, 10, 100 and 1,000 watches, what an idle watch costs, what a stalled one does."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from typing import Any

import grpc

from client.worker import ServerProcess
from proto import snakepit_bridge_pb2 as pb

FAN_OUT = {1: 2000, 10: 1000, 100: 300, 1000: 100}
"""How many updates go to how many watches."""

IDLE = 1000
PATH = "/snakepit.bridge.BridgeService/"


class Side:
    """One contender: a server, and a client of it that neither parses nor keeps what it receives."""

    def __init__(self, name: str, process: ServerProcess) -> None:
        self.name = name
        self.process = process
        self.address = f"127.0.0.1:{process.wait_ready(15.0)}"

    async def fan_out(self, watches: int, updates: int, session_id: str) -> list[float]:
        """Set, and set again when every watch has it; return the seconds that each update took."""
        async with connect(self.address) as channel:
            await register(channel, session_id)
            open_watch = channel.unary_stream(PATH + "WatchVariables")
            streams = [open_watch(watch_request(session_id)) for _ in range(watches)]
            for stream in streams:
                await stream.initial_metadata()
            set_variable = channel.unary_unary(PATH + "SetVariable")
            times = []
            for number in range(updates):
                reads = [asyncio.ensure_future(stream.read()) for stream in streams]
                started = time.perf_counter()
                await set_variable(set_request(session_id, number))
                await asyncio.gather(*reads)
                times.append(time.perf_counter() - started)
            for stream in streams:
                stream.cancel()
            return times


def measure(rounds: int) -> dict[str, Any]:
    """Run all of it, the bridge beside a bare grpc.aio server; print tables and return the figures."""
    sides = [
        Side("raw grpc.aio", ServerProcess([sys.executable, "-m", "benchmarks.raw"])),
        Side(
            "bridge", ServerProcess([sys.executable, "-m", "server", "--port", "0", "--log-level", "warning"])
        ),
    ]
    try:
        return {
            "fan_out": {str(count): fan_out(sides, count, FAN_OUT[count], rounds) for count in FAN_OUT},
            "idle": idle(sides[1]),
            "stalled": stalled(sides[1], rounds),
        }
    finally:
        for side in sides:
            side.process.stop()


def fan_out(sides: list[Side], watches: int, updates: int, rounds: int) -> dict[str, Any]:
    """Updates a second that reach the readers, over all watches; and the ratio to the floor."""
    rates: dict[str, list[float]] = {side.name: [] for side in sides}
    for number in range(rounds + 1):
        for side in sides:
            times = asyncio.run(side.fan_out(watches, updates, f"fan-{watches}-{number}"))
            if number:
                rates[side.name].append(watches * updates / sum(times))
    raw, bridge = (rates[side.name] for side in sides)
    ratio = statistics.median(b / r for b, r in zip(bridge, raw, strict=True))
    print(
        f"fan-out to {watches:5} watches: raw {statistics.median(raw):8.0f}/s,"
        f" bridge {statistics.median(bridge):8.0f}/s, ratio {ratio:.2f}"
    )
    return {"raw_per_s": raw, "bridge_per_s": bridge, "ratio": ratio}


def idle(side: Side) -> dict[str, float]:
    """KiB of the server's memory for each idle watch."""

    async def grow() -> float:
        async with connect(side.address) as channel:
            await register(channel, "idle")
            await open_watches(channel, 100)  # what the first ones cost once
            before = side.process.resident_kib
            await open_watches(channel, IDLE)
            return (side.process.resident_kib - before) / IDLE

    async def open_watches(channel: Any, count: int) -> None:
        for _ in range(count):
            stream = channel.unary_stream(PATH + "WatchVariables")(watch_request("idle"))
            kept.append(stream)
            await stream.initial_metadata()

    kept: list[Any] = []
    per_watch = asyncio.run(grow())
    print(f"an idle watch costs {per_watch:.1f} KiB")
    return {"kib_per_watch": per_watch}


def stalled(side: Side, rounds: int) -> dict[str, float]:
    """The p99 of the delivery to ten readers, with one more that stopped reading, to that without."""

    async def once(with_stalled: bool, session_id: str) -> float:
        async with connect(side.address) as other:
            if with_stalled:
                async with connect(side.address) as channel:
                    await register(channel, session_id)
                stream = other.unary_stream(PATH + "WatchVariables")(watch_request(session_id))
                await stream.initial_metadata()  # and never a read
            times = sorted(await side.fan_out(10, 1000, session_id))
            return times[int(len(times) * 0.99)]

    pairs = []
    for number in range(rounds):
        without = asyncio.run(once(False, f"free-{number}"))
        beside = asyncio.run(once(True, f"stalled-{number}"))
        pairs.append(beside / without)
    ratio = statistics.median(pairs)
    rounds_text = f"rounds {min(pairs):.2f} to {max(pairs):.2f}"
    print(f"p99 of delivery beside a stalled watch: {ratio:.2f} of that without ({rounds_text})")
    return {"p99_ratio": ratio}


def connect(address: str) -> Any:
    """A channel without serializers: requests and replies are bytes, which its type does not allow."""
    return grpc.aio.insecure_channel(address)


async def register(channel: Any, session_id: str) -> None:
    """Make the variable, where the server knows such a thing and does not have it yet."""
    request = pb.RegisterVariableRequest(session_id=session_id, name="x", type="string")
    request.initial_value.type_url = "type.googleapis.com/snakepit.string"
    request.initial_value.value = b'"first"'
    try:
        await channel.unary_unary(PATH + "RegisterVariable")(request.SerializeToString())
    except grpc.aio.AioRpcError as error:
        if error.code() not in (grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.ALREADY_EXISTS):
            raise


def watch_request(session_id: str) -> bytes:
    """A watch of the variable."""
    return pb.WatchVariablesRequest(session_id=session_id, variable_identifiers=["x"]).SerializeToString()


def set_request(session_id: str, number: int) -> bytes:
    """A set of the variable."""
    request = pb.SetVariableRequest(session_id=session_id, variable_identifier="x")
    request.value.type_url = "type.googleapis.com/snakepit.string"
    request.value.value = f'"{number}"'.encode()
    return request.SerializeToString()
