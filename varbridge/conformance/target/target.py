"""The bridge that a run judges, with all that the scenarios of the run share."""

from __future__ import annotations

from collections.abc import Mapping

from varbridge.conformance.events import Event
from varbridge.conformance.invariants.coverage import Coverage
from varbridge.conformance.target import capabilities
from varbridge.conformance.target.connection_pool import ConnectionPool
from varbridge.conformance.target.credentials import Access
from varbridge.conformance.target.options import Options, TargetUnavailableError
from varbridge.conformance.target.recorder import Recorder
from varbridge.conformance.target.server_pool import ServerPool
from varbridge.conformance.target.shared_store import Store


class Target:
    """The bridge that a run judges.

    Args:
        options: which one it is.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.capabilities = capabilities.present(options)
        self.coverage = Coverage(options.service)
        self.servers = ServerPool(options)
        self.connections = ConnectionPool(options, self.servers, self._record)
        self.recorder = Recorder()
        self.store = Store()
        self.access = Access()
        """Of the bridges that scenarios share."""

    @classmethod
    def from_options(cls, given: Mapping[str, str]) -> Target:
        """Read behave's ``-D`` options.

        Raises:
            TargetUnavailableError: they name no bridge that this run can judge as its profile says.
        """
        options = Options.read(given)
        if impossible := sorted(options.profile.granted - capabilities.possible(options)):
            raise TargetUnavailableError(
                f"the profile grants {impossible[0]}, which this run cannot use: see -D"
            )
        return cls(options)

    def begin_scenario(self) -> None:
        """Forget what was told in the scenario before."""
        self.recorder = Recorder()
        self.servers.lacked_flag = ""

    def stop(self) -> None:
        """End what the suite started."""
        self.connections.close()
        self.servers.stop()
        self.store.stop()
        self.access.close()

    def _record(self, event: Event) -> None:
        self.recorder.add(event)
        self.coverage.add(event)
