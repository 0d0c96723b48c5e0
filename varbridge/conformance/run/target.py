"""Which bridge is judged: one that the suite starts, or one that runs already."""

from __future__ import annotations

import itertools
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from varbridge import BridgeError
from varbridge.conformance.clients.recorded import CLIENT, Event, RecordedConnection
from varbridge.conformance.clients.retry import RetryingConnection
from varbridge.conformance.invariants.coverage import Coverage
from varbridge.conformance.invariants.replies import variables_in, violations
from varbridge.conformance.invariants.versions import Versions
from varbridge.conformance.report.trace import Trace
from varbridge.conformance.run import optional, tags
from varbridge.conformance.run.profile import Profile
from varbridge.conformance.scenario.credentials import NO_CREDENTIALS, Access, ClientCredentials
from varbridge.conformance.scenario.shared_store import Store
from varbridge.connection import SERVICES
from varbridge.worker import ServerProcess

REFERENCE = (sys.executable, "-m", "varbridge.server")
START_TIMEOUT = 15.0

OPTIONS = {
    "target": "HOST:PORT of a bridge that runs already",
    "command": "the command that starts a bridge; --port 0 and other flags are added to it",
    "service": f"the name that the bridge answers under: {' or '.join(SERVICES)}",
    "profile": "a TOML file: the bridge's name, what it lacks, and what is known to fail",
}
"""What ``-D`` takes."""

_FROM_OUTSIDE = {0, -1, -2, -9, -15, 129, 130, 137, 143}
"""Exit codes of a server that was told to end: 0 of one that obeyed, the others by HUP, INT, KILL or TERM."""


_LOG_LINES = 10


class TargetUnavailableError(Exception):
    """There is no bridge to judge; the message says why."""


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


