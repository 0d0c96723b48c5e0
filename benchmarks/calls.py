"""Single calls, calls in flight, and batches: beside the floor, and beside peers where they are installed."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from benchmarks import baselines, requests
from benchmarks.baselines import Contender
from benchmarks.figures import Figure, Target, spread
from benchmarks.interleave import at_once, one_by_one
from benchmarks.scale import Scale

Open = Callable[[], AbstractAsyncContextManager[Contender]]

OURS: dict[str, Open] = {"raw": baselines.raw, "bridge": baselines.bridge, "durable": baselines.durable}
THEIRS: dict[str, Open] = {
    "Redis": baselines.redis,
    "Redis, fsync": partial(baselines.redis, keeps=True),
    "NATS": baselines.nats,
    "NATS, files": partial(baselines.nats, keeps=True),
    "etcd": baselines.etcd,
}
BATCH = [f"v{number:02}" for number in range(100)]


async def measure(scale: Scale) -> list[Figure]:
    """A get and a set one by one, 32 sets in flight, and a hundred variables in one call."""
    opened = {**OURS, **{name: make for name, make in THEIRS.items() if _installed(name)}}
    times: dict[str, dict[str, list[list[float]]]] = {"get": {}, "set": {}}
    rates: dict[str, list[float]] = {}
    batches: dict[str, dict[str, list[list[float]]]] = {"get": {}, "set": {}}
    for number in range(scale.rounds):
        scale.progress("calls", number)
        async with _all(opened) as there:
            for method, found in times.items():
                asked = {name: getattr(one, method) for name, one in there.items()}
                for name, seconds in (await one_by_one(asked, scale.blocks, scale.calls)).items():
                    found.setdefault(name, []).append(seconds)
            asked = {name: one.set for name, one in there.items()}
            for name, found_rate in (await at_once(asked, scale.blocks // 4, scale.calls * 8)).items():
                rates.setdefault(name, []).append(found_rate)
            for method, found in batches.items():
                for name, seconds in (await _batches(there, method, scale)).items():
                    found.setdefault(name, []).append(seconds)
    return [
        ratio("get, p50", times["get"], "bridge", "raw", Target(1.10)),
        ratio("set, p50", times["set"], "bridge", "raw", Target(1.10)),
        ratio("durable set, p50, to one in memory", times["set"], "durable", "bridge", Target(1.6)),
        rate("32 sets in flight, calls a second", rates, "bridge", "raw", None),
        rate(
            "32 durable sets in flight, to those in memory",
            rates,
            "durable",
            "bridge",
            Target(0.7, at_least=True),
        ),
        ratio("100 variables read in one call, p50", batches["get"], "bridge", "raw", None),
        ratio("100 variables set in one call, p50", batches["set"], "bridge", "raw", None),
    ]


def _installed(name: str) -> bool:
    return not baselines.missing(name.partition(",")[0])


@asynccontextmanager
async def _all(opened: Mapping[str, Open]) -> AsyncIterator[dict[str, Any]]:
    async with AsyncExitStack() as stack:
        yield {name: await stack.enter_async_context(make()) for name, make in opened.items()}


async def _batches(there: Mapping[str, Any], method: str, scale: Scale) -> dict[str, list[float]]:
    """Seconds of calls that read or set a hundred variables."""
    asked = {}
    for name in ("raw", "bridge"):
        channel = there[name].channel
        await asyncio.gather(*(baselines.register(channel, requests.SESSION, one) for one in BATCH))
        if method == "get":
            call = there[name].call("GetVariables")
            asked[name] = partial(call, requests.get_many(requests.SESSION, BATCH))
        else:
            call = there[name].call("SetVariables")
            asked[name] = partial(call, requests.set_many(requests.SESSION, BATCH, "0.25"))
    return await one_by_one(asked, scale.blocks, max(5, scale.calls // 5))


def ratio(
    name: str, found: Mapping[str, list[list[float]]], one: str, other: str, target: Target | None
) -> Figure:
    """How many times as long the one takes as the other, by the medians of each round."""
    rounds = [
        statistics.median(a) / statistics.median(b) for a, b in zip(found[one], found[other], strict=True)
    ]
    context = {
        contender: spread([second for seconds in all_rounds for second in seconds])
        for contender, all_rounds in found.items()
    }
    return Figure(f"{name}: {one} / {other}", rounds, target, context=context)


def rate(name: str, rates: Mapping[str, list[float]], one: str, other: str, target: Target | None) -> Figure:
    """How many times as many calls a second the one takes as the other."""
    rounds = [a / b for a, b in zip(rates[one], rates[other], strict=True)]
    context = {contender: {"a second": statistics.median(found)} for contender, found in rates.items()}
    return Figure(f"{name}: {one} / {other}", rounds, target, context=context)
