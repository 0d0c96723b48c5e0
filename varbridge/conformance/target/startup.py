"""The start of a bridge by the suite, and what its failure says about the bridge.

As soon as the operating system has started the command, the command is the bridge, and a start that fails
breaks a clause. A command that cannot be run says nothing about a bridge; neither does one that ends with the
exit codes by which shells report the same.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from varbridge.conformance.target.options import TargetUnavailableError
from varbridge.errors import WorkerError
from varbridge.process import READY_LINE, ServerProcess

START_TIMEOUT_S = 15.0
"""The time in which a bridge must be ready, in seconds."""

FAILED_START_TIMEOUT_S = 5.0
"""The maximum time until a bridge that cannot start has ended, in seconds."""

_CANNOT_RUN = (126, 127)
"""The exit codes of a shell, and of ``env``, for a command that is not executable or does not exist."""

_SHOWN_LINES = 10


@dataclass(frozen=True)
class StartupFailure:
    """The failure of a bridge before its first scenario.

    Attributes:
        clause: the id of the clause that it breaks.
        sentence: a part of a sentence that explains the failure.
        lines: the awaited line, and the last lines of the bridge's output on stdout and stderr.
    """

    clause: str
    sentence: str
    lines: Sequence[str]


class StartupError(Exception):
    """A bridge that the suite has started, and that does not become ready.

    Args:
        failure: the clause that it breaks, the explanation and its output.
    """

    def __init__(self, failure: StartupFailure) -> None:
        super().__init__("\n".join([failure.sentence, *failure.lines]))
        self.failure = failure


def keep_byte_code(folder: Path) -> None:
    """Make the bridges that this process starts keep their byte code in a folder, if they keep none.

    With PYTHONDONTWRITEBYTECODE, each start of the reference bridge would compile all of its modules, which
    takes as long as the rest of the start.
    """
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ.setdefault("PYTHONPYCACHEPREFIX", str(folder.absolute()))


class BridgeProcess(ServerProcess):
    """A process of the bridge.

    Args:
        command: the program and its flags.
        flags: the flags in ``command`` that a scenario needs.
        on_ready: see ``ServerProcess``.
    """

    def __init__(
        self,
        command: Sequence[str],
        flags: Sequence[str] = (),
        on_ready: Callable[[int], object] | None = None,
    ) -> None:
        super().__init__(command, on_ready)
        self.flags = flags

    def wait_ready(self, timeout: float = 60.0) -> int:
        """Wait for the READY line as ``ServerProcess.wait_ready`` does; an error names the flags."""
        try:
            return super().wait_ready(timeout)
        except WorkerError as error:
            if not self.flags:
                raise
            raise WorkerError(f"{error}\nit was started with {shlex.join(self.flags)}") from None

    @property
    def failed_to_start(self) -> bool:
        """True if the process ended before it was ready."""
        return self.port is None and self.exit_code is not None


def startup_error(process: ServerProcess, but: str = "") -> StartupError | TargetUnavailableError:
    """Return the error about a process that did not become ready, which is killed if it is still running.

    Args:
        process: the process of the bridge.
        but: what it did in place of accepting calls, if it printed the READY line; empty if it did not.
    """
    ended = process.exit_code  # before it is killed
    process.close()
    process.read_all()
    lines = [
        f"command: {shlex.join(process.command)}",
        f"awaited on stdout: {READY_LINE}",
        *_stream("stdout", process.stdout),
        *_stream("stderr", process.stderr),
    ]
    if but:
        return StartupError(StartupFailure("P1", f"it printed GRPC_READY:{process.port}, but {but}", lines))
    if ended is None:
        return StartupError(StartupFailure("P1", _not_ready(process), lines))
    if ended in _CANNOT_RUN:
        return TargetUnavailableError("\n".join(["the command of the bridge cannot be run", *lines]))
    unexplained = ended == 0 or not any(line.strip() for line in process.stderr)
    sentence = f"it ended with exit code {ended} before it was ready"
    if unexplained:
        sentence += ", and not with a reason on stderr and a non-zero exit code"
    return StartupError(StartupFailure("P2" if unexplained else "P1", sentence, lines))


def _not_ready(process: ServerProcess) -> str:
    sentence = f"it did not print the READY line on stdout within {START_TIMEOUT_S:g} s"
    alike = [line for line in process.stdout if "GRPC_READY" in line]
    if alike:
        return f"{sentence}; {alike[0]!r} is not exactly that line, with a line end"
    if any("GRPC_READY" in line for line in process.stderr):
        return f"{sentence}; it printed it on stderr"
    return sentence


def _stream(name: str, lines: Sequence[str]) -> list[str]:
    """Return the last lines of a stream, as they are written in a report: spaces and colours are visible."""
    shown = [f"{name}: {line!r}" for line in [*lines][-_SHOWN_LINES:]]
    return shown or [f"{name}: nothing"]
