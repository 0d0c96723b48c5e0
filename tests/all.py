"""``python -m tests.all``: every check of the code, beside each other, all of them even where one fails."""

from __future__ import annotations

import os
import queue
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

WORKERS = min(3 * CORES, 24)
"""More than there are cores: most tests start a server, and wait for it."""

CHECKS = {
    "ruff check": ("ruff", "check"),
    "ruff format": ("ruff", "format", "--check"),
    "mypy": ("mypy",),
    "imports": ("tests.imports",),
    # Those tests run in one worker that share what takes long to start: a cluster of etcd, or a browser.
    "pytest": ("pytest", "--numprocesses", str(WORKERS), "--dist", "loadgroup"),
}

EVERY = 10.0
"""Seconds from one line of progress to the next."""


class Check:
    """One check, which runs from the moment that it is made.

    Args:
        name: what it is called in what is printed.
        command: a module of this Python, and its arguments.
        ended: gets the check once it has ended.
    """

    def __init__(self, name: str, command: tuple[str, ...], ended: queue.SimpleQueue[Check]) -> None:
        self.name = name
        self.command = command
        self.output = ""
        # A server that a test starts reads the modules that the first one has compiled.
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        # As a module of this Python: no environment has to be activated.
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
        """How far it is, as pytest tells it, and how many tests have failed."""
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


def main() -> int:
    """Run the checks, say of each how it ended, and return 1 if any failed."""
    began = time.monotonic()
    ended: queue.SimpleQueue[Check] = queue.SimpleQueue()
    running = [Check(name, command, ended) for name, command in CHECKS.items()]
    for check in running:
        _say(f"$ python -m {' '.join(check.command)}")
    failed: list[str] = []
    try:
        while running:
            try:
                check = ended.get(timeout=EVERY)
            except queue.Empty:
                _say(f"{time.monotonic() - began:4.0f} s: {'; '.join(check.progress for check in running)}")
                continue
            running.remove(check)
            if not check.passed:
                failed.append(check.name)
                _say(f"\n{check.output.rstrip()}\n")
            word = "passed" if check.passed else f"FAILED (exit code {check.process.returncode})"
            _say(f"{time.monotonic() - began:4.0f} s: {check.name} {word}: {check.last_line}")
    finally:
        for check in running:
            check.process.terminate()
    _say(f"\nchecks failed: {', '.join(failed)}" if failed else f"\nall {len(CHECKS)} checks passed")
    return 1 if failed else 0


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
