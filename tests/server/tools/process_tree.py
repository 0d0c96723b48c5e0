"""The tree of running processes, from Linux's /proc (proc(5))."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from varbridge.conformance.faults.polling import eventually


def descendants(pid: int) -> set[int]:
    """Return the PIDs of all descendants of a process."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (parent := _stat(int(entry.name))) is not None:
            parents[int(entry.name)] = int(parent[1])
    children: set[int] = set()
    while more := {child for child, parent in parents.items() if parent in children | {pid}} - children:
        children |= more
    return children


def runs(pid: int) -> bool:
    """Return True if a process exists and has not ended."""
    stat = _stat(pid)
    return stat is not None and stat[0] not in "ZX"


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    """Return True if a condition becomes true within a time."""
    return eventually(condition, seconds)


def _stat(pid: int) -> tuple[str, str] | None:
    """Return the state of a process and its parent's PID; None if there is no such process."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return state, parent
