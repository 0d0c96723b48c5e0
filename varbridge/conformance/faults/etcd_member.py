"""A member of an etcd cluster: a process that can be killed, paused, and started again with the same data."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from varbridge.conformance.faults.http_client import open_url

# Replaces this process by the program, and has the kernel kill it when the parent process ends.
_BOUND = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9); os.execvp(sys.argv[1], sys.argv[1:])"


class EtcdError(Exception):
    """A failure of the etcd cluster; the message says what failed or what to do."""


class Member:
    """A member of an etcd cluster.

    Args:
        name: the name of the member in the cluster.
        folder: the folder of its data and its log.
        command: the command that starts it.
        endpoint: the host:port for clients.
        metrics: the URL of its health and metrics, which need neither TLS nor a password.
    """

    def __init__(self, name: str, folder: Path, command: Sequence[str], endpoint: str, metrics: str) -> None:
        self.name = name
        self.endpoint = endpoint
        self.log = folder / f"{name}.log"
        self.paused = False
        self._command = command
        self._metrics = metrics
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        """True if the process of the member has not ended, even if it is paused."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the process with the existing data, without waiting until it answers."""
        assert not self.alive
        bound = (sys.executable, "-ISc", _BOUND) if sys.platform == "linux" else ()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*bound, *self._command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={name: value for name, value in os.environ.items() if _is_harmless(name)},
            )

    def kill(self) -> None:
        """Kill the process with SIGKILL, and wait for its end."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self.paused = False

    def pause(self) -> None:
        """Pause the process with SIGSTOP: its connections stay open, and it does not answer."""
        self._signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        self.paused = True

    def go_on(self) -> None:
        """Resume the process with SIGCONT."""
        self._signal(signal.SIGCONT)
        self.paused = False

    def is_healthy(self) -> bool:
        """Return True if the member answers and has a leader."""
        return '"health":"true"' in self._ask("health")

    def is_leader(self) -> bool:
        """Return True if the member considers itself the leader of the cluster."""
        return "\netcd_server_is_leader 1" in self._ask("metrics")

    def last_words(self) -> str:
        """Return the last five lines of the member's log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-5:]) if self.log.exists() else ""

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _ask(self, page: str) -> str:
        """Return a page of the member's metrics URL; empty if it does not answer or is not healthy."""
        if not self.alive or self.paused:
            return ""
        try:
            with open_url(f"{self._metrics}/{page}", timeout=2.0) as answer:
                text: str = answer.read().decode()
                return text
        except OSError:
            return ""


def _is_harmless(name: str) -> bool:
    """Return True if an environment variable neither sets a flag of etcd nor names a proxy."""
    return not name.upper().startswith(("ETCD", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"))
