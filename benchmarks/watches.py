"""Watching: fan-out to 1, 10, 100 and 1,000 watches, what an idle watch costs, what a stalled one does.

What is compared runs at the same time and in turn, a short block of updates each, on connections that are
open throughout: what the machine does besides meets both alike. A ratio is that of two blocks, one after
the other; shown are the median over all pairs, the quartiles, and the medians of the rounds.
"""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from client.worker import ServerProcess
from proto import snakepit_bridge_pb2 as pb

FAN_OUT = {1: (50, 40), 10: (50, 20), 100: (50, 10), 1000: (30, 3)}
"""How many pairs of blocks a round has, and how many updates a block, by the number of watches."""

STALLED = (100, 10)
READERS = 10
LONG = 100_000
"""Characters of the texts that fill what a stalled reader's connection takes in."""

IDLE = 1000
PATH = "/snakepit.bridge.BridgeService/"
TICKS = os.sysconf("SC_CLK_TCK")


class Side:
    """One contender: a server in a process of its own."""

    def __init__(self, name: str, process: ServerProcess) -> None:
        self.name = name
        self.process = process
        self.address = f"127.0.0.1:{process.wait_ready(15.0)}"

    @property
    def cpu(self) -> float:
        """Seconds of processor time that it has taken, as Linux tells it (proc(5), utime and stime)."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


class Audience:
    """Watches of a session's variable, whose client neither parses nor keeps what it receives."""

    def __init__(self, side: Side, channel: Any, session_id: str, streams: Sequence[Any]) -> None:
        self.side = side
        self._session_id = session_id
        self._streams = streams
        self._set = channel.unary_unary(PATH + "SetVariable")

    @classmethod
    async def gather(cls, stack: AsyncExitStack, side: Side, session_id: str, watches: int) -> Audience:
        """Make the session's variable and put the watches in place; ``stack`` closes them."""
        channel = await stack.enter_async_context(connect(side.address))
        await register(channel, session_id)
        return cls(side, channel, session_id, [await open_watch(channel, session_id) for _ in range(watches)])

    async def deliver(self, updates: int, text: str = "") -> list[float]:
        """Set, and set again when every watch has it; return the seconds that each update took."""
        taken = []
        for number in range(updates):
            request = set_request(self._session_id, f"{number}{text}")
            reads = [asyncio.ensure_future(stream.read()) for stream in self._streams]
            started = time.perf_counter()
            await self._set(request)
            await asyncio.gather(*reads)
            taken.append(time.perf_counter() - started)
        return taken


@dataclass
class Run:
    """What one contender did in one round.

    Attributes:
        blocks: the seconds that each update took, block by block.
        cpu: seconds of processor time of the server over all of them.
    """

    blocks: list[list[float]] = field(default_factory=list)
    cpu: float = 0.0


Round = tuple[Run, Run]


async def alternate(first: Audience, second: Audience, pairs: int, updates: int) -> Round:
    """Let each deliver a block in turn, so many times; neither one is always the one that begins."""
    for audience in (first, second):
        await audience.deliver(max(updates, 5))  # which do not count
    result = Run(), Run()
    turns = [*zip((first, second), result, strict=True)]
    gc.collect()
    gc.disable()  # the client's garbage is no matter of either side
    try:
        for pair in range(pairs):
            for audience, run in turns if pair % 2 else reversed(turns):
                before = audience.side.cpu
                run.blocks.append(await audience.deliver(updates))
                run.cpu += audience.side.cpu - before
    finally:
        gc.enable()
    return result


def ratios(result: Round) -> list[float]:
    """How many times as long the first one's blocks took as the second one's, pair by pair."""
    first, second = result
    return [sum(a) / sum(b) for a, b in zip(first.blocks, second.blocks, strict=True)]


def times(runs: Iterable[Run]) -> list[float]:
    """The seconds that each update took."""
    return [time for run in runs for block in run.blocks for time in block]


def measure(rounds: int) -> dict[str, Any]:
    """Run all of it, the bridge beside a bare grpc.aio server; print tables and return the figures."""
    command = [sys.executable, "-m", "server", "--port", "0", "--log-level", "warning"]
    raw = Side("raw", ServerProcess([sys.executable, "-m", "benchmarks.raw"]))
    bridge = Side("bridge", ServerProcess(command))
    fresh = Side("fresh bridge", ServerProcess(command))  # one that has no memory to use again
    try:
        return {
            "idle": idle(fresh),
            "fan_out": {str(count): fan_out(raw, bridge, count, rounds) for count in FAN_OUT},
            "stalled": stalled(bridge, rounds),
        }
    finally:
        for side in (raw, bridge, fresh):
            side.process.stop()


