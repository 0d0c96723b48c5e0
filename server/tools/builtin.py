"""The server's own tools: small ones, each of which shows one feature of tools."""

from __future__ import annotations

import math
import os
import signal
import sys
import time
from collections.abc import AsyncIterator

from varbridge.decorator import ToolCall, tool


@tool
async def echo(message: str) -> str:
    """Return the message."""
    return message


@tool
async def add(a: float, b: float) -> float:
    """Add two numbers."""
    return a + b


@tool
async def fail(message: str = "this tool always fails") -> None:
    """Fail with a message."""
    raise RuntimeError(message)


@tool
async def sleep(seconds: float) -> float:
    """Wait for a number of seconds, and return it; end at once when the call is cancelled."""
    import asyncio  # not at the top: the fork server loads this module, and runs no async tool

    await asyncio.sleep(_finite(seconds))
    return seconds


@tool
def block(seconds: float) -> float:
    """Block the process for a number of seconds, and return it; only the process's end stops this earlier."""
    time.sleep(_finite(seconds))
    return seconds


def _finite(seconds: float) -> float:
    """Return a number of seconds, unless it is NaN, which would disorder all timers of an event loop."""
    if not math.isfinite(seconds):
        raise ValueError(f"cannot wait for {seconds} s")
    return seconds


@tool
async def increment(call: ToolCall, name: str, by: int = 1) -> int | float:
    """Add to a variable of the session, and return its new value."""
    value = call.get(name)
    if not isinstance(value, int | float):
        raise TypeError(f"{name} is not a number")
    call.set(name, value + by)
    return value + by


@tool
def die() -> None:
    """Kill the process of the tool, as a crash would."""
    os.kill(os.getpid(), signal.SIGKILL)


@tool
async def exit(code: int) -> None:  # noqa: A001  # the name of the tool
    """End as a program does that exits with a code."""
    sys.exit(code)


@tool
async def count(n: int) -> AsyncIterator[int]:
    """Stream the numbers from 1 to n."""
    for number in range(1, n + 1):
        yield number


@tool
async def fail_after(n: int) -> AsyncIterator[int]:
    """Stream the numbers from 1 to n, then fail."""
    for number in range(1, n + 1):
        yield number
    raise RuntimeError(f"failed after {n} chunks")


TOOLS = (echo, add, fail, sleep, block, increment, die, exit, count, fail_after)
