"""The worker, which starts a server process, shares a connection to it, and restarts it after a crash."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

from varbridge.connection import Connection
from varbridge.credentials import Tls, bearer
from varbridge.errors import WorkerError
from varbridge.process import ServerProcess

LOOPBACK = "127.0.0.1"
"""The host on which a worker's server listens."""

logger = logging.getLogger("varbridge.worker")


class Worker:
    """A supervisor of one server process, which gives every caller the same connection to it.

    Args:
        command: the program and its flags, which include ``--port 0``.
        service: the name of the gRPC service; a key of ``connection.SERVICES``.
        start_timeout: the time in which the server must be ready, in seconds.
        restarts: the maximum number of restarts after crashes in a row, after which the worker gives up. The
            count is reset when a server has run for ten times ``max_backoff``.
        backoff: the pause before the first restart, in seconds; it doubles with each restart.
        max_backoff: the longest pause before a restart, in seconds.
        keep_port: True if a restart uses the port of the first start, so that existing connections and
            followers reach the new server. If the port is no longer free, the next restart uses a new one.
        tls: the TLS settings; the certificate must be for 127.0.0.1 or for the name in the settings.
        token: the token for calls, if the server requires one.
        connect: the function that opens a connection to an address; None for a ``Connection`` with these
            settings.
        on_event: the function that is called with the name of an event (ready, crashed, restarting, gave up,
            stopped) and a sentence that describes it. An exception of it is logged.
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
        connect: Callable[[str], Connection] | None = None,
        on_event: Callable[[str, str], object] | None = None,
    ) -> None:
        bearer(token, f"{LOOPBACK}:0", tls)  # raises errors here instead of on the keeper's thread
        self.command = tuple(command)
        self.processes: list[ServerProcess] = []
        self._start_timeout = start_timeout
        self._restarts = restarts
        self._backoff = backoff
        self._max_backoff = max_backoff
        self._keep_port = keep_port
        self._port = 0
        self._open = connect or partial(Connection, service=service, tls=tls, token=token)
        self._on_event = on_event
        self._changed = threading.Condition()
        self._connection: Connection | None = None
        self._retired: Connection | None = None
        self._failure: WorkerError | None = None
        self._keeper: threading.Thread | None = None
        self._stopping = threading.Event()

    @property
    def process(self) -> ServerProcess | None:
        """The present server process; None before the first start."""
        return self.processes[-1] if self.processes else None

    def connection(self, timeout: float = 30.0) -> Connection:
        """Return the connection to the server; start the server if it is not running.

        Callers during a start or a restart wait for it, and all get the same connection.

        Raises:
            WorkerError: the server cannot be started; the message has its stderr.
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
        """Return the connection to the server that replaces ``process``, which has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self.process is not process or self._keeper is None, timeout)
        return self.connection(timeout)

    def stop(self, grace: float = 5.0) -> None:
        """Stop the server, with SIGKILL after ``grace`` seconds, and close the connection.

        ``connection`` can start the server again.
        """
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
        """Start the server, and restart it after crashes until the worker is stopped or gives up."""
        crashes = 0
        failure: WorkerError | None = None
        while not self._stopping.is_set():
            try:
                with self._changed:  # so that stop() finds either no start or this process
                    if self._stopping.is_set():
                        break
                    process = ServerProcess(self._command())
                    self.processes.append(process)
                port = process.wait_ready(self._start_timeout)
            except WorkerError as error:
                failure, self._port = error, 0
                if self.process is not None:
                    self.process.stop()  # it may be slow and still running
                if not crashes:
                    break  # the first start failed, so a restart would fail as well
            else:
                ready_at = time.monotonic()
                self._port = port if self._keep_port else 0
                try:
                    connection = self._open(f"{LOOPBACK}:{port}")
                except Exception as error:
                    failure = WorkerError(f"cannot connect to the server: {error}")
                    process.stop()
                    break
                self._serve(connection, port)
                process.wait_ended()
                self._retract()
                if self._stopping.is_set():
                    break
                if time.monotonic() - ready_at > 10 * self._max_backoff:
                    crashes = 0
                ended = f"the server ended with {process.end}"
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
        """Return the command, with the port of the previous start if there was one."""
        command = list(self.command)
        for index, (flag, value) in enumerate(pairwise(command), 1):
            if (flag, value) == ("--port", "0"):
                command[index] = str(self._port)
        return command

    def _serve(self, connection: Connection, port: int) -> None:
        self._report("ready", f"Python gRPC server ready on port {port}")
        with self._changed:
            self._close_retired()
            self._connection = connection
            self._changed.notify_all()

    def _retract(self) -> None:
        """Give the connection to no more callers, and close it later.

        Closing it now would cancel the calls that are about to fail with the transport's error.
        """
        with self._changed:
            self._retired, self._connection = self._connection, None

    def _close_retired(self) -> None:
        if self._retired is not None:
            self._retired.close()
            self._retired = None

    def _report(self, event: str, sentence: str) -> None:
        logger.info(sentence)
        if self._on_event is not None:
            try:
                self._on_event(event, sentence)
            except Exception:  # the worker goes on
                logger.exception("on_event raised an exception for the event %r", event)
