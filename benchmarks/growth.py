"""The benchmark of growth: the memory of a variable and of a session, and the time of a get among many."""

from __future__ import annotations

import asyncio
import random
import statistics
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from benchmarks import baselines, requests
from benchmarks.baselines import OverGrpc
from benchmarks.figures import Figure, Target
from benchmarks.interleave import one_by_one
from benchmarks.scale import Scale

SMALL = 1000
"""The number of variables in the small session, with which the big one is compared."""

IN_FLIGHT = 64
"""The number of concurrent registrations."""

SAMPLED = 5000
"""The number of random names that are read: so many that caches do not help."""


async def measure(scale: Scale) -> list[Figure]:
    """Measure while a session grows to many variables, and a bridge to many sessions."""
    flags = ("--max-variables", str(scale.variables), "--max-sessions", str(scale.sessions + 10))
    async with baselines.bridge(*flags) as bridge:
        variables = await _variables(bridge, scale)
    async with baselines.bridge(*flags) as bridge, baselines.raw() as raw:
        sessions = await _sessions(bridge, raw, scale)
    return [*variables, *sessions]


async def _variables(bridge: OverGrpc, scale: Scale) -> list[Figure]:
    names = [f"v{number:07}" for number in range(scale.variables)]
    await _register(bridge, "small", names[:SMALL])
    # The change log has a bounded size, which is reached before the measurement begins.
    head = min(scale.variables // 2, 12_000)
    await _register(bridge, "big", names[:head])
    before = bridge.process.resident_kib
    await _register(bridge, "big", names[head:])
    each = (bridge.process.resident_kib - before) * 1024 / (scale.variables - head)
    text = len(names[0]) + len(f"var_{names[0]}_0123456789abcdef") + len('"first"')
    draw = random.Random(1)
    functions = {
        session: _reads(bridge, session, draw.choices(names[:count], k=SAMPLED))
        for session, count in (("small", SMALL), ("big", scale.variables))
    }
    ratios, context = [], {}
    for _ in range(scale.rounds):
        seconds = await one_by_one(functions, scale.blocks, scale.calls)
        ratios.append(statistics.median(seconds["big"]) / statistics.median(seconds["small"]))
        context = {name: {"p50 ms": 1000 * statistics.median(values)} for name, values in seconds.items()}
    return [
        Figure("memory for a small variable beyond its text", [each - text], Target(450), unit="bytes"),
        Figure(
            f"get among {scale.variables:,} variables / among {SMALL:,}",
            ratios,
            Target(1.05),
            context=context,
        ),
    ]


async def _sessions(bridge: OverGrpc, raw: OverGrpc, scale: Scale) -> list[Figure]:
    async def ratios(names: list[str]) -> list[float]:
        values = []
        functions = {"bridge": _reads_x(bridge, names), "raw": raw.get}
        for _ in range(scale.rounds):
            seconds = await one_by_one(functions, scale.blocks, scale.calls)
            values.append(statistics.median(seconds["bridge"]) / statistics.median(seconds["raw"]))
        return values

    names = [f"s{number:05}" for number in range(scale.sessions)]
    await _each(lambda name: baselines.register(bridge.channel, name, "x"), names[:10])
    few = await ratios(names[:10])
    before = bridge.process.resident_kib
    await _each(lambda name: baselines.register(bridge.channel, name, "x"), names[10:])
    each = (bridge.process.resident_kib - before) / (scale.sessions - 10)
    many = await ratios(random.Random(1).sample(names, min(SAMPLED, len(names))))
    return [
        Figure("memory for a session with one variable", [each], unit="KiB"),
        Figure(
            f"get with {scale.sessions:,} sessions / with 10, each to raw",
            [a / b for a, b in zip(sorted(many), sorted(few), strict=True)],
            Target(1.05),
        ),
    ]


def _reads(bridge: OverGrpc, session: str, names: Iterable[str]) -> Callable[[], Any]:
    return _in_turn(bridge, [requests.get(session, name) for name in names])


def _reads_x(bridge: OverGrpc, sessions: Iterable[str]) -> Callable[[], Any]:
    return _in_turn(bridge, [requests.get(session, "x") for session in sessions])


def _in_turn(bridge: OverGrpc, messages: list[bytes]) -> Callable[[], Any]:
    call = bridge.call("GetVariable")
    number = 0

    def ask() -> Any:
        nonlocal number
        number = (number + 1) % len(messages)
        return call(messages[number])

    return ask


async def _register(bridge: OverGrpc, session: str, names: Iterable[str]) -> None:
    await _each(partial(baselines.register, bridge.channel, session), names)


async def _each(act: Callable[[str], Any], names: Iterable[str]) -> None:
    """Call a function with each name, with a limited number of concurrent calls."""
    rest = iter(names)

    async def work() -> None:
        for name in rest:
            await act(name)

    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
