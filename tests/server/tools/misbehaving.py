"""A module of misbehaving and of normal tools, for ``--tools tests.server.tools.misbehaving``."""

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
    """Compute without a pause, and block every signal that can be blocked."""
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass
    return seconds


@tool
def eat() -> None:
    """Allocate memory until none is left, and fail."""
    eaten: list[bytearray] = []
    while True:
        eaten.append(bytearray(16 * 2**20))


@tool
def gorge() -> None:
    """Allocate memory until none is left, and go on trying."""
    eaten: list[bytearray] = []
    while True:
        try:
            eaten.append(bytearray(2**20))
        except MemoryError:
            time.sleep(0.001)


@tool
async def stubborn(call: ToolCall, name: str) -> None:
    """Write for ever, and ignore cancellation."""
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
    """Stream one number, then wait for ever, and ignore cancellation."""
    yield 1
    while True:
        try:
            await asyncio.sleep(60)
        except BaseException as error:
            print("never mind", error)


@tool
async def quits() -> None:
    """Raise the error of a cancellation."""
    raise asyncio.CancelledError


@tool
def exit_with(code: int) -> None:
    """End the process at once, with an exit code."""
    os._exit(code)


@tool
def leave() -> None:
    """End the process as a script does, with SystemExit."""
    sys.exit(3)


@tool
def segfault() -> None:
    """Read from address 0."""
    ctypes.string_at(0)


@tool
def kill_parent() -> None:
    """Kill the process that forked this one."""
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)


@tool
def die_after(n: int) -> Iterator[int]:
    """Stream the numbers from 1 to n, then kill the process."""
    yield from range(1, n + 1)
    os.kill(os.getpid(), signal.SIGKILL)


@tool
def close_everything() -> None:
    """Close every file, the connection to the server included, and stay."""
    os.closerange(0, 1024)
    time.sleep(60)


@tool
def shout(text: str) -> None:
    """Print with Python, with the system call, and from a subprocess."""
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
    """Start a process, write both PIDs to a variable, and wait."""
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
    """Add one to a variable, from the tool's process; return the old value."""
    before = call.get(name)
    call.set(name, before + 1)
    return before


@tool
def produce(call: ToolCall, name: str) -> Iterator[str]:
    """Stream large chunks without end, and write their number to a variable."""
    n = 0
    while True:
        n += 1
        call.set(name, n)
        yield "x" * 65_536


@tool
def answer(what: Any) -> Any:
    """Return the argument."""
    return what


@tool
def shape(array: Any, scale: float = 2.0) -> list[Any]:
    """Return the dtype, the shape and the scaled sum of an array."""
    return [str(array.dtype), list(array.shape), float(array.sum() * scale)]


@tool
def set_of(n: int) -> Any:
    """Return a value that JSON cannot represent."""
    return {n}


@tool
def open_files() -> list[str]:
    """Return the files that the process has open."""
    files = []
    for entry in sorted(Path("/proc/self/fd").iterdir(), key=lambda path: int(path.name)):
        try:
            files.append(str(entry.readlink()))
        except FileNotFoundError:
            continue
    return files


@tool
def drawn() -> float:
    """Return a number from numpy's random generator."""
    import numpy

    return float(numpy.random.random())


@tool
def large(n: int) -> str:
    """Return a string of n characters."""
    return "x" * n


@tool
async def raises() -> None:
    """Fail, on the server's event loop."""
    raise LookupError("on purpose")


@tool
def raises_in_a_process() -> None:
    """Fail, in a process."""
    raise LookupError("on purpose")


@tool
async def raises_in_a_stream() -> AsyncIterator[int]:
    """Fail after a chunk."""
    yield 1
    raise LookupError("on purpose")


@tool
def detaches(call: ToolCall, name: str, seconds: float) -> None:
    """Start a process in a session of its own, write its id, and block."""
    call.set(name, subprocess.Popen(["sleep", "300"], start_new_session=True).pid)
    time.sleep(seconds)


@tool
def daemonizes(call: ToolCall, name: str) -> None:
    """Start a process whose parent ends at once, and write its id."""
    command = ["sh", "-c", "setsid sleep 300 >/dev/null 2>&1 & echo $!"]
    call.set(name, int(subprocess.run(command, capture_output=True, check=True).stdout))