def fan_out(raw: Side, bridge: Side, watches: int, rounds: int) -> dict[str, Any]:
    """Updates a second that reach the readers, over all watches; and the ratio to the floor."""
    pairs, updates = FAN_OUT[watches]

    async def once(session_id: str) -> Round:
        async with AsyncExitStack() as stack:
            floor, judged = [
                await Audience.gather(stack, side, session_id, watches) for side in (raw, bridge)
            ]
            return await alternate(floor, judged, pairs, updates)

    results = [asyncio.run(once(f"fan-{watches}-{number}")) for number in range(rounds)]
    sides = {"raw": [result[0] for result in results], "bridge": [result[1] for result in results]}
    rates = {name: watches / statistics.median(times(runs)) for name, runs in sides.items()}
    cpu = {name: sum(run.cpu for run in runs) / len(times(runs)) / watches for name, runs in sides.items()}
    low, median, high = statistics.quantiles((one for result in results for one in ratios(result)), n=4)
    by_round = [statistics.median(ratios(result)) for result in results]
    print(
        f"fan-out to {watches:4} watches: raw {rates['raw']:6.0f}/s, bridge {rates['bridge']:6.0f}/s,"
        f" ratio {median:.2f}"
        f" (quartiles {low:.2f} to {high:.2f}, rounds {min(by_round):.2f} to {max(by_round):.2f});"
        f" processor time an update: raw {cpu['raw'] * 1e6:.0f} us, bridge {cpu['bridge'] * 1e6:.0f} us"
    )
    return {
        "per_s": rates,
        "ratio": median,
        "quartiles": [low, high],
        "rounds": by_round,
        "cpu_us": {name: seconds * 1e6 for name, seconds in cpu.items()},
    }


def idle(side: Side) -> dict[str, float]:
    """KiB of the server's memory for each idle watch."""

    async def grow() -> float:
        async with connect(side.address) as channel:
            await register(channel, "idle")
            kept = [await open_watch(channel, "idle") for _ in range(100)]  # what the first ones cost once
            before = side.process.resident_kib
            kept += [await open_watch(channel, "idle") for _ in range(IDLE)]
            return (side.process.resident_kib - before) / IDLE

    per_watch = asyncio.run(grow())
    print(f"an idle watch costs {per_watch:.1f} KiB")
    return {"kib_per_watch": per_watch}


def stalled(side: Side, rounds: int) -> dict[str, Any]:
    """The p99 of the delivery to ten readers, with one more that stopped reading, to that without."""
    pairs, updates = STALLED

    async def once(number: int) -> Round:
        async with AsyncExitStack() as stack:
            beside, free = [
                await Audience.gather(stack, side, f"{name}-{number}", READERS) for name in ("beside", "free")
            ]
            other = await stack.enter_async_context(connect(side.address))
            _unread = await open_watch(other, f"beside-{number}")  # and never a read
            for audience in (beside, free):
                await audience.deliver(20, LONG * "x")
            return await alternate(beside, free, pairs, updates)

    results = [asyncio.run(once(number)) for number in range(rounds)]
    ratio = p99(result[0] for result in results) / p99(result[1] for result in results)
    by_round = [p99([beside]) / p99([free]) for beside, free in results]
    low, median, high = statistics.quantiles((one for result in results for one in ratios(result)), n=4)
    print(
        f"p99 of delivery beside a stalled watch: {ratio:.2f} of that without (rounds {min(by_round):.2f} to"
        f" {max(by_round):.2f}); of all blocks: {median:.2f} (quartiles {low:.2f} to {high:.2f})"
    )
    return {"p99_ratio": ratio, "rounds": by_round, "ratio": median, "quartiles": [low, high]}


def p99(runs: Iterable[Run]) -> float:
    """The time that 99 of 100 updates keep within."""
    return statistics.quantiles(times(runs), n=100)[-1]


def connect(address: str) -> Any:
    """A channel without serializers: requests and replies are bytes, which its type does not allow."""
    return grpc.aio.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)])


async def open_watch(channel: Any, session_id: str) -> Any:
    """A watch of the variable, in place."""
    request = pb.WatchVariablesRequest(session_id=session_id, variable_identifiers=["x"])
    stream = channel.unary_stream(PATH + "WatchVariables")(request.SerializeToString())
    await stream.initial_metadata()
    return stream


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


def set_request(session_id: str, text: str) -> bytes:
    """A set of the variable."""
    request = pb.SetVariableRequest(session_id=session_id, variable_identifier="x")
    request.value.type_url = "type.googleapis.com/snakepit.string"
    request.value.value = f'"{text}"'.encode()
    return request.SerializeToString()
