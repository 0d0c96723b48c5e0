"""The people of a scenario, each with a connection of their own."""

from __future__ import annotations

from varbridge.conformance.clients.recorded import RecordedConnection
from varbridge.conformance.faults.fault_proxy import FaultProxy
from varbridge.conformance.scenario.client import Client


class People:
    """Connections by person, and the lines that some of them run over.

    Args:
        client: makes the connections, to the bridge that it speaks to.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._connections: dict[str, RecordedConnection] = {}
        self._proxies: dict[str, FaultProxy] = {}

    def connection_of(self, name: str) -> RecordedConnection:
        """A person's own connection."""
        return self._connections.get(name) or self._give(name, self._client.connect())

    def narrow(self, name: str) -> None:
        """Connect a person so that little is under way to them while they do not read."""
        self._give(name, self._client.connect_narrowly())

    def move(self, name: str, bridge: str) -> None:
        """Connect a person to a bridge of several."""
        self._give(name, self._client.connect(self._client.bridges.address(bridge)))

    def proxy_of(self, name: str) -> FaultProxy:
        """The line that a person's connection runs over; put in place where there is none yet."""
        if name not in self._proxies:
            self._proxies[name] = FaultProxy(self._client.connection.address)
            self._give(name, self._client.connect(self._proxies[name].address))
        return self._proxies[name]

    def hang_up(self, name: str) -> None:
        """Close a person's connection."""
        self._client.hang_up(self.connection_of(name))

    def connect_anew(self) -> None:
        """Have everyone make another connection when they need one next."""
        self._connections.clear()

    def close(self) -> None:
        """Take the lines away."""
        for proxy in self._proxies.values():
            proxy.close()

    def _give(self, name: str, connection: RecordedConnection) -> RecordedConnection:
        connection.who = name
        self._connections[name] = connection
        return connection
