"""A faulty disk: a library to preload into a process, whose calls on the files of a directory then fail.

The plan of the faults is in a file that the process and the test both map into memory, so that the test can
change it at any moment.
"""

from __future__ import annotations

import errno
import mmap
import shutil
import struct
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

READ, WRITE, SYNC, OPEN, TRUNCATE, RENAME, UNLINK, ALLOCATE = (1 << bit for bit in range(8))
"""The kinds of calls on files."""

ALL = 255
"""All kinds of calls together."""

FOREVER = 1 << 62
"""A number of failures that is never reached."""

_PLAN = struct.Struct("8q")
_COUNTS = struct.Struct("2q")


class Plan(NamedTuple):
    """A plan of faults, as ``struct plan`` in faulty_disk.c.

    Attributes:
        kinds: the kinds of calls that count.
        first: the number of the first call that fails, counted from 1; 0 for none.
        failures: the number of calls that fail, from the first one on.
        error: the ``errno`` of the calls that fail; 0 if they succeed after the delay.
        delay_ms: the time that each of these calls takes before it fails, in milliseconds.
        cuts: 1 if the first of these calls succeeds with a half of what it writes (a short write).
    """

    kinds: int
    first: int = 0
    failures: int = 1
    error: int = errno.EIO
    delay_ms: int = 0
    cuts: int = 0


@cache
def library() -> Path | None:
    """Compile the library; return None if this machine has no C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    target = Path(tempfile.mkdtemp(prefix="faulty-disk-")) / "faulty_disk.so"
    source = Path(__file__).with_name("faulty_disk.c")
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", target, source, "-ldl"], check=True)
    return target


class FaultyDisk:
    """The faults of the files in one directory, for the processes that have ``environment``.

    Args:
        root: the directory.
        control: the file of the plan, which is created.
    """

    def __init__(self, root: Path, control: Path) -> None:
        control.write_bytes(bytes(_PLAN.size))
        with control.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _PLAN.size)
        self.environment = {
            "LD_PRELOAD": str(library()),
            "FAULTY_DISK_ROOT": str(root),
            "FAULTY_DISK_CONTROL": str(control),
        }

    def follow(self, plan: Plan) -> None:
        """Count calls from 0 again, and let them fail as the plan says."""
        self.heal()
        self._memory[:] = _PLAN.pack(*plan, 0, 0)

    def heal(self) -> None:
        """Remove all faults; the counts stay."""
        self._memory[: _PLAN.size - _COUNTS.size] = bytes(_PLAN.size - _COUNTS.size)

    @property
    def calls(self) -> int:
        """The number of calls that have counted since ``follow``."""
        return self._count(0)

    @property
    def failed(self) -> int:
        """The number of calls that have failed since ``follow``."""
        return self._count(1)

    def _count(self, index: int) -> int:
        count: int = _COUNTS.unpack(self._memory[_PLAN.size - _COUNTS.size :])[index]
        return count

    def command(self, *command: str) -> list[str]:
        """Return a command that runs another one with this disk."""
        return ["env", *(f"{name}={value}" for name, value in self.environment.items()), *command]
