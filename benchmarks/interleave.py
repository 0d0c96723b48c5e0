"""Contenders that are asked in turn, so that what the machine does besides meets all of them alike."""

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
    """The client's garbage is no matter of any server's."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def one_by_one(contenders: Mapping[str, Call], blocks: int, calls: int) -> dict[str, list[float]]:
    """Ask each for a block of calls in turn; return the seconds of every call.

    A block before the first warms up and does not count; neither is always the one that begins.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    turns = [*contenders.items()]
    with undisturbed():
        for block in range(blocks + 1):
            for name, call in turns if block % 2 else reversed(turns):
                for _ in range(calls):
                    started = time.perf_counter()
                    await call()
                    if block:
                        seconds[name].append(time.perf_counter() - started)
    return seconds


async def at_once(
    contenders: Mapping[str, Call], blocks: int, calls: int, width: int = 32
) -> dict[str, float]:
    """The same with ``width`` calls in flight; return the calls a second, the median of the blocks."""
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    turns = [*contenders.items()]
    with undisturbed():
        for block in range(blocks + 1):
            for name, call in turns if block % 2 else reversed(turns):
                started = time.perf_counter()
                await asyncio.gather(*(_several(call, calls // width) for _ in range(width)))
                if block:
                    rates[name].append(calls // width * width / (time.perf_counter() - started))
    return {name: statistics.median(found) for name, found in rates.items()}


async def _several(call: Call, calls: int) -> None:
    for _ in range(calls):
        await call()
