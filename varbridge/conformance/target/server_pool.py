"""The server processes that the scenarios of a run share, and the command that starts them."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Container, Sequence
from contextlib import suppress
from dataclasses import dataclass
from tempfile import TemporaryDirectory

from varbridge.conformance.target.options import Options, TargetUnavailableError
from varbridge.conformance.target.startup import START_TIMEOUT_S, BridgeProcess, startup_error
from varbridge.errors import WorkerError
from varbridge.process import ServerProcess

_END_TIMEOUT_S = 1.0
"""The time in which a bridge that stopped answering may end, in seconds."""

_GRACE_S = 5.0
"""The time in which the shared bridges must end after the last scenario, in seconds."""

_FROM_OUTSIDE = {0, -1, -2, -9, -15, 129, 130, 137, 143}
"""The exit codes of a server that was stopped on purpose: 0, and those of SIGHUP, INT, KILL and TERM."""

_LOG_LINES = 10

DataDirectory = TemporaryDirectory[str]


@dataclass
class DurableBridge:
    """A bridge with a data directory, which a scenario may end and restart before the next one uses it.

    Attributes:
        process: the process of the bridge.
        directory: its data directory.
        flags: its other flags.
        users: the number of scenarios that use it now.
        sound: True unless a scenario failed that has used it.
    """

    process: ServerProcess
    directory: DataDirectory
    flags: tuple[str, ...]
    users: int = 1
    sound: bool = True


class UnsupportedFlagError(Exception):
    """A flag that a scenario needs, and that the bridge does not take according to its profile."""


@dataclass(frozen=True)
class Crash:
    """The unexpected end of a bridge that several scenarios share.

    Attributes:
        exit_code: the exit code; negative if a signal ended the process.
        words: a sentence about the end of the bridge.
        log: the last lines that the bridge wrote on stderr.
    """

    exit_code: int
    words: str
    log: Sequence[str] = ()

    @property
    def from_outside(self) -> bool:
        """True if another process seems to have ended the bridge; otherwise it crashed by itself."""
        return self.exit_code in _FROM_OUTSIDE


class ServerPool:
    """A pool of processes of the bridge, which scenarios share.

    Args:
        options: the options that say how the bridge is started.
    """

    def __init__(self, options: Options) -> None:
        self.usual: ServerProcess | None = None
        """The process that most scenarios share, if the suite has started it."""
        self.lacked_flag = ""
        """The flag that the scenario needs, and that the bridge does not take; empty if there is none."""
        self.lacked = ""
        """A sentence about what else the bridge lacks for the scenario; empty if it lacks nothing."""
        self.refused_flags: set[str] = set()
        """The flags that the bridge is known to refuse."""
        self.launched: list[BridgeProcess] = []
        """The processes that were started for the present scenario."""
        self._options = options
        self._flagged: dict[tuple[str, ...], ServerProcess] = {}
        self.common: DurableBridge | None = None
        """The bridge with a data directory that several scenarios use at the same time; usually None."""
        self._durable: dict[tuple[str, ...], DurableBridge] = {}
        self._ahead: dict[tuple[str, ...], BridgeProcess] = {}
        self._crashes: list[Crash] = []

    def require_usual(self) -> str:
        """Return the address of the bridge that most scenarios share; start it if it is not running.

        Raises:
            TargetUnavailableError: the command cannot be run.
            StartupError: the command runs, and the bridge does not become ready.
        """
        if self._options.address is not None:
            return self._options.address
        self._reap_exited()
        try:
            self.usual = self.usual or self.launch()
        except WorkerError as error:
            raise TargetUnavailableError(f"the bridge did not start: {error}") from None
        try:
            return f"127.0.0.1:{self.usual.wait_ready(START_TIMEOUT_S)}"
        except WorkerError:
            process, self.usual = self.usual, None
            raise startup_error(process) from None

    def with_flags(self, *flags: str) -> str:
        """Return the address of a bridge with these flags, which all scenarios with the same flags share.

        Raises:
            WorkerError: the bridge does not become ready.
        """
        self._reap_exited()
        process = self._flagged.pop(flags, None) or self.launch(*flags)
        try:
            port = process.wait_ready(START_TIMEOUT_S)
        except WorkerError:
            process.close()
            raise
        self._flagged[flags] = process
        return f"127.0.0.1:{port}"

    def take_durable(self, *flags: str) -> DurableBridge | None:
        """Return a running bridge with a data directory and these flags; None if no scenario has left one."""
        self._reap_exited()
        if self.common is not None and self.common.flags == flags:
            self.common.users += 1
            return self.common
        bridge = self._durable.pop(flags, None)
        if bridge is not None:
            bridge.users += 1
        return bridge

    def give_back_durable(self, bridge: DurableBridge, *, passed: bool) -> None:
        """Take a bridge back from a scenario; the last one leaves it to later ones if all have passed."""
        bridge.users -= 1
        bridge.sound = bridge.sound and passed
        if bridge.users:
            return
        if bridge.sound and bridge.process.exit_code is None:
            self._durable[bridge.flags] = bridge
        else:
            bridge.process.close()
            bridge.directory.cleanup()

    def launch(
        self,
        *flags: str,
        port: int = 0,
        on_ready: Callable[[int], object] | None = None,
        prefix: Sequence[str] = (),
    ) -> ServerProcess:
        """Start a process with these flags that is not shared; the caller stops it.

        Args:
            flags: the flags of the bridge.
            port: the port on which it listens; 0 for any free one.
            on_ready: the function that is called with the port when the READY line is read.
            prefix: a command that runs the one that follows it, such as ``env``.
        """
        process = self._ahead.pop(flags, None) if port == 0 and on_ready is None and not prefix else None
        command = (*prefix, *self.command_with(*flags, port=port))
        process = process or BridgeProcess(command, flags, on_ready)
        self.launched.append(process)
        return process

    def launch_ahead(self, *flags: str) -> None:
        """Start the process with these flags that the next scenario will need, while another one runs."""
        if flags not in self._ahead and not any(map(self.lacks_flag, flags)):
            with suppress(WorkerError):  # the scenario itself will meet it
                self._ahead[flags] = BridgeProcess(self.command_with(*flags), flags)

    def command_with(self, *flags: str, port: int = 0) -> tuple[str, ...]:
        """Return the command that starts the bridge with these flags.

        Raises:
            UnsupportedFlagError: the bridge does not take one of the flags.
        """
        command = self._options.command
        assert command is not None, "the suite does not start this bridge: tag the scenario @requires_process"
        for flag in flags:
            if self.lacks_flag(flag):
                self.lacked_flag = flag
                raise UnsupportedFlagError(f"the bridge does not take {flag}")
        return (*command, "--port", str(port), *flags)

    def lacks_flag(self, flag: str) -> bool:
        """Return True if the bridge does not take a flag, by its profile or as an earlier scenario showed."""
        return flag in self.refused_flags or self._options.profile.lacks_flag(flag)

    def pop_crashes(self, silent: Container[str] = (), *, patient: bool = False) -> list[Crash]:
        """Return the crashes of shared bridges since the last call.

        Args:
            silent: the addresses that did not answer in this scenario. Their processes get a moment to end,
                since the end of a connection is noticed before the end of the process.
            patient: True if all processes get that moment.
        """
        for process in self._running():
            if patient or f"127.0.0.1:{process.port}" in silent:
                process.wait_ended(_END_TIMEOUT_S)
        self._reap_exited()
        crashes, self._crashes = self._crashes, []
        return crashes

    def log(self) -> list[str]:
        """Return the retained lines that the bridge shared by most scenarios wrote on stderr."""
        return [*self.usual.stderr] if self.usual else []

    def stop(self) -> None:
        """Stop all running processes, at the same time: a bridge that hangs takes all of its grace period."""
        for process in self._running():
            process.signal(signal.SIGTERM)
        for ahead in self._ahead.values():
            ahead.close()
        deadline = time.monotonic() + _GRACE_S
        for process in self._running():
            process.wait_ended(max(0.0, deadline - time.monotonic()))
            process.close()
        for bridge in self._durable.values():
            bridge.directory.cleanup()

    def _running(self) -> list[ServerProcess]:
        durable = (bridge.process for bridge in self._durable.values())
        return [process for process in (self.usual, *self._flagged.values(), *durable) if process is not None]

    def _reap_exited(self) -> None:
        """Remove the shared bridges that have ended, and record their crashes; they restart when needed."""
        for process in self._running():
            if process.exit_code is None:
                continue
            if process is self.usual:
                self.usual = None
            self._flagged = {flags: other for flags, other in self._flagged.items() if other is not process}
            self._durable = {
                flags: bridge for flags, bridge in self._durable.items() if bridge.process is not process
            }
            process.close()
            process.read_all()
            end = f"exit code {process.exit_code}"
            if process.exit_code < 0:
                end = f"signal {-process.exit_code}"
            self._crashes.append(
                Crash(process.exit_code, f"the bridge died, with {end}", [*process.stderr][-_LOG_LINES:])
            )