class Target:
    """The bridge that a run judges.

    Args:
        command: starts it; None where it runs already.
        address: host:port of one that runs already.
        service: the name that it answers under.
        profile: what it says of itself.
    """

    def __init__(
        self,
        command: Sequence[str] | None,
        address: str | None,
        service: str,
        profile: Profile | None = None,
    ) -> None:
        self.command = None if command is None else tuple(command)
        self.service = service
        self.profile = profile or Profile()
        self.options = ""
        """What to type after behave to judge the same bridge again; begins with a space."""
        self.coverage = Coverage(service)
        self.lacked_flag = ""
        self.store = Store()
        self.access = Access()
        """Of the bridges that scenarios share."""
        self.begin_scenario()
        self._address = address
        self._process: ServerProcess | None = None
        self._connection: RecordedConnection | None = None
        self._spare: dict[str, list[RecordedConnection]] = {}
        self._flagged: dict[tuple[str, ...], ServerProcess] = {}
        self._crashes: list[Crash] = []

    def begin_scenario(self) -> None:
        """Forget what was told in the scenario before."""
        self.violations: list[str] = []
        self.versions = Versions()
        self.trace = Trace()
        self.lacked_flag = ""
        self._sharing: dict[str, str] = {}

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> Target:
        """Read behave's ``-D`` options.

        Raises:
            TargetUnavailableError: they are not of ``OPTIONS``, or contradict each other.
        """
        if unknown := sorted(options.keys() - OPTIONS.keys()):
            known = "; ".join(f"{name}: {meaning}" for name, meaning in OPTIONS.items())
            raise TargetUnavailableError(f"-D {unknown[0]} is no option. There are {known}")
        service = options.get("service", "BridgeService")
        if service not in SERVICES:
            raise TargetUnavailableError(f"-D service must be {' or '.join(SERVICES)}, not {service}")
        profile = Profile.read(options["profile"]) if "profile" in options else Profile()
        if "target" in options:
            if "command" in options:
                raise TargetUnavailableError(
                    "-D target and -D command exclude each other: the bridge runs or is started"
                )
            target = cls(None, options["target"], service, profile)
        else:
            command = shlex.split(options["command"]) if "command" in options else REFERENCE
            target = cls(command, None, service, profile)
        target.options = "".join(f" -D {shlex.quote(f'{name}={value}')}" for name, value in options.items())
        if impossible := sorted(profile.granted - target._possible()):
            raise TargetUnavailableError(
                f"the profile grants {impossible[0]}, which this run cannot use: see -D"
            )
        return target

    @property
    def name(self) -> str:
        """What the bridge is called in a sentence."""
        if self.profile.name:
            return self.profile.name
        if self.command is None:
            return f"the bridge at {self._address}"
        return (
            "the reference bridge" if self.command == REFERENCE else f"the bridge {shlex.join(self.command)}"
        )

    @property
    def capabilities(self) -> set[str]:
        """Those of ``tags.CAPABILITIES`` that the bridge has."""
        reference = self.command == REFERENCE
        usual = self._possible() - (optional.missing() if reference else tags.REFERENCE_ALONE)
        return (usual | self.profile.granted) - self.profile.lacking.keys()

    def _possible(self) -> set[str]:
        """The capabilities that a bridge may have, reached in this way."""
        return {
            "requires_standard_tools",
            *(["requires_process", "requires_durable", *tags.REFERENCE_ALONE] if self.command else []),
            *(["requires_current_service"] if self.service == "BridgeService" else []),
        }

    def connection(self) -> RecordedConnection:
        """The connection that most scenarios share; starts the bridge where it is not running.

        Raises:
            TargetUnavailableError: it cannot be started or does not answer.
        """
        self._reap_exited()
        if self._connection is not None:
            return self._connection
        if self.command is not None:
            try:
                self._process = self.launch()
                self._address = f"127.0.0.1:{self._process.wait_ready(START_TIMEOUT)}"
            except Exception as error:
                raise TargetUnavailableError(f"the bridge did not start: {error}") from None
        connection = self.connect()
        try:
            connection.ping("is a bridge there?", timeout=5.0)
        except BridgeError as error:
            connection.close()
            raise TargetUnavailableError(f"no {self.service} answers at {self._address}: {error}") from None
        self._connection = connection
        return connection

    def connect(
        self, address: str | None = None, credentials: ClientCredentials = NO_CREDENTIALS
    ) -> RecordedConnection:
        """A connection for nobody else at present, to the bridge or to another address.

        Making and closing one takes longer than most scenarios do, so those given back are used again.

        Args:
            address: where; None for the bridge's own.
            credentials: what the bridge is shown on it.
        """
        address = address or self.address
        spare = self._spare.get(address)
        if spare and credentials == NO_CREDENTIALS:
            return spare.pop()
        return RecordedConnection(
            address,
            service=self.service,
            on_event=self._take_in,
            tls=credentials.tls,
            token=credentials.token,
            authorization=credentials.authorization,
        )

    def narrow(self, address: str) -> RecordedConnection:
        """A connection that takes 64 KiB more than is read from it, and not what it thinks it can."""
        options = [("grpc.http2.bdp_probe", 0)]
        return RecordedConnection(address, service=self.service, on_event=self._take_in, options=options)

    def retrying(self, address: str, patience: float) -> RetryingConnection:
        """A connection that calls again for so many seconds where a bridge is unavailable."""
        return RetryingConnection(address, service=self.service, on_event=self._take_in, patience=patience)

    def give_back(self, connection: RecordedConnection) -> None:
        """Take back a connection that works, and that nobody uses any more."""
        connection.who = CLIENT
        if connection.address == self._address and connection.plain:
            self._spare.setdefault(connection.address, []).append(connection)
        else:
            connection.close()

    def share(self, addresses: Iterable[str], state: str) -> None:
        """Know for this scenario that bridges share their state: what one tells is held against the others'.

        Args:
            addresses: theirs.
            state: what to call it.
        """
        self._sharing.update(dict.fromkeys(addresses, state))

    def state_at(self, address: str) -> str:
        """Whose state an address leads to, of several the first: the bridge's own, or one that is shared."""
        first = address.partition(",")[0]
        return self._sharing.get(first, first)

    def _take_in(self, event: Event) -> None:
        self.trace.add(event)
        self.coverage.add(event)
        if event.kind == "call" and event.reply is not None:
            self._inspect(self.state_at(event.address), event.method, event.request, event.reply)

    def _inspect(self, bridge: str, method: str, request: Any, reply: Any) -> None:
        self.violations.extend(violations(method, request, reply))
        whole = method != "GetVariables" or request.include_metadata
        for variable in variables_in(method, reply):
            self.violations.extend(self.versions.violations_of(variable))
            self.violations.extend(self.versions.violations_of_state(bridge, variable, metadata=whole))
            self.versions.learn_id(bridge, request.session_id, variable)
        if method == "GetVariableHistory":
            self.violations.extend(self.versions.violations_of_history(bridge, request, reply))
        if method == "SetVariables" and request.atomic and reply.success:
            self.versions.add_batch(request.session_id, reply.new_versions)

    @property
    def address(self) -> str:
        """Where the bridge answers."""
        assert self._address is not None, "the bridge is not started yet"
        return self._address

    @property
    def pid(self) -> int | None:
        """The process of the bridge that most scenarios share, where the suite started it."""
        return self._process.pid if self._process else None

    def command_with(self, *flags: str, port: int = 0) -> tuple[str, ...]:
        """The command that starts the bridge with these flags.

        Raises:
            UnsupportedFlagError: the bridge does not take one of them.
        """
        assert self.command is not None, "this bridge runs already: only @requires_process may start one"
        for flag in flags:
            if self.profile.lacks_flag(flag):
                self.lacked_flag = flag
                raise UnsupportedFlagError(f"the bridge does not take {flag}, as its profile says")
        return (*self.command, "--port", str(port), *flags)

    def launch(
        self, *flags: str, port: int = 0, on_ready: Callable[[int], object] | None = None
    ) -> ServerProcess:
        """Start a process of its own with these flags; whoever asks stops it."""
        return ServerProcess(self.command_with(*flags, port=port), on_ready)

    def with_flags(self, *flags: str) -> str:
        """The address of a bridge that runs with these flags; shared by the scenarios that ask for them."""
        self._reap_exited()
        process = self._flagged.get(flags)
        if process is None:
            process = self._flagged[flags] = self.launch(*flags)
        return f"127.0.0.1:{process.wait_ready(START_TIMEOUT)}"

    def pop_crashes(self, patience: float = 0.0) -> list[Crash]:
        """The shared bridges that ended since this was asked last.

        Args:
            patience: seconds that those have to end that did not answer in this scenario: the end of a
                connection is seen before the end of its process.
        """
        if patience:
            for process in self._shared():
                if f"127.0.0.1:{process.port}" in self.trace.lost:
                    process.wait_ended(patience)
        self._reap_exited()
        crashes, self._crashes = self._crashes, []
        return crashes

    def unreachable_reason(self) -> str:
        """Why a bridge that runs already is out of reach; empty where it answers, or was not missed."""
        if self.command is not None or self._address not in self.trace.lost:
            return ""
        connection = RecordedConnection(self._address, service=self.service, on_event=lambda _: None)
        try:
            connection.ping("is the bridge still there?", timeout=5.0)
        except BridgeError as error:
            return f"the bridge at {self._address} answers no more: {error}"
        finally:
            connection.close()
        return ""

    def _shared(self) -> list[ServerProcess]:
        return [one for one in (self._process, *self._flagged.values()) if one is not None]

    def _reap_exited(self) -> None:
        """Forget the shared bridges that have ended, but not how; they are started again when needed."""
        for process in self._shared():
            if process.exit_code is None:
                continue
            if process is self._process:
                self._process, self._connection = None, None
                self._spare.clear()
            self._flagged = {flags: one for flags, one in self._flagged.items() if one is not process}
            end = f"exit code {process.exit_code}"
            if process.exit_code < 0:
                end = f"signal {-process.exit_code}"
            self._crashes.append(
                Crash(process.exit_code, f"the bridge died, with {end}", [*process.stderr][-_LOG_LINES:])
            )

    def log(self) -> list[str]:
        """What the shared bridge wrote on stderr lately."""
        return [*self._process.stderr] if self._process else []

    def stop(self) -> None:
        """End what the suite started."""
        if self._connection is not None:
            self._connection.close()
        for connection in itertools.chain.from_iterable(self._spare.values()):
            connection.close()
        for process in self._shared():
            if process.exit_code is None:
                process.stop()
        self.store.stop()
        self.access.close()
