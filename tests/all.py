"""``python -m tests.all``: run every check of the code and the texts at the same time.

All checks run to their end, even if one fails. ``--lint`` leaves out the tests.
"""

from __future__ import annotations

import os
import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

WORKERS = min(2 * CORES, 16)
"""The number of pytest's workers: more than cores, because most tests start a server and wait for it."""

CHECKS = {
    "ruff check": ("ruff", "check"),
    "ruff format": ("ruff", "format", "--check"),
    "mypy": ("mypy",),
    "imports": ("tests.imports",),
    "spelling": ("codespell_lib",),
    "language": ("tests.language",),
    "features": ("varbridge.conformance.check",),
    "documents": ("varbridge.conformance.documents", "--check"),
    # The build also checks that the files and the places to which the pages link exist; not with --quiet.
    "site": ("mkdocs", "build", "--strict"),
    # Tests that share a cluster of etcd or a browser, which take long to start, run in one worker.
    "pytest": ("pytest", "-rs", "--numprocesses", str(WORKERS), "--dist", "loadgroup"),
}

PROGRESS_INTERVAL_S = 10.0
"""The time between two lines of progress, in seconds."""


class Check:
    """A check that runs in a process of its own.

    Args:
        name: the name in the output.
        command: a module of this Python, and its arguments.
        ended: the queue that gets the check when it has ended.
    """

    def __init__(self, name: str, command: tuple[str, ...], ended: queue.SimpleQueue[Check]) -> None:
        self.name = name
        self.command = command
        self.output = ""
        # Let servers that tests start use the modules that the first one has compiled.
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        # Modules of this Python do not need an activated environment.
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        threading.Thread(target=self._read, args=(ended,), daemon=True).start()

    @property
    def passed(self) -> bool:
        return self.process.returncode == 0

    @property
    def progress(self) -> str:
        """The progress that pytest has printed, and the number of tests that have failed."""
        percent = re.findall(r"\[ *(\d+%)\]", self.output)[-1:]
        failed = sum(line.count("F") + line.count("E") for line in re.findall(r"(?m)^[.sxFE]+", self.output))
        return f"{self.name} {''.join(percent) or 'runs'}" + (f", {failed} failed" if failed else "")

    @property
    def last_line(self) -> str:
        return ([""] + [line for line in self.output.splitlines() if line.strip()])[-1].strip("= ")

    def _read(self, ended: queue.SimpleQueue[Check]) -> None:
        assert self.process.stdout is not None
        while data := os.read(self.process.stdout.fileno(), 65536):
            self.output += data.decode("utf-8", "replace")
        self.process.wait()
        ended.put(self)


def main(arguments: Sequence[str]) -> int:
    """Run the checks, print how each ended, and return 1 if any failed."""
    began = time.monotonic()
    ended: queue.SimpleQueue[Check] = queue.SimpleQueue()
    names = [name for name in CHECKS if name != "pytest" or "--lint" not in arguments]
    running = [Check(name, CHECKS[name], ended) for name in names]
    for check in running:
        _say(f"$ python -m {' '.join(check.command)}")
    failed: list[str] = []
    try:
        while running:
            try:
                check = ended.get(timeout=PROGRESS_INTERVAL_S)
            except queue.Empty:
                _say(f"{time.monotonic() - began:4.0f} s: {'; '.join(check.progress for check in running)}")
                continue
            running.remove(check)
            if not check.passed:
                failed.append(check.name)
                _say(f"\n{check.output.rstrip()}\n")
            for line in re.findall(r"(?m)^SKIPPED .*", check.output) if check.passed else ():
                _say(f"       {line}")
            word = "passed" if check.passed else f"FAILED (exit code {check.process.returncode})"
            _say(f"{time.monotonic() - began:4.0f} s: {check.name} {word}: {check.last_line}")
    finally:
        for check in running:
            check.process.terminate()
    _say(f"\nchecks failed: {', '.join(failed)}" if failed else f"\nall {len(names)} checks passed")
    return 1 if failed else 0


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
