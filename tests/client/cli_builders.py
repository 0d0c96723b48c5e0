"""Helpers for the tests of the command line, which run it in a process."""

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


def environment(**options: str) -> dict[str, str]:
    """Return the environment without variables that affect the command, and with these options."""
    excluded = ("BRIDGE_", "GRPC_", "PYTHONUNBUFFERED", "PYTHONIOENCODING")
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(excluded)}
    return {**inherited, **{f"BRIDGE_{key.upper()}": value for key, value in options.items()}}


def client(address: str, *arguments: str, **options: str) -> subprocess.CompletedProcess[str]:
    """Run a command until it ends."""
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=30.0,
        check=False,
        env=environment(address=address, **options),
    )


def lines(run: subprocess.CompletedProcess[str]) -> list[str]:
    """Check that a command succeeded, and return the lines that it printed."""
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout.splitlines()


def refused(run: subprocess.CompletedProcess[str], code: int, *phrases: str) -> None:
    """Check that a command failed with one line on stderr that contains these phrases."""
    assert (run.returncode, run.stdout) == (code, ""), run
    assert run.stderr.startswith("varbridge: ")
    assert run.stderr.count("\n") == 1
    assert run.stderr.endswith("\n")
    for phrase in phrases:
        assert phrase in run.stderr


class RunningCommand:
    """A command that is still running, and the lines that it has printed so far."""

    def __init__(self, address: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(address=address),
        )
        self._lines: list[str] = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, enough: Callable[[Sequence[str]], bool]) -> Sequence[str]:
        with self._changed:
            assert self._changed.wait_for(lambda: enough(self._lines), 30.0), self._lines
            return tuple(self._lines)

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """Send a signal, and return the exit code and the text on stderr."""
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
                with self._changed:
                    self._lines.append(line)
                    self._changed.notify_all()


def rows(run: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(run)]
