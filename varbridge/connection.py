"""The connection to a bridge."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import Any

import grpc

from varbridge.credentials import Tls, bearer
from varbridge.errors import from_rpc
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.messages import snakepit_bridge_pb2_grpc as pb_grpc
from varbridge.session import Session
from varbridge.watch import Stream

MAX_MESSAGE_BYTES = 100 * 2**20

SERVICES: dict[str, Callable[[Any], Any]] = {
    "BridgeService": pb_grpc.BridgeServiceStub,
    "SnakepitBridge": pb_grpc.SnakepitBridgeStub,
}
"""The gRPC stubs by the name of the service. The second name is the older one, which lacks a few methods."""

_OPTIONS: Sequence[tuple[str, Any]] = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    # A separate TCP connection, instead of one that is shared with every channel to that address.
    ("grpc.use_local_subchannel_pool", 1),
    # gRPC's default is to wait a second before it retries; a restarted server is ready sooner.
    ("grpc.initial_reconnect_backoff_ms", 20),
    ("grpc.max_reconnect_backoff_ms", 500),
    # In spite of its name, this is the timeout of one attempt: a busy or distant bridge needs time.
    ("grpc.min_reconnect_backoff_ms", 5000),
    ("grpc.enable_http_proxy", 0),
)


def is_address(text: str) -> bool:
    """Return True if a text has the form host:port, with a port from 0 to 65535."""
    host, _, port = text.strip().rpartition(":")
    return bool(host) and port.isascii() and port.isdecimal() and len(port) <= 5 and int(port) <= 65535


def target_of(address: str) -> str:
    """Return gRPC's target for an address or several; gRPC connects to the first address that answers.

    Raises:
        OSError: a host name is unknown.
        ValueError: IPv4 and IPv6 are mixed, or an address is not host:port.
    """
    if "," not in address:
        return address
    families: set[socket.AddressFamily] = set()
    numbers: list[str] = []
    for part in address.split(","):
        if not is_address(part):
            raise ValueError(f"{part.strip()!r} is not host:port")
        host, _, port = part.strip().rpartition(":")
        family, _, _, _, name = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)[0]
        families.add(family)
        numbers.append(f"[{name[0]}]:{port}" if family is socket.AF_INET6 else f"{name[0]}:{port}")
    if len(families) > 1:
        raise ValueError(f"{address}: IPv4 and IPv6 cannot be mixed: name addresses of one kind")
    return f"{'ipv6' if socket.AF_INET6 in families else 'ipv4'}:{','.join(numbers)}"


class Connection:
    """A connection to a bridge over TCP, which is established at the first call.

    Args:
        address: the host:port of the bridge, or comma-separated addresses of the bridges of a cluster. If the
            connected bridge is gone, the next call goes to another one.
        service: the name of the gRPC service; a key of ``SERVICES``.
        timeout: the timeout of calls that do not name another one, in seconds.
        on_reply: the function that is called with the method, the request and the reply of each answered
            call.
        tls: the TLS settings; None for plain text.
        token: the token that every call and stream sends as ``authorization: Bearer <token>``; empty for
            none.
        options: additional channel arguments of gRPC.

    Raises:
        ValueError: the token would leave this machine without TLS, or the address is invalid.
    """

    def __init__(
        self,
        address: str,
        *,
        service: str = "BridgeService",
        timeout: float = 10.0,
        on_reply: Callable[[str, Any, Any], object] | None = None,
        tls: Tls | None = None,
        token: str = "",
        options: Sequence[tuple[str, Any]] = (),
    ) -> None:
        self.address = address
        self.service = service
        self.timeout = timeout
        self.on_reply = on_reply
        self._tls = tls
        self._token = token
        self._options = options
        self._metadata = bearer(token, address, tls)
        options = [*_OPTIONS, *options]
        if tls is None:
            self._channel = grpc.insecure_channel(target_of(address), options)
        else:
            options += tls.options(address)
            self._channel = grpc.secure_channel(target_of(address), tls.credentials, options)
        self._stub = SERVICES[service](self._channel)

    def call(self, method: str, request: Any, *, timeout: float | None = None) -> Any:
        """Call a method and return its reply message.

        Raises:
            BridgeError: the bridge refused the call, cannot be reached, or did not answer within ``timeout``
                seconds.
        """
        try:
            reply = getattr(self._stub, method)(
                request, timeout=timeout or self.timeout, metadata=self._metadata
            )
        except grpc.RpcError as error:
            raise from_rpc(error) from None
        if self.on_reply is not None:
            self.on_reply(method, request, reply)
        return reply

    def start(self, method: str, request: Any, *, timeout: float | None = None) -> grpc.Future[Any]:
        """Start a call, and return it as a future with result(), code() and cancel()."""
        future: grpc.Future[Any] = getattr(self._stub, method).future(
            request, timeout=timeout or self.timeout, metadata=self._metadata
        )
        return future

    def stream(self, method: str, request: Any, *, timeout: float | None = None) -> Stream:
        """Start a streaming call, and return it; without ``timeout`` it has no deadline."""
        opened: Stream = getattr(self._stub, method)(request, timeout=timeout, metadata=self._metadata)
        return opened

    def ping(self, message: str = "", *, timeout: float | None = None) -> str:
        """Ping the bridge, and return the message that it answers."""
        reply: pb.PingResponse = self.call("Ping", pb.PingRequest(message=message), timeout=timeout)
        return reply.message

    def wait_until_ready(self, timeout: float = 5.0) -> None:
        """Wait until the connection is established.

        Raises:
            TimeoutError: there is no connection within ``timeout`` seconds.
        """
        try:
            grpc.channel_ready_future(self._channel).result(timeout)
        except grpc.FutureTimeoutError:
            raise TimeoutError(f"no connection to {self.address} within {timeout:g} s") from None

    def another(self) -> Connection:
        """Return a new connection of the same kind to the same address, for example if this one is half-open.

        gRPC uses a TCP connection until it is notified of its end, which never happens if it is half-open.
        """
        return Connection(
            self.address,
            service=self.service,
            timeout=self.timeout,
            on_reply=self.on_reply,
            tls=self._tls,
            token=self._token,
            options=self._options,
        )

    def session(self, session_id: str) -> Session:
        """Return the session with this id, without a call to the bridge."""
        return Session(self, session_id)

    def close(self) -> None:
        """Close the connection; calls and watches on it end with CANCELLED."""
        self._channel.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
