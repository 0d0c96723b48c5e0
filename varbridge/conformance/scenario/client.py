"""The client of a scenario: the bridge that it calls, and its credentials."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from varbridge import Connection
from varbridge.conformance.clients.recorded import RecordedConnection
from varbridge.conformance.scenario.bridges import Bridges
from varbridge.conformance.scenario.from_step import FromStep
from varbridge.conformance.scenario.replaced import replaced
from varbridge.conformance.target.credentials import Access, ClientCredentials
from varbridge.conformance.target.target import Target
from varbridge.worker import Worker


class Client:
    """The connection of the scenario's client, and a factory of more connections to the same bridge.

    Args:
        target: the system under test.
    """

    bridges = FromStep[Bridges]("Given a cluster of the bridges …")
    host = FromStep[Connection]("Given the tool … of another bridge is registered")
    """The connection to the other bridge, which hosts tools."""

    def __init__(self, target: Target) -> None:
        self.access = target.access
        """The certificates and tokens of the scenario's bridge."""
        self.credentials = target.options.credentials
        """The credentials of new connections."""
        self._service = ""  # the name of the service that new connections call; empty for that of the run
        self._target = target
        self._source: Callable[[], Connection] = target.connections.shared
        self._opened: list[RecordedConnection] = []

    @property
    def connection(self) -> Connection:
        """The connection that the client uses now."""
        return self._source()

    def use_bridge(self, address: str) -> None:
        """From now on, call the bridge at this address."""
        connection = self.connect(address)
        self._source = lambda: connection

    def use_bridges(self, bridges: Bridges) -> None:
        """From now on, call the first bridge of a cluster."""
        self.bridges = bridges
        connection = bridges.connection(bridges.names[0])
        self._source = lambda: connection

    def use_worker(self, worker: Worker) -> None:
        """From now on, call the server of a worker, even after the worker has restarted it."""
        self._source = worker.connection

    def using(self, connection: Connection) -> AbstractContextManager[None]:
        """Within the block, use another connection for the client's calls."""
        return replaced(self, _source=lambda: connection)

    def at_host(self) -> AbstractContextManager[None]:
        """Within the block, call the bridge that hosts the tools."""
        host = self.host
        return replaced(self, _source=lambda: host)

    def at_bridge(self, name: str) -> AbstractContextManager[None]:
        """Within the block, call the named bridge of the cluster."""
        connection = self.bridges.connection(name)
        return replaced(self, _source=lambda: connection)

    @contextmanager
    def retrying(self, seconds: float) -> Iterator[None]:
        """Within the block, retry calls for ``seconds`` while the bridge of the cluster is unavailable."""
        name = self.bridges.name_of(self.connection.address)
        with self.bridges.retrying(seconds), self.at_bridge(name):
            yield

    @contextmanager
    def showing(self, credentials: ClientCredentials) -> Iterator[None]:
        """Within the block, call over new connections with other credentials, such as a token."""
        with replaced(self, _source=self._source, credentials=credentials):
            self.use_bridge(self.connection.address)
            yield

    def without_token(self) -> AbstractContextManager[None]:
        """Within the block, call over the present connection, without its token."""
        return replaced(self.connection, _metadata=())

    @contextmanager
    def under(self, service: str) -> Iterator[None]:
        """Within the block, call over new connections, by another name of the bridge's service."""
        with replaced(self, _source=self._source, _service=service):
            self.use_bridge(self.connection.address)
            yield

    def own_access(self) -> Access:
        """Return certificates and tokens that only this scenario uses, so that it may replace them."""
        if self.access is self._target.access:
            self.access = Access()
        return self.access

    def connect(self, address: str | None = None) -> RecordedConnection:
        """Return a connection that ends with the scenario; without ``address``, to the scenario's bridge."""
        bridges = Client.bridges.get(self)
        if address is None and bridges is not None and bridges.roaming:
            return self._keep(bridges.roamer())
        return self._keep(
            self._target.connections.connect(
                address or self.connection.address, self.credentials, self._service
            )
        )

    def connect_narrowly(self) -> RecordedConnection:
        """Return a connection with a small receive window, which is closed with the scenario."""
        return self._keep(self._target.connections.narrow(self.connection.address, self.credentials))

    def hang_up(self, connection: RecordedConnection) -> None:
        """Close a connection that this client opened."""
        self._opened.remove(connection)
        connection.close()

    def close(self) -> None:
        """Return the connections to their pool, and end the bridges that only this scenario uses."""
        if (bridges := Client.bridges.get(self)) is not None:
            bridges.close()
        for connection in self._opened:
            self._target.connections.give_back(connection)
        if self.access is not self._target.access:
            self.access.close()

    def _keep(self, connection: RecordedConnection) -> RecordedConnection:
        self._opened.append(connection)
        return connection
