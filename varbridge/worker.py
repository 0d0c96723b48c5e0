"""The worker: starts a bridge's server process, shares one connection to it, restarts it when it dies."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from itertools import pairwise

from varbridge.connection import Connection
from varbridge.credentials import Tls, bearer
from varbridge.errors import WorkerError
from varbridge.process import ServerProcess

LOOPBACK = "127.0.0.1"
"""Where a worker's server is reached."""

logger = logging.getLogger("varbridge.worker")


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
