"""What Linux tells of a process and of those that it has started (proc(5)); nothing is told elsewhere."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple


class Taken(NamedTuple):
    """What a process and those that it has started take of the machine.

    Attributes:
        memory: resident, in MiB; pages that several of them share are counted for each.
        files: open files, sockets and pipes among them.
        threads: how many.
        processes: how many.
    """

    memory: float
    files: int
    threads: int
    processes: int


def taken(pid: int) -> Taken:
    """What a process takes now, with those that it has started."""
    memory, files, threads, processes = 0.0, 0, 0, 0
    for one in (pid, *offspring(pid)):
        with suppress(OSError):  # it has ended meanwhile
            status = _status(one)
            memory += int(status.get("VmRSS", "0").split()[0]) / 1024
            threads += int(status["Threads"])
            files += sum(1 for _ in Path(f"/proc/{one}/fd").iterdir())
            processes += 1
    return Taken(memory, files, threads, processes)


def worked(pid: int) -> float:
    """The seconds of processor time that a process and those that it has started have used so far."""
    ticks = 0
    for one in (pid, *offspring(pid)):
        with suppress(OSError):  # it has ended meanwhile
            _, _, rest = Path(f"/proc/{one}/stat").read_text().rpartition(")")
            ticks += sum(int(used) for used in rest.split()[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def use_processor(seconds: float) -> None:
    """Use the processor for that many seconds of its time, which may take longer on a busy machine."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def offspring(pid: int) -> dict[int, str]:
    """The processes that a process has started, and those that they have, with their names."""
    parents: dict[int, tuple[int, str]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            name, _, rest = stat.read_text().rpartition(")")
            parents[int(stat.parent.name)] = int(rest.split()[1]), name.partition("(")[2]
    found: dict[int, str] = {}
    rest_of_them = [pid]
    while rest_of_them:
        one = rest_of_them.pop()
        children = {child: name for child, (parent, name) in parents.items() if parent == one}
        found |= children
        rest_of_them += children
    return found


def alive(processes: Mapping[int, str]) -> dict[int, str]:
    """Those of some processes that have not ended."""
    found: dict[int, str] = {}
    for pid, name in processes.items():
        with suppress(OSError):
            told, _, rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
            if rest.split()[0] not in "ZX" and told.partition("(")[2] == name:
                found[pid] = name
    return found


def end_in_words(code: int | None, seconds: float) -> str:
    """How a process ended that was to end within so many seconds."""
    return f"it was still running after {seconds:g} s" if code is None else f"it ended with exit code {code}"


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
