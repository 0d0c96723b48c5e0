"""What a variable and a session cost in memory, and whether a get costs more where there are many."""

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
"""Variables of the session that the big one is compared with."""

IN_FLIGHT = 64
SAMPLED = 5000
"""How many names are read, drawn at random, so that what is read was not read just now."""


async def measure(scale: Scale) -> list[Figure]:
    """Grow a session to many variables, and a bridge to many sessions."""
    flags = ("--max-variables", str(scale.variables), "--max-sessions", str(scale.sessions + 10))
    async with baselines.bridge(*flags) as one:
        variables = await _variables(one, scale)
    async with baselines.bridge(*flags) as one, baselines.raw() as floor:
        sessions = await _sessions(one, floor, scale)
    return [*variables, *sessions]


async def _variables(one: OverGrpc, scale: Scale) -> list[Figure]:
    names = [f"v{number:07}" for number in range(scale.variables)]
    await _register(one, "small", names[:SMALL])
    # What the change log takes is bounded, and not the variables': it is full before the count begins.
    head = min(scale.variables // 2, 12_000)
    await _register(one, "big", names[:head])
    before = one.process.resident_kib
    await _register(one, "big", names[head:])
    each = (one.process.resident_kib - before) * 1024 / (scale.variables - head)
    text = len(names[0]) + len(f"var_{names[0]}_0123456789abcdef") + len('"first"')
    draw = random.Random(1)
    asked = {
        session: _reads(one, session, draw.choices(names[:count], k=SAMPLED))
        for session, count in (("small", SMALL), ("big", scale.variables))
    }
    ratios, context = [], {}
    for _ in range(scale.rounds):
        seconds = await one_by_one(asked, scale.blocks, scale.calls)
        ratios.append(statistics.median(seconds["big"]) / statistics.median(seconds["small"]))
        context = {name: {"p50 ms": 1000 * statistics.median(found)} for name, found in seconds.items()}
    return [
        Figure("memory for a small variable beyond its text", [each - text], Target(450), unit="bytes"),
        Figure(
            f"get among {scale.variables:,} variables / among {SMALL:,}",
            ratios,
            Target(1.05),
            context=context,
        ),
    ]


async def _sessions(one: OverGrpc, floor: OverGrpc, scale: Scale) -> list[Figure]:
    async def ratios(names: list[str]) -> list[float]:
        found = []
        asked = {"bridge": _reads_x(one, names), "raw": floor.get}
        for _ in range(scale.rounds):
            seconds = await one_by_one(asked, scale.blocks, scale.calls)
            found.append(statistics.median(seconds["bridge"]) / statistics.median(seconds["raw"]))
        return found

    names = [f"s{number:05}" for number in range(scale.sessions)]
    await _each(lambda name: baselines.register(one.channel, name, "x"), names[:10])
    few = await ratios(names[:10])
    before = one.process.resident_kib
    await _each(lambda name: baselines.register(one.channel, name, "x"), names[10:])
    each = (one.process.resident_kib - before) / (scale.sessions - 10)
    many = await ratios(random.Random(1).sample(names, min(SAMPLED, len(names))))
    return [
        Figure("memory for a session with one variable", [each], unit="KiB"),
        Figure(
            f"get with {scale.sessions:,} sessions / with 10, each to raw",
            [a / b for a, b in zip(sorted(many), sorted(few), strict=True)],
            Target(1.05),
        ),
    ]


def _reads(one: OverGrpc, session: str, names: Iterable[str]) -> Callable[[], Any]:
    return _in_turn(one, [requests.get(session, name) for name in names])


def _reads_x(one: OverGrpc, sessions: Iterable[str]) -> Callable[[], Any]:
    return _in_turn(one, [requests.get(session, "x") for session in sessions])


def _in_turn(one: OverGrpc, made: list[bytes]) -> Callable[[], Any]:
    call = one.call("GetVariable")
    number = 0

    def ask() -> Any:
        nonlocal number
        number = (number + 1) % len(made)
        return call(made[number])

    return ask


async def _register(one: OverGrpc, session: str, names: Iterable[str]) -> None:
    await _each(partial(baselines.register, one.channel, session), names)


async def _each(act: Callable[[str], Any], names: Iterable[str]) -> None:
    """Do something with each name, some at a time."""
    rest = iter(names)

    async def work() -> None:
        for name in rest:
            await act(name)

    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
