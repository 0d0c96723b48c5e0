"""The benchmark of single calls, concurrent calls and batches, for the bridge, the raw server and peers."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from benchmarks import baselines, requests
from benchmarks.baselines import System
from benchmarks.figures import Figure, Target, spread
from benchmarks.interleave import at_once, one_by_one
from benchmarks.scale import Scale

Open = Callable[[], AbstractAsyncContextManager[System]]

OURS: dict[str, Open] = {
    "raw": baselines.raw,
    "echo": baselines.echo,
    "bridge": baselines.bridge,
    "durable": baselines.durable,
}
THEIRS: dict[str, Open] = {
    "Redis": baselines.redis,
    "Redis, fsync": partial(baselines.redis, persistent=True),
    "NATS": baselines.nats,
    "NATS, files": partial(baselines.nats, persistent=True),
    "etcd": baselines.etcd,
}
BATCH = [f"v{number:02}" for number in range(100)]


async def measure(scale: Scale) -> list[Figure]:
    """Measure single gets and sets, 32 concurrent sets, and a hundred variables in one call."""
    opened = {**OURS, **{name: run for name, run in THEIRS.items() if _installed(name)}}
    times: dict[str, dict[str, list[list[float]]]] = {"get": {}, "set": {}}
    rates: dict[str, list[float]] = {}
    batches: dict[str, dict[str, list[list[float]]]] = {"get": {}, "set": {}}
    for number in range(scale.rounds):
        scale.progress("calls", number)
        async with _all(opened) as systems:
            for method, rounds in times.items():
                functions = {name: getattr(system, method) for name, system in systems.items()}
                for name, seconds in (await one_by_one(functions, scale.blocks, scale.calls)).items():
                    rounds.setdefault(name, []).append(seconds)
            functions = {name: system.set for name, system in systems.items()}
            per_second = await at_once(functions, scale.blocks // 4, scale.calls * 8)
            for name, calls_per_second in per_second.items():
                rates.setdefault(name, []).append(calls_per_second)
            for method, rounds in batches.items():
                for name, seconds in (await _batches(systems, method, scale)).items():
                    rounds.setdefault(name, []).append(seconds)
    return [
        ratio("get, p50", times["get"], "bridge", "raw", Target(1.10)),
        ratio("set, p50", times["set"], "bridge", "raw", Target(1.10)),
        ratio("set, p50", times["set"], "bridge", "echo", Target(1.12)),
        ratio("durable set, p50, to one in memory", times["set"], "durable", "bridge", Target(1.6)),
        rate("32 concurrent sets, calls per second", rates, "bridge", "raw", None),
        rate(
            "32 concurrent durable sets, to those in memory",
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
        yield {name: await stack.enter_async_context(run()) for name, run in opened.items()}


async def _batches(systems: Mapping[str, Any], method: str, scale: Scale) -> dict[str, list[float]]:
    """Return the durations of calls that read or set a hundred variables, in seconds, by system."""
    functions = {}
    for name in ("raw", "bridge"):
        channel = systems[name].channel
        await asyncio.gather(*(baselines.register(channel, requests.SESSION, variable) for variable in BATCH))
        if method == "get":
            call = systems[name].call("GetVariables")
            functions[name] = partial(call, requests.get_many(requests.SESSION, BATCH))
        else:
            call = systems[name].call("SetVariables")
            functions[name] = partial(call, requests.set_many(requests.SESSION, BATCH, "0.25"))
    return await one_by_one(functions, scale.blocks, max(5, scale.calls // 5))


def ratio(
    name: str, times: Mapping[str, list[list[float]]], subject: str, baseline: str, target: Target | None
) -> Figure:
    """Return the figure of the ratio of two systems' durations, from the medians of each round."""
    rounds = [
        statistics.median(a) / statistics.median(b)
        for a, b in zip(times[subject], times[baseline], strict=True)
    ]
    context = {
        system: spread([second for seconds in all_rounds for second in seconds])
        for system, all_rounds in times.items()
    }
    return Figure(f"{name}: {subject} / {baseline}", rounds, target, context=context)


def rate(
    name: str, rates: Mapping[str, list[float]], subject: str, baseline: str, target: Target | None
) -> Figure:
    """Return the figure of the ratio of two systems' calls per second in each round."""
    rounds = [a / b for a, b in zip(rates[subject], rates[baseline], strict=True)]
    context = {system: {"per second": statistics.median(values)} for system, values in rates.items()}
    return Figure(f"{name}: {subject} / {baseline}", rounds, target, context=context)
