"""A bridge with a data directory on a disk that can fail, for the tests."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from varbridge import BridgeError, Connection, Session
from varbridge.conformance.faults import faulty_disk
from varbridge.conformance.faults.faulty_disk import FaultyDisk
from varbridge.process import ServerProcess

NEEDS_COMPILER = pytest.mark.skipif(
    faulty_disk.library() is None, reason="no C compiler (cc) is installed, which builds the faulty disk"
)
"""The mark of tests that use a bridge on such a disk."""

WAIT_S = 15.0
MAX_ANSWER_S = 5.0
"""The maximum time that any call may take on a disk that fails, in seconds."""


class Bridge:
    """A bridge with a data directory on a disk that can fail."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.data.mkdir()
        self.disk = FaultyDisk(self.data, folder / "plan")
        self.process: ServerProcess
        self.connection: Connection
        self.session: Session

    def start(self, *flags: str) -> None:
        command = [sys.executable, "-m", "server", "--port", "0", "--data-dir", str(self.data), *flags]
        self.process = ServerProcess(self.disk.command(*command))
        self.connection = Connection(f"127.0.0.1:{self.process.wait_ready()}", timeout=MAX_ANSWER_S)
        self.session = self.connection.session("tuning")

    def start_again(self) -> None:
        """Kill the process if it still runs, and start another one on a disk that is well."""
        self.end()
        self.disk.heal()
        self.start()

    def end(self) -> None:
        self.connection.close()
        self.process.kill()
        self.process.wait_ended(60.0)


def refusal_of(call: Callable[[], object]) -> BridgeError | None:
    """Return the refusal of a call; None if it is accepted."""
    try:
        call()
    except BridgeError as refusal:
        return refusal
    return None
