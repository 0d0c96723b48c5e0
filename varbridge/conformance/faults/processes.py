"""The resource use and the descendants of a process, from Linux's ``/proc``; none on other systems."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple


class Taken(NamedTuple):
    """The resource use of a process and its descendants.

    Attributes:
        memory: the resident memory in MiB; shared pages are counted for each process.
        files: the number of open files, including sockets and pipes.
        threads: the number of threads.
        processes: the number of processes.
    """

    memory: float
    files: int
    threads: int
    processes: int


def taken(pid: int) -> Taken:
    """Return the present resource use of a process and its descendants."""
    memory, files, threads, processes = 0.0, 0, 0, 0
    for process in (pid, *offspring(pid)):
        with suppress(OSError):  # the process has ended meanwhile
            status = _status(process)
            memory += int(status.get("VmRSS", "0").split()[0]) / 1024
            threads += int(status["Threads"])
            files += sum(1 for _ in Path(f"/proc/{process}/fd").iterdir())
            processes += 1
    return Taken(memory, files, threads, processes)


def worked(pid: int) -> float:
    """Return the processor time that a process and its descendants have used so far, in seconds."""
    ticks = 0
    for process in (pid, *offspring(pid)):
        with suppress(OSError):  # the process has ended meanwhile
            _, _, rest = Path(f"/proc/{process}/stat").read_text().rpartition(")")
            ticks += sum(int(used) for used in rest.split()[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def worked_within(pid: int, seconds: float) -> float:
    """Return the processor time that a process and its descendants use while so many seconds pass."""
    before = worked(pid)
    time.sleep(seconds)
    return worked(pid) - before


def use_processor(seconds: float) -> None:
    """Use so many seconds of processor time, which may take longer on a busy machine."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def offspring(pid: int) -> dict[int, str]:
    """Return the descendants of a process: their names by their process ids."""
    parents: dict[int, tuple[int, str]] = {}
    for process in (entry for entry in Path("/proc").iterdir() if entry.name.isdigit()):
        with suppress(OSError):
            name, _, rest = (process / "stat").read_text().rpartition(")")
            parents[int(process.name)] = int(rest.split(maxsplit=2)[1]), name.partition("(")[2]
    descendants: dict[int, str] = {}
    pending = [pid]
    while pending:
        ancestor = pending.pop()
        children = {child: name for child, (parent, name) in parents.items() if parent == ancestor}
        descendants |= children
        pending += children
    return descendants


def is_running(pid: int) -> bool:
    """Return True if a process has not ended; one that its parent has not waited for yet has ended."""
    with suppress(OSError):
        _, _, rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
        return rest.split()[0] not in "ZX"
    return False


def alive(processes: Mapping[int, str]) -> dict[int, str]:
    """Return the processes of ``processes`` that have not ended: their names by process id."""
    living: dict[int, str] = {}
    for pid, name in processes.items():
        with suppress(OSError):
            start, _, rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
            if rest.split()[0] not in "ZX" and start.partition("(")[2] == name:
                living[pid] = name
    return living


def end_in_words(code: int | None, limit_s: float, took_s: float = 0.0) -> str:
    """Return a sentence about the end of a process, or about its not ending.

    Args:
        code: its exit code; None if it is still running.
        limit_s: the time that it had, in seconds.
        took_s: the time that it took, in seconds.
    """
    if code is None:
        return f"it was still running after {limit_s:g} s"
    return f"it ended with exit code {code}" + (f" after {took_s:.1f} s" if took_s > limit_s else "")


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
