"""The benchmark of attacks: the p99 of other clients' gets during each, and the bridge's memory after it."""

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

DEPLOYED = ("env", "PYTHONMALLOC=malloc", "MALLOC_ARENA_MAX=1")
"""The command prefix with which a bridge returns memory to the system, as the files in ``deploy/`` do."""

TIMEOUT_S = 60.0
"""The maximum time until an attacker has begun, in seconds; memory must be returned within a third of it."""


async def measure(scale: Scale) -> list[Figure]:
    """Measure the p99 of a get before and during each attack, and the bridge's memory before and after it."""
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
                    attacked = await _p99(bridge, scale)
                slower.setdefault(name, []).append(attacked / calm)
                context.setdefault(name, []).append((calm, attacked))
                larger.setdefault(name, []).append(await _memory_after(bridge, memory) / memory)
    figures = []
    for name in ATTACKERS:
        calm = statistics.median(before for before, _ in context[name])
        attacked = statistics.median(during for _, during in context[name])
        times = {"before": {"p99 ms": 1000 * calm}, "during": {"p99 ms": 1000 * attacked}}
        figures.append(
            Figure(f"{name}: p99 of a get during it / before", slower[name], Target(2.0), context=times)
        )
        figures.append(Figure(f"{name}: memory after it / before", larger[name], Target(1.5)))
    return figures


async def _p99(bridge: OverGrpc, scale: Scale) -> float:
    # A session without calls may have expired meanwhile.
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
        assert await asyncio.wait_for(process.stdout.readline(), TIMEOUT_S) == b"READY\n"
        yield
    finally:
        process.kill()
        await process.wait()


async def _memory_after(bridge: OverGrpc, before: int) -> int:
    """Return the memory in KiB once it is at most 1.2 times that before the attack, or after 20 s."""
    until = time.monotonic() + TIMEOUT_S / 3
    while (now := bridge.process.resident_kib) > before * 1.2 and time.monotonic() < until:
        await bridge.get()
        await asyncio.sleep(0.1)
    return now
