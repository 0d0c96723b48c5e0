"""The worker: starts a bridge's server process, shares one connection to it, restarts it when it dies."""

from __future__ import annotations

import logging
import re
import shlex
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import IO

from varbridge.connection import Connection
from varbridge.credentials import Tls, bearer
from varbridge.errors import WorkerError

READY = re.compile(r"GRPC_READY:(\d{1,5})")
KEPT_LINES = 10_000

LOOPBACK = "127.0.0.1"
"""Where a worker's server is reached."""

logger = logging.getLogger("varbridge.worker")


class ServerProcess:
    """One run of a server: started, read, and ended.

    Args:
        command: the program and its flags.
        on_ready: called on the reader's thread with the port, the moment that the READY line is read.
    """

    def __init__(self, command: Sequence[str], on_ready: Callable[[int], object] | None = None) -> None:
        self.command = tuple(command)
        self.stdout: deque[str] = deque(maxlen=KEPT_LINES)
        self.stderr: deque[str] = deque(maxlen=KEPT_LINES)
        self.port: int | None = None
        self.ended_at: float | None = None
        self._on_ready = on_ready
        self._changed = threading.Condition()
        try:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            raise WorkerError(f"cannot run {shlex.join(self.command)}: {error}") from None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._readers = [
            threading.Thread(target=self._read, args=(stream, kept), daemon=True)
            for stream, kept in ((self._process.stdout, self.stdout), (self._process.stderr, self.stderr))
        ]
        for reader in self._readers:
            reader.start()
        self._waiter = threading.Thread(target=self._wait, daemon=True)
        self._waiter.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; the negative signal number where a signal ended it."""
        return self._process.returncode if self.ended_at is not None else None

    @property
    def resident_kib(self) -> int:
        """Resident memory in KiB, as Linux tells it (proc(5), VmRSS)."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))

    def wait_ready(self, timeout: float) -> int:
        """Return the port once the READY line is there.

        Raises:
            WorkerError: the process ended first, or time is up; with its stderr.
        """
        with self._changed:
            self._changed.wait_for(lambda: self.port is not None or self.ended_at is not None, timeout)
            if self.port is not None:
                return self.port
        if self.ended_at is not None:
            raise WorkerError(
                f"the server ended with exit code {self.exit_code} before it was ready{self.last_words()}"
            )
        raise WorkerError(
            f"the server was not ready within {timeout:g} s; its stderr so far: {[*self.stderr]}"
        )

    def wait_ended(self, timeout: float | None = None) -> int | None:
        """Wait for the end of the process and of its output; return its exit code, None if time is up."""
        with self._changed:
            self._changed.wait_for(lambda: self.ended_at is not None, timeout)
        return self.exit_code

    def kill(self) -> None:
        """SIGKILL: no chance to clean up."""
        self._process.kill()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def stop(self, grace: float = 5.0) -> int:
        """SIGTERM, and after ``grace`` seconds SIGKILL; return the exit code."""
        self._process.terminate()
        if self.wait_ended(grace) is None:
            logger.warning("the server did not end within %g s and is killed", grace)
            self._process.kill()
        code = self.wait_ended()
        assert code is not None
        return code

    def _read(self, stream: IO[str], kept: deque[str]) -> None:
        # A text stream gives whole lines, in however many pieces they come.
        for line in stream:
            kept.append(line.rstrip("\r\n"))
            if kept is self.stdout and self.port is None and (ready := READY.fullmatch(kept[-1])):
                if self._on_ready is not None:
                    self._on_ready(int(ready[1]))
                with self._changed:
                    self.port = int(ready[1])
                    self._changed.notify_all()
        stream.close()

    def _wait(self) -> None:
        self._process.wait()
        with self._changed:
            self.ended_at = time.monotonic()
            self._changed.notify_all()

    def last_words(self) -> str:
        """What an ended process wrote on stderr, as the end of a sentence about it."""
        for reader in self._readers:
            # Whoever inherited the pipes may hold them open; what the process wrote is read long before.
            reader.join(1.0)
        return "; its stderr:\n" + "\n".join(self.stderr) if self.stderr else "; it wrote nothing on stderr"


