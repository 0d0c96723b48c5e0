"""One member of etcd: a process that can be killed, stopped, and started again with the same data."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Asks over HTTP, whatever proxy the environment names."""

# Runs the program as this very process, which the kernel kills when whoever started it is gone.
_BOUND = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9); os.execvp(sys.argv[1], sys.argv[1:])"


class EtcdError(Exception):
    """The cluster is not as it should be; the message says why, or what to do."""


class Member:
    """One member: a process that can be killed and started again with the same data.

    Args:
        name: in the cluster.
        folder: its data and its log are there.
        command: the program and all its flags.
        endpoint: host:port for clients.
        metrics: the URL where it tells how it is, without TLS or passwords.
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
        """Whether its process is there, be it stopped or not."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, with the data that it has; it may take a while until it answers."""
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
        """SIGKILL, and wait for the end."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self.paused = False

    def pause(self) -> None:
        """SIGSTOP, and wait until it stands still: it keeps its connections, and says nothing."""
        self._signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        self.paused = True

    def go_on(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)
        self.paused = False

    def is_healthy(self) -> bool:
        """Whether it answers, and has a leader that does."""
        return '"health":"true"' in self._ask("health")

    def is_leader(self) -> bool:
        """Whether it takes itself for the leader."""
        return "\netcd_server_is_leader 1" in self._ask("metrics")

    def last_words(self) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-5:]) if self.log.exists() else ""

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _ask(self, what: str) -> str:
        """What it says of itself; empty where it says nothing, or that it is ill."""
        if not self.alive or self.paused:
            return ""
        try:
            with DIRECT.open(f"{self._metrics}/{what}", timeout=2.0) as answer:
                text: str = answer.read().decode()
                return text
        except OSError:
            return ""


def _is_harmless(name: str) -> bool:
    """Whether an environment variable neither sets a flag of etcd's nor names a proxy."""
    return not name.upper().startswith(("ETCD", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"))
