"""What an attacker does to everybody else: the p99 of a get beside one, and the memory that stays behind."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmarks import baselines, requests
from benchmarks.abusers import ATTACKERS
from benchmarks.baselines import OverGrpc
from benchmarks.figures import Figure, Target
from benchmarks.interleave import undisturbed
from benchmarks.scale import Scale

DEPLOYED = ("env", "PYTHONMALLOC=malloc")
"""How the files in ``deploy/`` start a bridge: what was taken in a flood is given back after it."""

PATIENCE = 60.0
"""Seconds that an attacker may take to begin, and memory to come back."""


async def measure(scale: Scale) -> list[Figure]:
    """The p99 of a get beside each attacker, to the one before and after; memory after, to before."""
    slower: dict[str, list[float]] = {}
    larger: dict[str, list[float]] = {}
    context: dict[str, list[tuple[float, float]]] = {}
    for number in range(max(1, scale.rounds // 3)):
        for name in ATTACKERS:
            scale.progress(f"attacks, {name}", number)
            flags = ("--session-ttl", "10", "--max-sessions", "1000", "--keepalive", "2")
            async with baselines.bridge(*flags, within=DEPLOYED) as bridge:
                memory = bridge.process.resident_kib
                calm = await _p99(bridge, scale)
                async with _attacker(name, bridge):
                    beside = await _p99(bridge, scale)
                slower.setdefault(name, []).append(beside / calm)
                context.setdefault(name, []).append((calm, beside))
                larger.setdefault(name, []).append(await _left(bridge, memory) / memory)
    figures = []
    for name in ATTACKERS:
        calm = statistics.median(before for before, _ in context[name])
        beside = statistics.median(during for _, during in context[name])
        told = {"calm": {"p99 ms": 1000 * calm}, "beside it": {"p99 ms": 1000 * beside}}
        figures.append(
            Figure(f"{name}: p99 of a get beside it / without", slower[name], Target(2.0), context=told)
        )
        figures.append(Figure(f"{name}: memory after it / before", larger[name], Target(1.5)))
    return figures


async def _p99(bridge: OverGrpc, scale: Scale) -> float:
    # A session that nobody called meanwhile may be gone.
    await baselines.register(bridge.channel, requests.SESSION, "x")
    seconds = []
    with undisturbed():
        for _ in range(scale.calls * 40):
            started = time.perf_counter()
            await bridge.get()
            seconds.append(time.perf_counter() - started)
    return statistics.quantiles(seconds, n=100)[98]


@asynccontextmanager
async def _attacker(name: str, bridge: OverGrpc) -> AsyncIterator[None]:
    address = f"127.0.0.1:{bridge.process.port}"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.abusers", name, address),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        assert await asyncio.wait_for(process.stdout.readline(), PATIENCE) == b"READY\n"
        yield
    finally:
        process.kill()
        await process.wait()


async def _left(bridge: OverGrpc, before: int) -> int:
    """The memory when the attacker is gone: when it is back, or after a while."""
    until = time.monotonic() + PATIENCE / 3
    while (now := bridge.process.resident_kib) > before * 1.2 and time.monotonic() < until:
        await bridge.get()
        await asyncio.sleep(0.1)
    return now
