"""A server process: its start, its output, and its end."""

from __future__ import annotations

import io
import logging
import os
import re
import shlex
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from varbridge.errors import WorkerError

READY = re.compile(r"GRPC_READY:(\d{1,5})")
READY_LINE = "GRPC_READY:<port>"
"""The line that a server prints on stdout when it is ready, for sentences."""
MAX_LINES = 10_000
"""The maximum number of lines of stdout, and of stderr, that are retained; older ones are dropped."""

UNKNOWN_EXIT_CODE = 255
"""The exit code of a process whose own one is unknown, so that it never counts as success."""

_SHELLS = {"sh", "ash", "bash", "busybox", "dash", "ksh", "zsh"}

logger = logging.getLogger("varbridge.worker")


class ServerProcess:
    """A server process, which the constructor starts in a process group of its own.

    Args:
        command: the program and its flags.
        on_ready: the function that is called with the port when the READY line is read, on the thread that
            reads stdout.
    """

    def __init__(self, command: Sequence[str], on_ready: Callable[[int], object] | None = None) -> None:
        self.command = tuple(command)
        self.stdout: deque[str] = deque(maxlen=MAX_LINES)
        self.stderr: deque[str] = deque(maxlen=MAX_LINES)
        self.port: int | None = None
        self.ended_at: float | None = None
        self._discarded = False
        self._on_ready = on_ready
        self._changed = threading.Condition()
        try:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                process_group=0,
            )
        except OSError as error:
            raise WorkerError(f"cannot run {shlex.join(self.command)}: {error}") from None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        # On stdout, only a line feed ends a line: a carriage return is part of what the server prints.
        stdout = io.TextIOWrapper(self._process.stdout, "utf-8", "replace", newline="\n")
        stderr = io.TextIOWrapper(self._process.stderr, "utf-8", "replace")
        self._readers = [
            threading.Thread(target=self._read, args=(stream, lines), daemon=True)
            for stream, lines in ((stdout, self.stdout), (stderr, self.stderr))
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
        """The exit code, or the negative number of the signal that ended the process; None while it runs.

        It is ``UNKNOWN_EXIT_CODE`` if this process ignores SIGCHLD: the system then discards exit codes.
        """
        if self.ended_at is None:
            return None
        return UNKNOWN_EXIT_CODE if self._discarded else self._process.returncode

    @property
    def end(self) -> str:
        """The exit code in words."""
        if self._discarded:
            return "an unknown exit code"
        return f"exit code {self.exit_code}"

    @property
    def resident_kib(self) -> int:
        """The resident memory of the process in KiB, from Linux's /proc (VmRSS)."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))

    def wait_ready(self, timeout: float = 60.0) -> int:
        """Wait for the READY line, and return the port.

        Raises:
            WorkerError: the process ended before it was ready, or ``timeout`` seconds have passed; the
                message has its output.
        """
        with self._changed:
            self._changed.wait_for(lambda: self.port is not None or self.ended_at is not None, timeout)
            if self.port is not None:
                return self.port
        if self.ended_at is not None:
            raise WorkerError(f"the server ended with {self.end} before it was ready{self.last_words()}")
        raise WorkerError(
            f"the server was not ready within {timeout:g} s: the line {READY_LINE} is missing on its stdout:"
            f" {[*self.stdout]}; its stderr: {[*self.stderr]}"
        )

    def wait_ended(self, timeout: float | None = None) -> int | None:
        """Wait for the end of the process; return its exit code, or None after ``timeout`` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self.ended_at is not None, timeout)
        return self.exit_code

    def kill(self) -> None:
        """Kill the server with SIGKILL, which gives it no chance to clean up."""
        self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """Send the server a signal; if the command is a shell script, the signal goes to what it runs."""
        if self.ended_at is None:
            with suppress(ProcessLookupError):
                os.kill(self._server_pid(), number)

    def stop(self, grace: float = 5.0) -> int:
        """Send SIGTERM, and after ``grace`` seconds SIGKILL; return the exit code of the process."""
        self.signal(signal.SIGTERM)
        if self.wait_ended(grace) is None:
            logger.warning("the server did not end within %g s and is killed", grace)
        return self.close()

    def close(self) -> int:
        """Kill what is left of the process and its group; return the exit code of the process."""
        with suppress(ProcessLookupError, PermissionError):  # nothing is left
            os.killpg(self.pid, signal.SIGKILL)
        code = self.wait_ended()
        assert code is not None
        return code

    def _server_pid(self) -> int:
        """Return the id of the server's process: a child, if a shell script runs it without ``exec``."""
        pid = self.pid
        with suppress(OSError):  # there is no /proc, or a process has ended
            while Path(f"/proc/{pid}/exe").readlink().name in _SHELLS:
                children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
                if len(children) != 1:
                    break
                pid = int(children[0])
        return pid

    def _read(self, stream: IO[str], lines: deque[str]) -> None:
        # A text stream yields whole lines, even if they arrive in pieces.
        for line in stream:
            lines.append(line.rstrip("\n"))
            # A last line may be cut off.
            ready = READY.fullmatch(lines[-1].rstrip("\r")) if line.endswith("\n") else None
            if lines is self.stdout and self.port is None and ready:
                if self._on_ready is not None:
                    try:
                        self._on_ready(int(ready[1]))
                    except Exception:  # the output is read in any case
                        logger.exception("on_ready raised an exception")
                with self._changed:
                    self.port = int(ready[1])
                    self._changed.notify_all()
        stream.close()

    def _wait(self) -> None:
        try:
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        except ChildProcessError:
            self._discarded = True
        self._process.wait()  # the exit code 0 if it was discarded
        with self._changed:
            self.ended_at = time.monotonic()
            self._changed.notify_all()

    def last_words(self) -> str:
        """Return the end of a sentence about a process that has ended: a semicolon and its stderr."""
        self.read_all()
        reason = ", since this process ignores SIGCHLD" if self._discarded else ""
        return reason + (
            "; its stderr:\n" + "\n".join(self.stderr) if self.stderr else "; it wrote nothing on stderr"
        )

    def read_all(self) -> None:
        """Read the output of a process that has ended until its end."""
        for reader in self._readers:
            # A child process may hold the pipes open; the output of the process itself is read long before.
            reader.join(1.0)
