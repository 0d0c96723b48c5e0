"""Builders for the tests of the command line: a bridge, and the command run in a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

COMMAND = (sys.executable, "-m", "varbridge")


def environment(**given: str) -> dict[str, str]:
    """Return the environment of these tests, without what would change what is tested."""
    theirs = ("BRIDGE_", "GRPC_", "PYTHONUNBUFFERED", "PYTHONIOENCODING")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(theirs)}
    return {**kept, **{f"BRIDGE_{key.upper()}": value for key, value in given.items()}}


def client(address: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=30.0,
        check=False,
        env=environment(address=address, **more),
    )


def lines(run: subprocess.CompletedProcess[str]) -> list[str]:
    """Return what a command printed that succeeded."""
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout.splitlines()


def refused(run: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """The command ended with one line on stderr, that says so."""
    assert (run.returncode, run.stdout) == (code, ""), run
    assert run.stderr.startswith("varbridge: ")
    assert run.stderr.count("\n") == 1
    assert run.stderr.endswith("\n")
    for word in words:
        assert word in run.stderr


class Live:
    """A command that goes on, and the lines that it has written so far."""

    def __init__(self, address: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(address=address),
        )
        self._lines: list[str] = []
        self._told = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, enough: Callable[[Sequence[str]], bool]) -> Sequence[str]:
        with self._told:
            assert self._told.wait_for(lambda: enough(self._lines), 30.0), self._lines
            return tuple(self._lines)

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """Send a signal; return the exit code, and what stood on stderr."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> tuple[int, str]:
        assert self.process.stderr is not None
        code = self.process.wait(30.0)
        self._reader.join(30.0)
        with self.process.stderr as stderr:
            return code, stderr.read()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stdout:
            for line in stdout:
                with self._told:
                    self._lines.append(line)
                    self._told.notify_all()


def rows(run: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(run)]
