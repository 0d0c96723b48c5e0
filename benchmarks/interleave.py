"""Interleaved calls of several systems, so that other load on the machine affects all of them alike."""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager

Call = Callable[[], Awaitable[object]]


@contextmanager
def undisturbed() -> Iterator[None]:
    """Disable Python's garbage collector in this process, since its pauses would distort the measurements."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def one_by_one(systems: Mapping[str, Call], blocks: int, calls: int) -> dict[str, list[float]]:
    """Measure blocks of calls of each system in turn; return the duration of every call in seconds.

    An additional first block is a warm-up and does not count. The systems' order alternates between blocks.
    """
    seconds: dict[str, list[float]] = {name: [] for name in systems}
    turns = [*systems.items()]
    with undisturbed():
        for block in range(blocks + 1):
            for name, call in turns if block % 2 else reversed(turns):
                for _ in range(calls):
                    started = time.perf_counter()
                    await call()
                    if block:
                        seconds[name].append(time.perf_counter() - started)
    return seconds


async def at_once(systems: Mapping[str, Call], blocks: int, calls: int, width: int = 32) -> dict[str, float]:
    """Measure blocks of calls, ``width`` at a time; return the median calls per second of each system."""
    rates: dict[str, list[float]] = {name: [] for name in systems}
    turns = [*systems.items()]
    with undisturbed():
        for block in range(blocks + 1):
            for name, call in turns if block % 2 else reversed(turns):
                started = time.perf_counter()
                await asyncio.gather(*(_several(call, calls // width) for _ in range(width)))
                if block:
                    rates[name].append(calls // width * width / (time.perf_counter() - started))
    return {name: statistics.median(values) for name, values in rates.items()}


async def _several(call: Call, calls: int) -> None:
    for _ in range(calls):
        await call()
