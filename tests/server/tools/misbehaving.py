"""Tools that do what no tool should, and some that do as they must: ``--tools
tests.server.tools.misbehaving``."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from varbridge.decorator import ToolCall, tool

print("printed by an import")
os.write(1, b"written by an import\n")


@tool
def spin(seconds: float) -> float:
    """Compute without a pause, deaf to every signal that can be blocked."""
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass
    return seconds


@tool
def eat() -> None:
    """Take memory until there is none left, and stay."""
    eaten: list[bytearray] = []
    while True:
        eaten.append(bytearray(16 * 2**20))


@tool
def gorge() -> None:
    """Take memory until there is none left, and go on trying."""
    eaten: list[bytearray] = []
    while True:
        try:
            eaten.append(bytearray(2**20))
        except MemoryError:
            time.sleep(0.001)


@tool
async def stubborn(call: ToolCall, name: str) -> None:
    """Go on for ever, whatever cancels; write all the while."""
    n = 0
    while True:
        n += 1
        try:
            await asyncio.sleep(0.01)
            call.set(name, n)
        except BaseException as error:
            print("never mind", error)


@tool
async def stubborn_stream() -> AsyncIterator[int]:
    """Stream one number, then go on for ever without another, whatever cancels."""
    yield 1
    while True:
        try:
            await asyncio.sleep(60)
        except BaseException as error:
            print("never mind", error)


@tool
async def quits() -> None:
    """End as if it had been cancelled."""
    raise asyncio.CancelledError


@tool
def exit_with(code: int) -> None:
    """End the process without a word."""
    os._exit(code)


@tool
def leave() -> None:
    """End as a script does."""
    sys.exit(3)


@tool
def segfault() -> None:
    """Read where there is nothing."""
    ctypes.string_at(0)


@tool
def kill_parent() -> None:
    """Kill the process that forked this one."""
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)


@tool
def die_after(n: int) -> Iterator[int]:
    """Stream the numbers from 1 to n, then die."""
    yield from range(1, n + 1)
    os.kill(os.getpid(), signal.SIGKILL)


@tool
def close_everything() -> None:
    """Close every file, the connection to the server included, and stay."""
    os.closerange(0, 1024)
    time.sleep(60)


@tool
def shout(text: str) -> None:
    """Print in every way that there is."""
    print(text, flush=True)
    os.write(1, text.encode() + b"\n")
    subprocess.run(["echo", text], check=True)


@tool
async def shout_here(text: str) -> None:
    """Print in the server's own process."""
    print(text, flush=True)
    os.write(1, text.encode() + b"\n")


@tool
def family(call: ToolCall, name: str) -> None:
    """Start a process, tell both ids, and stay."""
    other = subprocess.Popen(["sleep", "60"])
    call.set(name, f"{os.getpid()} {other.pid}")
    time.sleep(60)


@tool
def write_after(call: ToolCall, name: str, seconds: float) -> None:
    """Wait, then write."""
    time.sleep(seconds)
    call.set(name, "written")


@tool
def bump(call: ToolCall, name: str) -> Any:
    """Add one to a variable, from a process of its own; answer what it was."""
    before = call.get(name)
    call.set(name, before + 1)
    return before


@tool
def told(call: ToolCall, name: str) -> Iterator[str]:
    """Stream large chunks without end, and write how many were made."""
    n = 0
    while True:
        n += 1
        call.set(name, n)
        yield "x" * 65_536


@tool
def answer(what: Any) -> Any:
    """Answer what came."""
    return what


@tool
def shape(array: Any, scale: float = 2.0) -> list[Any]:
    """Say what an array is like."""
    return [str(array.dtype), list(array.shape), float(array.sum() * scale)]


@tool
def set_of(n: int) -> Any:
    """Answer what JSON cannot say."""
    return {n}


@tool
def open_files() -> list[str]:
    """What the process has open, its own look at it aside."""
    found = []
    for entry in sorted(Path("/proc/self/fd").iterdir(), key=lambda path: int(path.name)):
        try:
            found.append(str(entry.readlink()))
        except FileNotFoundError:
            continue
    return found


@tool
def drawn() -> float:
    """A number from numpy's generator."""
    import numpy

    return float(numpy.random.random())


@tool
def large(n: int) -> str:
    """Answer n characters."""
    return "x" * n
