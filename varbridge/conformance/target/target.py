"""The target of a run: the system under test, with everything that the scenarios of the run share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import grpc

from varbridge import BridgeError, Connection
from varbridge.conformance.events import Event
from varbridge.conformance.invariants.coverage import Coverage
from varbridge.conformance.target import capabilities
from varbridge.conformance.target.connection_pool import ConnectionPool
from varbridge.conformance.target.credentials import Access
from varbridge.conformance.target.flags import RefusedFlags
from varbridge.conformance.target.liveness import Liveness
from varbridge.conformance.target.options import REFERENCE, Options, TargetUnavailableError
from varbridge.conformance.target.recorder import Recorder
from varbridge.conformance.target.server_pool import ServerPool
from varbridge.conformance.target.shared_store import Store
from varbridge.messages.traits import METHODS


@dataclass(frozen=True)
class Observations:
    """The observations of a bridge in all scenarios of a job.

    Attributes:
        coverage: the counts of what it met; see ``Coverage``.
        unimplemented: the methods that answered UNIMPLEMENTED.
        refused_flags: the flags that the bridge has refused.
    """

    coverage: Mapping[str, Counter[str]] = field(default_factory=dict)
    unimplemented: Collection[str] = ()
    refused_flags: Collection[str] = ()


class Target:
    """The system under test of a run.

    Args:
        options: the options that name the bridge.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.capabilities = capabilities.present(options)
        self.coverage = Coverage(options.service)
        self.servers = ServerPool(options)
        self._flags = RefusedFlags((*(options.command or ()), "--port", "0"))
        self.connections = ConnectionPool(options, self.servers, self._record)
        self.recorder = Recorder(options.has_current_service)
        self._unimplemented: set[str] = set()
        self.liveness = Liveness()
        self.store = Store()
        self.access = Access()
        """The certificates and tokens of the bridges that scenarios share."""

    @classmethod
    def from_options(cls, userdata: Mapping[str, str]) -> Target:
        """Return the target that behave's ``-D`` options name.

        Raises:
            TargetUnavailableError: the options are invalid, or do not fit the profile.
        """
        options = Options.read(userdata)
        if impossible := sorted(options.profile.granted - capabilities.possible(options)):
            raise TargetUnavailableError(
                f"the profile grants {impossible[0]}, which this run cannot use:"
                " check -D command and -D service"
            )
        return cls(options)

    def missing_methods(self) -> list[str]:
        """Return the methods that answered UNIMPLEMENTED, always or at times, in the order of the service."""
        return [method for method in METHODS if method in self._unimplemented]

    def lacked_method(self) -> str:
        """Return the method of the scenario that is declared as missing and answered UNIMPLEMENTED, or ""."""
        declared = self.options.profile.lacking_methods
        return next((name for name in self.recorder.trace.unimplemented if name in declared), "")

    def refused_flag(self) -> str:
        """Return the flag that a bridge of the scenario refused to start with; empty if there is none."""
        if self.options.command == REFERENCE:
            return ""  # it takes all flags of the features
        failed = (process for process in self.servers.launched if process.failed_to_start)
        flag = next(filter(None, (self._flags.first_of(process.flags) for process in failed)), "")
        self.servers.refused_flags.update(self._flags.names)
        return flag

    def refused_flags(self) -> list[str]:
        """Return the flags that the bridge has refused, in order."""
        return self._flags.names

    def require_older_service(self, connection: Connection) -> None:
        """Skip the scenario if the bridge does not offer the older service, of which this is a connection.

        The reference bridge offers it, and so do bridges whose profile says so.
        """
        if self.options.command == REFERENCE or "requires_older_service" in self.options.profile.granted:
            return
        try:
            connection.ping()
        except BridgeError as error:
            if error.code is grpc.StatusCode.UNIMPLEMENTED:
                self.servers.lacked = "the bridge does not offer SnakepitBridge in addition to BridgeService"

    def observations(self) -> Observations:
        """Return what this process has observed."""
        return Observations(self.coverage.met, sorted(self._unimplemented), self._flags.names)

    def add(self, observations: Observations) -> None:
        """Add what another process has observed."""
        self.coverage.add_counts(observations.coverage)
        self._unimplemented.update(observations.unimplemented)
        self._flags.add(observations.refused_flags)

    def begin_scenario(self, clauses: Collection[str] = (), recorder: Recorder | None = None) -> None:
        """Replace the records of the previous scenario.

        Args:
            clauses: the clauses of the scenario that begins.
            recorder: the records of its first steps; None if none was executed.
        """
        self.connections.opener.begin(not any(clause.startswith("S") for clause in clauses))
        self.recorder = recorder or Recorder(self.options.has_current_service)
        self.servers.lacked_flag = self.servers.lacked = ""
        self.servers.launched.clear()

    def stop(self) -> None:
        """Close the connections, and stop the bridges and the store that the suite started."""
        self.connections.close()
        self.servers.stop()
        self.store.stop()
        self.access.close()

    def _record(self, event: Event) -> None:
        self.recorder.add(event)
        self.coverage.add(event)
        self.liveness.add(event)
        if event.status == "UNIMPLEMENTED":
            self._unimplemented.add(event.method)
