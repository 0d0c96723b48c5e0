"""The people of a scenario, each of whom has a connection."""

from __future__ import annotations

from varbridge.conformance.clients.recorded import RecordedConnection
from varbridge.conformance.faults.fault_proxy import FaultProxy
from varbridge.conformance.scenario.client import Client


class People:
    """The connections of people, and the fault proxies that some of them run through.

    Args:
        client: the scenario's client, which opens the connections to its bridge.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._connections: dict[str, RecordedConnection] = {}
        self._proxies: dict[str, FaultProxy] = {}

    def connection_of(self, name: str) -> RecordedConnection:
        """Return a person's connection; open one if there is none."""
        return self._connections.get(name) or self._give(name, self._client.connect())

    def narrow(self, name: str) -> None:
        """Connect a person with a small receive window, so that little data is buffered for them."""
        self._give(name, self._client.connect_narrowly())

    def move(self, name: str, bridge: str) -> None:
        """Connect a person to the named bridge of the cluster."""
        self._give(name, self._client.connect(self._client.bridges.address(bridge)))

    def proxy_of(self, name: str) -> FaultProxy:
        """Return the fault proxy of a person's connection; if there is none, reconnect through a new one."""
        if name not in self._proxies:
            self._proxies[name] = FaultProxy(self._client.connection.address)
            self._give(name, self._client.connect(self._proxies[name].address))
        return self._proxies[name]

    def hang_up(self, name: str) -> None:
        """Close a person's connection."""
        self._client.hang_up(self.connection_of(name))

    def forget_connections(self) -> None:
        """Forget all connections, so that each person gets a new one at the next call."""
        self._connections.clear()

    def close(self) -> None:
        """Close the fault proxies."""
        for proxy in self._proxies.values():
            proxy.close()

    def _give(self, name: str, connection: RecordedConnection) -> RecordedConnection:
        connection.who = name
        self._connections[name] = connection
        return connection
