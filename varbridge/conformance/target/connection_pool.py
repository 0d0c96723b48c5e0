"""The connections of a run: one that most scenarios share, and others that are reused."""

from __future__ import annotations

import socket
from collections.abc import Callable, Container, Sequence
from typing import Any

import grpc

from varbridge import BridgeError
from varbridge.conformance.clients.recorded import RecordedConnection
from varbridge.conformance.clients.retry import RetryingConnection
from varbridge.conformance.clients.session_opener import SessionOpener
from varbridge.conformance.events import CLIENT, Event
from varbridge.conformance.target.credentials import ClientCredentials
from varbridge.conformance.target.options import Options, TargetUnavailableError
from varbridge.conformance.target.server_pool import ServerPool
from varbridge.conformance.target.startup import startup_error

_HINTS = {
    grpc.StatusCode.UNAVAILABLE: "; if it asks for TLS, name its authority: -D ca=FILE",
    grpc.StatusCode.UNAUTHENTICATED: "; name a file with a token for it: -D token-file=FILE",
}
"""The ends of sentences about calls that a bridge did not answer, by status."""


_CONNECT_TIMEOUT_S = 1.0

_NARROW = [("grpc.http2.lookahead_bytes", 4096), ("grpc.http2.bdp_probe", 0)]
"""The channel arguments for a small window of flow control, which gRPC may not enlarge."""


class ConnectionPool:
    """A pool of recorded connections to the bridge that most scenarios share.

    Args:
        options: the options of the system under test.
        servers: the pool of server processes, which knows the address of the shared bridge.
        record: the function that is called with every event.
    """

    def __init__(self, options: Options, servers: ServerPool, record: Callable[[Event], object]) -> None:
        self._options = options
        self._servers = servers
        self._service = options.service
        self._usual = options.credentials
        self._record = record
        self.opener = SessionOpener("InitializeSession" not in options.profile.lacking_methods)
        self._shared: RecordedConnection | None = None
        self._spare: list[RecordedConnection] = []

    def shared(self) -> RecordedConnection:
        """Return the connection that most scenarios share; start the bridge if it is not running.

        Raises:
            TargetUnavailableError: no bridge answers, or it does not admit the judge.
            StartupError: the suite has started the bridge, which does not become ready or answers nothing.
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
            raise self._unreachable(address, error) from None
        self._shared = connection
        return connection

    def connect(
        self, address: str, credentials: ClientCredentials | None = None, service: str = ""
    ) -> RecordedConnection:
        """Return a connection for exclusive use.

        Opening and closing a connection takes longer than most scenarios, so returned ones are reused.

        Args:
            address: the host:port of the bridge.
            credentials: the client's credentials for its calls; None for those of the run.
            service: the name of the gRPC service; empty for that of the run.
        """
        reusable = credentials in (None, self._usual) and service in ("", self._service)
        if reusable and self._spare and self._spare[-1].address == address:
            return self._spare.pop()
        connection = self._open(address, credentials or self._usual, service)
        connection.reusable = reusable
        return connection

    def narrow(self, address: str, credentials: ClientCredentials) -> RecordedConnection:
        """Return a connection that buffers only 4 KiB of unread data per stream."""
        return self._open(address, credentials, options=_NARROW)

    def retrying(self, address: str, patience: float) -> RetryingConnection:
        """Return a connection that retries calls for ``patience`` seconds while a bridge is unavailable."""
        return RetryingConnection(
            address,
            service=self._service,
            on_event=self._record,
            patience=patience,
            tls=self._usual.tls,
            token=self._usual.token,
        )

    def give_back(self, connection: RecordedConnection) -> None:
        """Take back a connection that a scenario no longer uses, and keep it for reuse or close it."""
        connection.who = CLIENT
        if self._shared is not None and connection.address == self._shared.address and connection.reusable:
            self._spare.append(connection)
        else:
            connection.close()

    def unreachable_reason(self, silent: Container[str]) -> str:
        """Return the reason why a bridge that the suite did not start is unreachable; empty if it answers.

        Args:
            silent: the addresses that did not answer in this scenario.
        """
        address = self._options.address
        if address is None or address not in silent:
            return ""
        connection = self._open(address, self._usual)
        try:
            connection.ping("is the bridge still there?", timeout=5.0)
        except BridgeError as error:
            if not _is_listening(address):  # a bridge that hangs is judged
                return f"the bridge at {address} does not answer any more: {error}"
        finally:
            connection.close()
        return ""

    def _unreachable(self, address: str, error: BridgeError) -> Exception:
        """Return the error about a bridge that does not answer its first call."""
        process = self._servers.usual
        if process is not None and error.code is grpc.StatusCode.DEADLINE_EXCEEDED:
            return startup_error(process, f"it did not answer the first call, Ping: {error}")
        if process is not None and error.code is grpc.StatusCode.UNAVAILABLE and not _is_listening(address):
            return startup_error(process, f"nothing listens at {address}")
        hint = _HINTS.get(error.code, "")
        return TargetUnavailableError(f"no {self._service} answers at {address}: {error}{hint}")

    def close(self) -> None:
        """Close the shared connection, and those that are kept for reuse."""
        for connection in filter(None, (self._shared, *self._spare)):
            connection.close()

    def _open(
        self,
        address: str,
        credentials: ClientCredentials,
        service: str = "",
        options: Sequence[tuple[str, Any]] = (),
    ) -> RecordedConnection:
        is_usual = service in ("", self._service)
        connection = RecordedConnection(
            address,
            service=service or self._service,
            # The messages of the older name of a service lack fields that the invariants require.
            on_event=self._record if is_usual else lambda _: None,
            tls=credentials.tls,
            token=credentials.token,
            authorization=credentials.authorization,
            options=options,
        )
        if credentials == self._usual:  # a client with other ones may not be permitted to open a session
            connection.opener = self.opener
        return connection


def _is_listening(address: str) -> bool:
    """Return True if an address accepts a connection."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_TIMEOUT_S):
            return True
    except OSError:
        return False
