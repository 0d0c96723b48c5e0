"""Builders for the tests of the worker: tiny servers, and a record of what a worker reports."""

from __future__ import annotations

import os
import sys
import textwrap
import threading
import time
from collections.abc import Callable

from varbridge.conformance.faults.polling import eventually

SERVER = (sys.executable, "-m", "server", "--port", "0")

DEADLINE = 10.0
"""Seconds after which what was waited for is not to come."""


def fake(script: str) -> list[str]:
    """The command of a server that does what a few lines of Python say."""
    return [sys.executable, "-S", "-c", "import os, signal, sys\n" + textwrap.dedent(script)]


def wait_until(condition: Callable[[], object]) -> None:
    assert eventually(condition, DEADLINE), "it never came true"


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Log:
    """A record of what a worker reported, and when."""

    def __init__(self, on_event: Callable[[str], object] = lambda word: None) -> None:
        self.told: list[tuple[str, str, float]] = []
        self._on_event = on_event
        self._changed = threading.Condition()

    def __call__(self, word: str, sentence: str) -> None:
        with self._changed:
            self.told.append((word, sentence, time.monotonic()))
            self._changed.notify_all()
        self._on_event(word)

    def words(self) -> list[str]:
        return [word for word, _, _ in self.told]

    def sentences(self, word: str) -> list[str]:
        return [sentence for told, sentence, _ in self.told if told == word]

    def wait_for(self, word: str, number: int = 1) -> float:
        """When a word was told for the n-th time."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.words().count(word) >= number, DEADLINE), self.told
            return [at for told, _, at in self.told if told == word][number - 1]


READY_THEN_WAIT = """
    print("GRPC_READY:1", flush=True)
    signal.pause()
"""