class Worker:
    """Keeps one server running, and hands every caller the same connection to it.

    Args:
        command: the program and its flags; ``--port 0`` among them.
        service: the name that the bridge answers under.
        start_timeout: seconds that a start may take.
        restarts: how many crashes in a row are answered with a restart; a server that has served for
            ten times the longest back-off begins to count anew.
        backoff: seconds before the first restart; doubled for each one more, up to ``max_backoff``.
        keep_port: whether a restart takes the port that the first start got for ``--port 0``, so that
            connections and followers made before find the new server by themselves. Where the port is not
            to be had any more, the next restart takes a new one.
        tls: how to speak to the server over TLS, whose certificate must be for 127.0.0.1 or the name in it.
        token: what calls of the server bear, where it asks for tokens.
        on_event: called with a word (ready, crashed, restarting, gave up, stopped) and a sentence.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        service: str = "BridgeService",
        start_timeout: float = 10.0,
        restarts: int = 5,
        backoff: float = 0.05,
        max_backoff: float = 5.0,
        keep_port: bool = True,
        tls: Tls | None = None,
        token: str = "",
        on_event: Callable[[str, str], object] | None = None,
    ) -> None:
        bearer(token, f"{LOOPBACK}:0", tls)  # raises here what would be lost on the keeper's thread
        self.command = tuple(command)
        self.processes: list[ServerProcess] = []
        self._service = service
        self._start_timeout = start_timeout
        self._restarts = restarts
        self._backoff = backoff
        self._max_backoff = max_backoff
        self._keep_port = keep_port
        self._port = 0
        self._tls = tls
        self._token = token
        self._on_event = on_event
        self._changed = threading.Condition()
        self._connection: Connection | None = None
        self._retired: Connection | None = None
        self._failure: WorkerError | None = None
        self._keeper: threading.Thread | None = None
        self._stopping = threading.Event()

    @property
    def process(self) -> ServerProcess | None:
        """The present run of the server; None before the first."""
        return self.processes[-1] if self.processes else None

    def connection(self, timeout: float = 30.0) -> Connection:
        """Return the connection to the running server; start it where it does not run yet.

        Callers that come while it starts, or starts again, wait for that start and get that connection.

        Raises:
            WorkerError: it cannot be started; with its stderr.
        """
        with self._changed:
            if self._keeper is None:
                self._failure = None
                self._stopping.clear()
                self._keeper = threading.Thread(target=self._keep, name="worker", daemon=True)
                self._keeper.start()
            self._changed.wait_for(lambda: self._connection is not None or self._failure is not None, timeout)
            if self._connection is not None:
                return self._connection
            raise self._failure or WorkerError(f"the server was not ready within {timeout:g} s")

    def connection_after(self, process: ServerProcess, timeout: float = 30.0) -> Connection:
        """Return the connection to a server that was started after ``process``, which has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self.process is not process or self._keeper is None, timeout)
        return self.connection(timeout)

    def stop(self, grace: float = 5.0) -> None:
        """Stop the server and close the connection; it can be started again."""
        with self._changed:
            keeper = self._keeper
            self._stopping.set()
        if keeper is None:
            return
        if self.process is not None:
            self.process.stop(grace)
        keeper.join()
        self._report("stopped", "the server is stopped")

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _keep(self) -> None:
        """Start the server and start it again, until it is stopped or gives up."""
        crashes = 0
        failure: WorkerError | None = None
        while not self._stopping.is_set():
            try:
                with self._changed:  # so that stop() sees either no start or this process
                    if self._stopping.is_set():
                        break
                    process = ServerProcess(self._command())
                    self.processes.append(process)
                port = process.wait_ready(self._start_timeout)
            except WorkerError as error:
                failure, self._port = error, 0
                if self.process is not None:
                    self.process.stop()  # it may be late, not gone
                if not crashes:
                    break  # it never worked: another try would fail alike
            else:
                ready_at = time.monotonic()
                self._port = port if self._keep_port else 0
                self._serve(self._connect(port), port)
                process.wait_ended()
                self._retract()
                if self._stopping.is_set():
                    break
                if time.monotonic() - ready_at > 10 * self._max_backoff:
                    crashes = 0
                ended = f"the server ended with exit code {process.exit_code}"
                self._report("crashed", ended)
                failure = WorkerError(ended + process.last_words())
            crashes += 1
            if crashes > self._restarts:
                failure = WorkerError(f"gave up after {self._restarts} restarts: {failure}")
                break
            pause = min(self._backoff * 2 ** (crashes - 1), self._max_backoff)
            self._report("restarting", f"restart {crashes} of {self._restarts} in {pause:g} s")
            self._stopping.wait(pause)
        if self._stopping.is_set():
            failure = None
        with self._changed:
            self._close_retired()
            self._failure = failure or WorkerError("the worker is stopped")
            self._keeper = None
            self._changed.notify_all()
        if failure is not None:
            self._report("gave up", str(failure))

    def _command(self) -> Sequence[str]:
        """The command, with the port of the start before where there was one."""
        words = list(self.command)
        for number, (flag, value) in enumerate(pairwise(words), 1):
            if (flag, value) == ("--port", "0"):
                words[number] = str(self._port)
        return words

    def _connect(self, port: int) -> Connection:
        return Connection(f"{LOOPBACK}:{port}", service=self._service, tls=self._tls, token=self._token)

    def _serve(self, connection: Connection, port: int) -> None:
        self._report("ready", f"Python gRPC server ready on port {port}")
        with self._changed:
            self._close_retired()
            self._connection = connection
            self._changed.notify_all()

    def _retract(self) -> None:
        """Hand out the connection no more. It is closed later: closing it now would cancel the calls
        that are about to learn from the transport that their server is gone."""
        with self._changed:
            self._retired, self._connection = self._connection, None

    def _close_retired(self) -> None:
        if self._retired is not None:
            self._retired.close()
            self._retired = None

    def _report(self, event: str, sentence: str) -> None:
        logger.info(sentence)
        if self._on_event is not None:
            self._on_event(event, sentence)
