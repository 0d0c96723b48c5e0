"""The connections of a run: one that most scenarios share, and others that are used again."""

from __future__ import annotations

from collections.abc import Callable, Container

from varbridge import BridgeError
from varbridge.conformance.clients.recorded import RecordedConnection
from varbridge.conformance.clients.retry import RetryingConnection
from varbridge.conformance.events import CLIENT, Event
from varbridge.conformance.target.credentials import NO_CREDENTIALS, ClientCredentials
from varbridge.conformance.target.options import Options, TargetUnavailableError
from varbridge.conformance.target.server_pool import ServerPool


class ConnectionPool:
    """Makes connections that are recorded, and keeps those to the bridge that most scenarios share.

    Args:
        options: the bridge that is judged.
        servers: have the address of that bridge.
        record: called with every event.
    """

    def __init__(self, options: Options, servers: ServerPool, record: Callable[[Event], object]) -> None:
        self._options = options
        self._servers = servers
        self._service = options.service
        self._record = record
        self._shared: RecordedConnection | None = None
        self._spare: list[RecordedConnection] = []

    def shared(self) -> RecordedConnection:
        """The connection that most scenarios share; starts the bridge where it is not running.

        Raises:
            TargetUnavailableError: it cannot be started or does not answer.
        """
        address = self._servers.require_usual()
        if self._shared is not None and self._shared.address == address:
            return self._shared
        self._shared = None
        self._spare.clear()
        connection = self.connect(address)
        try:
            connection.ping("is a bridge there?", timeout=5.0)
        except BridgeError as error:
            connection.close()
            raise TargetUnavailableError(f"no {self._service} answers at {address}: {error}") from None
        self._shared = connection
        return connection

    def connect(self, address: str, credentials: ClientCredentials = NO_CREDENTIALS) -> RecordedConnection:
        """A connection for nobody else at present.

        Making and closing one takes longer than most scenarios do, so those given back are used again.

        Args:
            address: where.
            credentials: what the bridge is shown on it.
        """
        if credentials == NO_CREDENTIALS and self._spare and self._spare[-1].address == address:
            return self._spare.pop()
        return RecordedConnection(
            address,
            service=self._service,
            on_event=self._record,
            tls=credentials.tls,
            token=credentials.token,
            authorization=credentials.authorization,
        )

    def narrow(self, address: str) -> RecordedConnection:
        """A connection that takes 64 KiB more than is read from it, and not what it thinks it can."""
        options = [("grpc.http2.bdp_probe", 0)]
        return RecordedConnection(address, service=self._service, on_event=self._record, options=options)

    def retrying(self, address: str, patience: float) -> RetryingConnection:
        """A connection that calls again for so many seconds where a bridge is unavailable."""
        return RetryingConnection(address, service=self._service, on_event=self._record, patience=patience)

    def give_back(self, connection: RecordedConnection) -> None:
        """Take back a connection that works, and that nobody uses any more."""
        connection.who = CLIENT
        if self._shared is not None and connection.address == self._shared.address and connection.plain:
            self._spare.append(connection)
        else:
            connection.close()

    def unreachable_reason(self, silent: Container[str]) -> str:
        """The reason why a bridge that runs already is out of reach; empty where it answers.

        Args:
            silent: addresses that did not answer in this scenario.
        """
        address = self._options.address
        if address is None or address not in silent:
            return ""
        connection = RecordedConnection(address, service=self._service, on_event=lambda _: None)
        try:
            connection.ping("is the bridge still there?", timeout=5.0)
        except BridgeError as error:
            return f"the bridge at {address} answers no more: {error}"
        finally:
            connection.close()
        return ""

    def close(self) -> None:
        """Close those that nobody uses."""
        for connection in filter(None, (self._shared, *self._spare)):
            connection.close()
