"""Watching: delivery to 1, 10, 100 and 1,000 watches, one stream's rate, idle watches and stalled ones."""

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
"""How many pairs of blocks a round has, and how many updates a block, by the number of watches."""

TARGETS = {100: Target(0.9, at_least=True), 1000: Target(0.9, at_least=True)}
STALLED = (60, 10)
READERS = 10
LONG = 100_000
"""Characters of the texts that fill what a stalled reader's connection takes in."""

IDLE = 1000
PUSHED = [f"p{number:02}" for number in range(100)]
PUSHES = 20


class Audience:
    """Watches of a session's variable, whose client neither parses nor keeps what it receives."""

    def __init__(self, server: OverGrpc, session_id: str, streams: Sequence[Any]) -> None:
        self.server = server
        self._session_id = session_id
        self._streams = streams
        self._set = server.call("SetVariable")

    @classmethod
    async def gather(cls, server: OverGrpc, session_id: str, watches: int) -> Audience:
        """Make the session's variable and put the watches in place."""
        await baselines.register(server.channel, session_id, "x")
        return cls(server, session_id, [await open_watch(server.channel, session_id) for _ in range(watches)])

    def close(self) -> None:
        """End the watches."""
        for stream in self._streams:
            stream.cancel()

    async def deliver(self, updates: int, text: str = "") -> list[float]:
        """Set, and set again when every watch has it; return the seconds that each update took."""
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
    """What one contender did in one round.

    Attributes:
        blocks: the seconds that each update took, block by block.
        cpu: seconds of processor time of the server over all of them.
    """

    blocks: list[list[float]] = field(default_factory=list)
    cpu: float = 0.0


Round = tuple[Run, Run]


async def measure(scale: Scale) -> list[Figure]:
    """All of it, the bridge beside the floor."""
    fans: dict[int, list[Round]] = {count: [] for count in scale.watches}
    pushes: list[tuple[float, float]] = []
    stalls: list[Round] = []
    for number in range(scale.rounds):
        scale.progress("watches", number)
        async with baselines.raw() as floor, baselines.bridge() as judged:
            for count, found in fans.items():
                found.append(await _fan_out(floor, judged, count, scale))
            pushes.append(await _push(floor, judged))
            stalls.append(await _stalled(judged))
    return [
        *(_fanned(count, found) for count, found in fans.items()),
        Figure(
            "one watch of 100 variables set in batches: bridge / raw",
            [b / a for a, b in pushes],
            context={
                "raw": {"updates/s": statistics.median(a for a, _ in pushes)},
                "bridge": {"updates/s": statistics.median(b for _, b in pushes)},
            },
        ),
        Figure(
            "p99 of delivery beside a stalled watch / without",
            [_p99(beside) / _p99(free) for beside, free in stalls],
        ),
        Figure("memory for an idle watch", [await _idle()], Target(30), unit="KiB"),
    ]


async def alternate(first: Audience, second: Audience, pairs: int, updates: int) -> Round:
    """Let each deliver a block in turn, so many times; neither one is always the one that begins."""
    for audience in (first, second):
        await audience.deliver(max(updates, 5))  # which do not count
    result = Run(), Run()
    turns = [*zip((first, second), result, strict=True)]
    with undisturbed():
        for pair in range(pairs):
            for audience, run in turns if pair % 2 else reversed(turns):
                before = baselines.cpu_seconds(audience.server.process)
                run.blocks.append(await audience.deliver(updates))
                run.cpu += baselines.cpu_seconds(audience.server.process) - before
    return result


async def _fan_out(floor: OverGrpc, judged: OverGrpc, watches: int, scale: Scale) -> Round:
    pairs, updates = FAN_OUT[watches]
    sides = [await Audience.gather(side, f"fan-{watches}", watches) for side in (floor, judged)]
    try:
        return await alternate(sides[0], sides[1], max(2, pairs * scale.blocks // 24), updates)
    finally:
        for side in sides:
            side.close()


def _fanned(watches: int, rounds: Sequence[Round]) -> Figure:
    """Updates a second that reach the readers, over all watches, to the floor's."""
    context = {}
    for name, runs in (("raw", [a for a, _ in rounds]), ("bridge", [b for _, b in rounds])):
        seconds = _times(runs)
        context[name] = {
            "updates/s": watches / statistics.median(seconds),
            "server us/update": 1e6 * sum(run.cpu for run in runs) / len(seconds) / watches,
            **(spread(seconds) if watches == 1 else {}),
        }
    return Figure(
        f"updates fanned out to {watches:,} watch{'es' if watches > 1 else ''}, a second: bridge / raw",
        [statistics.median(_times([a])) / statistics.median(_times([b])) for a, b in rounds],
        TARGETS.get(watches),
        context=context,
    )


async def _push(floor: OverGrpc, judged: OverGrpc) -> tuple[float, float]:
    """Updates a second over one stream, where batches of a hundred follow each other."""
    rates: dict[str, list[float]] = {"raw": [], "bridge": []}
    sides = {}
    for name, server in (("raw", floor), ("bridge", judged)):
        for one in PUSHED:
            await baselines.register(server.channel, "push", one)
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


async def _stalled(judged: OverGrpc) -> Round:
    """The delivery to ten readers, with one more that stopped reading, and that without."""
    async with AsyncExitStack() as stack:
        sides = [await Audience.gather(judged, name, READERS) for name in ("beside", "free")]
        address = f"127.0.0.1:{judged.process.port}"
        other = await stack.enter_async_context(baselines.connect(address, baselines.UNREAD))
        _unread = await open_watch(other, "beside")  # and never a read
        for side in sides:
            await side.deliver(20, LONG * "x")
        found = await alternate(sides[0], sides[1], *STALLED)
        for side in sides:
            side.close()
        return found


async def _idle() -> float:
    """KiB of the server's memory for each idle watch."""
    async with baselines.bridge() as one:
        kept = [await open_watch(one.channel, requests.SESSION) for _ in range(100)]  # what the first cost
        before = one.process.resident_kib
        kept += [await open_watch(one.channel, requests.SESSION) for _ in range(IDLE)]
        return (one.process.resident_kib - before) / IDLE


async def open_watch(channel: Any, session_id: str, names: Sequence[str] = ("x",)) -> Any:
    """A watch, in place."""
    stream = channel.unary_stream(PATH + "WatchVariables")(requests.watch(session_id, names))
    await stream.initial_metadata()
    return stream


def _times(runs: Iterable[Run]) -> list[float]:
    """The seconds that each update took."""
    return [time for run in runs for block in run.blocks for time in block]


def _p99(run: Run) -> float:
    """The time that 99 of 100 updates keep within."""
    return statistics.quantiles(_times([run]), n=100)[-1]
