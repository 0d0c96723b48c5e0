"""Which processes there are, as Linux tells it (proc(5))."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from varbridge.conformance.faults.polling import eventually


def descendants(pid: int) -> set[int]:
    """The processes that a process has started, and theirs."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (parent := _stat(int(entry.name))) is not None:
            parents[int(entry.name)] = int(parent[1])
    found: set[int] = set()
    while more := {one for one, parent in parents.items() if parent in found | {pid}} - found:
        found |= more
    return found


def runs(pid: int) -> bool:
    """Whether a process is there and not yet dead."""
    stat = _stat(pid)
    return stat is not None and stat[0] not in "ZX"


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    """Whether a condition comes true in time."""
    return eventually(condition, seconds)


def _stat(pid: int) -> tuple[str, str] | None:
    """A process's state and its parent."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return state, parent
