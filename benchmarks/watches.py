"""The benchmark of watches: fan-out to up to 1,000 watches, one stream's rate, idle and stalled watches."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from benchmarks import baselines, requests
from benchmarks.baselines import PATH, OverGrpc
from benchmarks.figures import Figure, Target, spread
from benchmarks.interleave import undisturbed
from benchmarks.scale import Scale

FAN_OUT = {1: (40, 20), 10: (40, 10), 100: (30, 5), 1000: (12, 3)}
"""The numbers of pairs of blocks in a round and of updates in a block, by the number of watches."""

TARGETS = {100: Target(0.9, at_least=True), 1000: Target(0.9, at_least=True)}
STALLED = (60, 10)
READERS = 10
LONG = 100_000
"""The number of characters of the texts that fill the receive window of a stalled reader."""

IDLE = 1000
PUSHED = [f"p{number:02}" for number in range(100)]
PUSHES = 20


class Audience:
    """A group of watches of one variable, whose client neither parses nor stores updates."""

    def __init__(self, server: OverGrpc, session_id: str, streams: Sequence[Any]) -> None:
        self.server = server
        self._session_id = session_id
        self._streams = streams
        self._set = server.call("SetVariable")

    @classmethod
    async def gather(cls, server: OverGrpc, session_id: str, watches: int) -> Audience:
        """Register the variable "x" in a session, and open ``watches`` watches of it."""
        await baselines.register(server.channel, session_id, "x")
        return cls(server, session_id, [await open_watch(server.channel, session_id) for _ in range(watches)])

    def close(self) -> None:
        """Close the watches."""
        for stream in self._streams:
            stream.cancel()

    async def deliver(self, updates: int, text: str = "") -> list[float]:
        """Set the variable repeatedly, each time after every watch has received the update before.

        Returns:
            The duration of the delivery of each update, in seconds.
        """
        taken = []
        for number in range(updates):
            request = requests.set_text(self._session_id, f"{number}{text}")
            reads = [asyncio.ensure_future(stream.read()) for stream in self._streams]
            started = time.perf_counter()
            await self._set(request)
            await asyncio.gather(*reads)
            taken.append(time.perf_counter() - started)
        return taken


@dataclass
class Run:
    """The measurements of one system in one round.

    Attributes:
        blocks: the duration of each update's delivery in seconds, by block.
        cpu: the processor time of the server over all blocks, in seconds.
    """

    blocks: list[list[float]] = field(default_factory=list)
    cpu: float = 0.0


Round = tuple[Run, Run]


async def measure(scale: Scale) -> list[Figure]:
    """Measure fan-out, one stream, a stalled watch and idle watches, for the bridge and the raw server."""
    fans: dict[int, list[Round]] = {count: [] for count in scale.watches}
    pushes: list[tuple[float, float]] = []
    stalls: list[Round] = []
    for number in range(scale.rounds):
        scale.progress("watches", number)
        async with baselines.raw() as raw, baselines.bridge() as bridge:
            for count, rounds in fans.items():
                rounds.append(await _fan_out(raw, bridge, count, scale))
            pushes.append(await _push(raw, bridge))
            stalls.append(await _stalled(bridge))
    return [
        *(_fan_out_figure(count, rounds) for count, rounds in fans.items()),
        Figure(
            "one watch of 100 variables set in batches: bridge / raw",
            [b / a for a, b in pushes],
            context={
                "raw": {"updates/s": statistics.median(a for a, _ in pushes)},
                "bridge": {"updates/s": statistics.median(b for _, b in pushes)},
            },
        ),
        Figure(
            "p99 of delivery with a stalled watch / without",
            [_p99(stalled) / _p99(free) for stalled, free in stalls],
        ),
        Figure("memory for an idle watch", [await _idle()], Target(30), unit="KiB"),
    ]


async def alternate(first: Audience, second: Audience, pairs: int, updates: int) -> Round:
    """Measure a block of each audience in turn, ``pairs`` times, in alternating order."""
    for audience in (first, second):
        await audience.deliver(max(updates, 5))  # the warm-up, which does not count
    result = Run(), Run()
    turns = [*zip((first, second), result, strict=True)]
    with undisturbed():
        for pair in range(pairs):
            for audience, run in turns if pair % 2 else reversed(turns):
                before = baselines.cpu_seconds(audience.server.process)
                run.blocks.append(await audience.deliver(updates))
                run.cpu += baselines.cpu_seconds(audience.server.process) - before
    return result


async def _fan_out(raw: OverGrpc, bridge: OverGrpc, watches: int, scale: Scale) -> Round:
    pairs, updates = FAN_OUT[watches]
    sides = [await Audience.gather(side, f"fan-{watches}", watches) for side in (raw, bridge)]
    try:
        return await alternate(sides[0], sides[1], max(2, pairs * scale.blocks // 24), updates)
    finally:
        for side in sides:
            side.close()


def _fan_out_figure(watches: int, rounds: Sequence[Round]) -> Figure:
    """Return the updates per second that reach the readers, relative to the raw server."""
    context = {}
    for name, runs in (("raw", [a for a, _ in rounds]), ("bridge", [b for _, b in rounds])):
        seconds = _times(runs)
        context[name] = {
            "updates/s": watches / statistics.median(seconds),
            "server us/update": 1e6 * sum(run.cpu for run in runs) / len(seconds) / watches,
            **(spread(seconds) if watches == 1 else {}),
        }
    return Figure(
        f"updates fanned out to {watches:,} watch{'es' if watches > 1 else ''}, per second: bridge / raw",
        [statistics.median(_times([a])) / statistics.median(_times([b])) for a, b in rounds],
        TARGETS.get(watches),
        context=context,
    )


async def _push(raw: OverGrpc, bridge: OverGrpc) -> tuple[float, float]:
    """Return the updates per second over one stream during consecutive batches of a hundred sets."""
    rates: dict[str, list[float]] = {"raw": [], "bridge": []}
    sides = {}
    for name, server in (("raw", raw), ("bridge", bridge)):
        for variable in PUSHED:
            await baselines.register(server.channel, "push", variable)
        stream = await open_watch(server.channel, "push", PUSHED)
        sides[name] = server.call("SetVariables"), stream
    for turn in range(6):
        for name, (call, stream) in sides.items():
            started = time.perf_counter()
            writing = asyncio.ensure_future(_write(call))
            for _ in range(PUSHES * len(PUSHED)):
                await stream.read()
            if turn:
                rates[name].append(PUSHES * len(PUSHED) / (time.perf_counter() - started))
            await writing
    for _, stream in sides.values():
        stream.cancel()
    return statistics.median(rates["raw"]), statistics.median(rates["bridge"])


async def _write(call: Any) -> None:
    for number in range(PUSHES):
        await call(requests.set_many("push", PUSHED, str(number)))


async def _stalled(bridge: OverGrpc) -> Round:
    """Measure the delivery to ten readers, with and without an additional reader that does not read."""
    async with AsyncExitStack() as stack:
        sides = [await Audience.gather(bridge, name, READERS) for name in ("stalled", "free")]
        address = f"127.0.0.1:{bridge.process.port}"
        other = await stack.enter_async_context(baselines.connect(address, baselines.UNREAD))
        _unread = await open_watch(other, "stalled")  # never read
        for side in sides:
            await side.deliver(20, LONG * "x")
        result = await alternate(sides[0], sides[1], *STALLED)
        for side in sides:
            side.close()
        return result


async def _idle() -> float:
    """Return the server's memory for each idle watch, in KiB."""
    async with baselines.bridge() as bridge:
        # The first watches also pay for memory that later ones share.
        streams = [await open_watch(bridge.channel, requests.SESSION) for _ in range(100)]
        before = bridge.process.resident_kib
        streams += [await open_watch(bridge.channel, requests.SESSION) for _ in range(IDLE)]
        return (bridge.process.resident_kib - before) / IDLE


async def open_watch(channel: Any, session_id: str, names: Sequence[str] = ("x",)) -> Any:
    """Open a watch, and wait until the server has confirmed it."""
    stream = channel.unary_stream(PATH + "WatchVariables")(requests.watch(session_id, names))
    await stream.initial_metadata()
    return stream


def _times(runs: Iterable[Run]) -> list[float]:
    """Return the duration of each update's delivery, in seconds."""
    return [time for run in runs for block in run.blocks for time in block]


def _p99(run: Run) -> float:
    """Return the p99 of the delivery of an update in a run, in seconds."""
    return statistics.quantiles(_times([run]), n=100)[-1]
