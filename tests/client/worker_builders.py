"""Helpers for the tests of the worker: scripts that act as servers, and a record of a worker's events."""

from __future__ import annotations

import os
import sys
import textwrap
import threading
import time
from collections.abc import Callable

from varbridge.conformance.faults.polling import eventually

SERVER = (sys.executable, "-m", "server", "--port", "0")

DEADLINE_S = 10.0
"""The time limit of every wait, in seconds."""


def fake(script: str) -> list[str]:
    """Return the command of a server that runs a few lines of Python."""
    return [sys.executable, "-S", "-c", "import os, signal, sys\n" + textwrap.dedent(script)]


def wait_until(condition: Callable[[], object]) -> None:
    assert eventually(condition, DEADLINE_S), "the condition was never true"


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Log:
    """A record of the events of a worker, with their times."""

    def __init__(self, on_event: Callable[[str], object] = lambda event: None) -> None:
        self.records: list[tuple[str, str, float]] = []
        self._on_event = on_event
        self._changed = threading.Condition()

    def __call__(self, event: str, message: str) -> None:
        with self._changed:
            self.records.append((event, message, time.monotonic()))
            self._changed.notify_all()
        self._on_event(event)

    def events(self) -> list[str]:
        return [event for event, _, _ in self.records]

    def messages(self, event: str) -> list[str]:
        return [message for recorded, message, _ in self.records if recorded == event]

    def wait_for(self, event: str, number: int = 1) -> float:
        """Wait for the n-th event of a kind, and return its time."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.events().count(event) >= number, DEADLINE_S), (
                self.records
            )
            return [at for recorded, _, at in self.records if recorded == event][number - 1]


READY_THEN_WAIT = """
    print("GRPC_READY:1", flush=True)
    signal.pause()
"""
