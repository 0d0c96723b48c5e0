"""Which bridge is judged: one that the suite starts, or one that runs already."""

from __future__ import annotations

import itertools
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from client import BridgeError, Connection
from client.connection import SERVICES
from client.worker import ServerProcess
from harness.replies import complaints, variables_in
from harness.versions import Versions

REFERENCE = (sys.executable, "-m", "server")
START_TIMEOUT = 15.0

OPTIONS = {
    "target": "HOST:PORT of a bridge that runs already",
    "command": "the command that starts a bridge; --port 0 and other flags are added to it",
    "service": f"the name that the bridge answers under: {' or '.join(SERVICES)}",
}
"""What ``-D`` takes."""


class NoBridge(Exception):
    """There is no bridge to judge; the message says why."""


class Target:
    """The bridge that a run judges.

    Args:
        command: starts it; None where it runs already.
        address: host:port of one that runs already.
        service: the name that it answers under.
    """

    def __init__(self, command: Sequence[str] | None, address: str | None, service: str) -> None:
        self.command = None if command is None else tuple(command)
        self.service = service
        self.begin_scenario()
        self._address = address
        self._process: ServerProcess | None = None
        self._connection: Connection | None = None
        self._spare: dict[str, list[Connection]] = {}
        self._flagged: dict[tuple[str, ...], ServerProcess] = {}

    def begin_scenario(self) -> None:
        """Forget what replies told in the scenario before."""
        self.complaints: list[str] = []
        self.versions = Versions()

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> Target:
        """Read behave's ``-D`` options.

        Raises:
            NoBridge: they are not of ``OPTIONS``, or contradict each other.
        """
        if unknown := sorted(options.keys() - OPTIONS.keys()):
            known = "; ".join(f"{name}: {meaning}" for name, meaning in OPTIONS.items())
            raise NoBridge(f"-D {unknown[0]} is no option. There are {known}")
        service = options.get("service", "BridgeService")
        if service not in SERVICES:
            raise NoBridge(f"-D service must be {' or '.join(SERVICES)}, not {service}")
        if "target" in options:
            if "command" in options:
                raise NoBridge("-D target and -D command exclude each other: the bridge runs or is started")
            return cls(None, options["target"], service)
        command = shlex.split(options["command"]) if "command" in options else REFERENCE
        return cls(command, None, service)

    @property
    def capabilities(self) -> set[str]:
        """Those of ``tags.CAPABILITIES`` that the bridge has."""
        return {
            "requires_standard_tools",
            *(["requires_process", "requires_durable"] if self.command else []),
            *(["requires_failpoints"] if self.command == REFERENCE else []),
            *(["requires_current_service"] if self.service == "BridgeService" else []),
        }

    def connection(self) -> Connection:
        """The connection that most scenarios share; starts the bridge where it is not running.

        Raises:
            NoBridge: it cannot be started or does not answer.
        """
        if self._connection is not None and not (self._process and self._process.exit_code is not None):
            return self._connection
        if self.command is not None:
            self._process = self.launch()
            try:
                self._address = f"127.0.0.1:{self._process.wait_ready(START_TIMEOUT)}"
            except Exception as error:
                raise NoBridge(f"the bridge did not start: {error}") from None
        connection = self.connect()
        try:
            connection.ping("is a bridge there?", timeout=5.0)
        except BridgeError as error:
            connection.close()
            raise NoBridge(f"no {self.service} answers at {self._address}: {error}") from None
        self._connection = connection
        return connection

    def connect(self, address: str | None = None) -> Connection:
        """A connection for nobody else at present, to the bridge or to another address.

        Making and closing one takes longer than most scenarios do, so those given back are used again.
        """
        address = address or self.address
        spare = self._spare.get(address)
        if spare:
            return spare.pop()
        return Connection(address, service=self.service, on_reply=self._inspect)

    def give_back(self, connection: Connection) -> None:
        """Take back a connection that works, and that nobody uses any more."""
        if connection.address == self._address:
            self._spare.setdefault(connection.address, []).append(connection)
        else:
            connection.close()

    def _inspect(self, method: str, request: Any, reply: Any) -> None:
        self.complaints.extend(complaints(method, request, reply))
        for variable in variables_in(method, reply):
            self.complaints.extend(self.versions.complaints_about(variable))
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
        """The command that starts the bridge with these flags."""
        assert self.command is not None, "this bridge runs already: only @requires_process may start one"
        return (*self.command, "--port", str(port), *flags)

    def launch(
        self, *flags: str, port: int = 0, on_ready: Callable[[int], object] | None = None
    ) -> ServerProcess:
        """Start a process of its own with these flags; whoever asks stops it."""
        return ServerProcess(self.command_with(*flags, port=port), on_ready)

    def with_flags(self, *flags: str) -> str:
        """The address of a bridge that runs with these flags; shared by the scenarios that ask for them."""
        process = self._flagged.get(flags)
        if process is None or process.exit_code is not None:
            process = self._flagged[flags] = self.launch(*flags)
        return f"127.0.0.1:{process.wait_ready(START_TIMEOUT)}"

    def log(self) -> list[str]:
        """What the shared bridge wrote on stderr lately."""
        return [*self._process.stderr] if self._process else []

    def stop(self) -> None:
        """End what the suite started."""
        if self._connection is not None:
            self._connection.close()
        for connection in itertools.chain.from_iterable(self._spare.values()):
            connection.close()
        for process in (self._process, *self._flagged.values()):
            if process is not None and process.exit_code is None:
                process.stop()
