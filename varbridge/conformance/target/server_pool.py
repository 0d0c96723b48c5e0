"""The server processes of a run that scenarios share, and the command that starts any of them."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass

from varbridge.conformance.target.options import Options, TargetUnavailableError
from varbridge.process import ServerProcess

START_TIMEOUT = 15.0

_END_TIMEOUT_S = 1.0
"""Seconds that a bridge which went silent has to be gone."""

_FROM_OUTSIDE = {0, -1, -2, -9, -15, 129, 130, 137, 143}
"""Exit codes of a server that was told to end: 0 of one that obeyed, the others by HUP, INT, KILL or TERM."""

_LOG_LINES = 10


class UnsupportedFlagError(Exception):
    """A scenario needs a flag of the server that the bridge does not have, as its profile says."""


@dataclass(frozen=True)
class Crash:
    """A bridge that several scenarios share, and that ended although no scenario ended it.

    Attributes:
        exit_code: negative where a signal ended it.
        words: a sentence.
        log: the last lines that it wrote on stderr.
    """

    exit_code: int
    words: str
    log: Sequence[str] = ()

    @property
    def from_outside(self) -> bool:
        """Whether someone else ended it; one that crashes did so itself."""
        return self.exit_code in _FROM_OUTSIDE


class ServerPool:
    """Starts processes of the bridge, and keeps those that scenarios share.

    Args:
        options: how the bridge is started.
    """

    def __init__(self, options: Options) -> None:
        self.usual: ServerProcess | None = None
        """The process that most scenarios share, where the suite has started it."""
        self.lacked_flag = ""
        """The flag that the scenario asked for, and that the bridge does not take."""
        self._options = options
        self._flagged: dict[tuple[str, ...], ServerProcess] = {}
        self._crashes: list[Crash] = []

    def require_usual(self) -> str:
        """The address of the bridge that most scenarios share; starts it where it is not running.

        Raises:
            TargetUnavailableError: it cannot be started.
        """
        if self._options.address is not None:
            return self._options.address
        self._reap_exited()
        try:
            self.usual = self.usual or self.launch()
            return f"127.0.0.1:{self.usual.wait_ready(START_TIMEOUT)}"
        except Exception as error:
            raise TargetUnavailableError(f"the bridge did not start: {error}") from None

    def with_flags(self, *flags: str) -> str:
        """The address of a bridge that runs with these flags; shared by the scenarios that ask for them."""
        self._reap_exited()
        process = self._flagged.get(flags)
        if process is None:
            process = self._flagged[flags] = self.launch(*flags)
        return f"127.0.0.1:{process.wait_ready(START_TIMEOUT)}"

    def launch(
        self, *flags: str, port: int = 0, on_ready: Callable[[int], object] | None = None
    ) -> ServerProcess:
        """Start a process of its own with these flags; whoever asks stops it."""
        return ServerProcess(self.command_with(*flags, port=port), on_ready)

    def command_with(self, *flags: str, port: int = 0) -> tuple[str, ...]:
        """The command that starts the bridge with these flags.

        Raises:
            UnsupportedFlagError: the bridge does not take one of them.
        """
        command = self._options.command
        assert command is not None, "this bridge runs already: only @requires_process may start one"
        for flag in flags:
            if self._options.profile.lacks_flag(flag):
                self.lacked_flag = flag
                raise UnsupportedFlagError(f"the bridge does not take {flag}, as its profile says")
        return (*command, "--port", str(port), *flags)

    def pop_crashes(self, silent: Container[str] = ()) -> list[Crash]:
        """The shared bridges that ended since this was asked last.

        Args:
            silent: addresses that did not answer in this scenario, whose processes are given a moment to
                end: the end of a connection is seen before the end of its process.
        """
        for process in self._running():
            if f"127.0.0.1:{process.port}" in silent:
                process.wait_ended(_END_TIMEOUT_S)
        self._reap_exited()
        crashes, self._crashes = self._crashes, []
        return crashes

    def log(self) -> list[str]:
        """The lines that the shared bridge wrote on stderr lately."""
        return [*self.usual.stderr] if self.usual else []

    def stop(self) -> None:
        """End those that run."""
        for process in self._running():
            if process.exit_code is None:
                process.stop()

    def _running(self) -> list[ServerProcess]:
        return [process for process in (self.usual, *self._flagged.values()) if process is not None]

    def _reap_exited(self) -> None:
        """Forget the shared bridges that have ended, but not how; they are started again when needed."""
        for process in self._running():
            if process.exit_code is None:
                continue
            if process is self.usual:
                self.usual = None
            self._flagged = {flags: one for flags, one in self._flagged.items() if one is not process}
            end = f"exit code {process.exit_code}"
            if process.exit_code < 0:
                end = f"signal {-process.exit_code}"
            self._crashes.append(
                Crash(process.exit_code, f"the bridge died, with {end}", [*process.stderr][-_LOG_LINES:])
            )
