"""A connection to a bridge."""

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
"""The names that a bridge may answer under; the second is the older one, which lacks a few methods."""

_OPTIONS: Sequence[tuple[str, Any]] = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    # A TCP connection of its own, rather than one shared with every channel to that address.
    ("grpc.use_local_subchannel_pool", 1),
    # gRPC waits a second before it tries again; a restarted server is there sooner.
    ("grpc.initial_reconnect_backoff_ms", 20),
    ("grpc.max_reconnect_backoff_ms", 500),
    # In spite of its name, this is how long one try may take: a busy or distant bridge needs its time.
    ("grpc.min_reconnect_backoff_ms", 5000),
    ("grpc.enable_http_proxy", 0),
)


def is_address(text: str) -> bool:
    """Whether a text is host:port."""
    host, _, port = text.strip().rpartition(":")
    return bool(host) and port.isascii() and port.isdecimal() and len(port) <= 5 and int(port) <= 65535


def target_of(address: str) -> str:
    """What gRPC calls an address; of several it takes the first that answers, and the next when that is gone.

    Raises:
        OSError: a name is not known.
        ValueError: they are not of one family, or one is no host:port.
    """
    if "," not in address:
        return address
    families: set[socket.AddressFamily] = set()
    numbers: list[str] = []
    for one in address.split(","):
        if not is_address(one):
            raise ValueError(f"{one.strip()!r} is no host:port")
        host, _, port = one.strip().rpartition(":")
        family, _, _, _, found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)[0]
        families.add(family)
        numbers.append(f"[{found[0]}]:{port}" if family is socket.AF_INET6 else f"{found[0]}:{port}")
    if len(families) > 1:
        raise ValueError(f"{address}: IPv4 and IPv6 cannot be mixed")
    return f"{'ipv6' if socket.AF_INET6 in families else 'ipv4'}:{','.join(numbers)}"


class Connection:
    """One TCP connection to a bridge, made at the first call.

    Args:
        address: host:port; several, with commas between them, of bridges that share their state. When the one
            that it is connected to is gone, the next call goes to another.
        service: the name that the bridge answers under; one of ``SERVICES``.
        timeout: seconds that a call may take unless it says otherwise.
        on_reply: called with the method, the request and the reply of each call that is answered.
        tls: how to speak to bridges over TLS; None for bridges that do not.
        token: what every call and stream bears as ``authorization: Bearer <token>``; none where it is empty.
        options: channel arguments of gRPC, beside those that every connection has.

    Raises:
        ValueError: the token would leave this machine without TLS, or the address is none.
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
            BridgeError: the bridge refused, or did not answer within ``timeout`` seconds.
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
        """Call a method and return at once: the call, which has result(), code() and cancel()."""
        future: grpc.Future[Any] = getattr(self._stub, method).future(
            request, timeout=timeout or self.timeout, metadata=self._metadata
        )
        return future

    def stream(self, method: str, request: Any, *, timeout: float | None = None) -> Stream:
        """Call a streaming method and return the call; without a ``timeout`` it has no end."""
        opened: Stream = getattr(self._stub, method)(request, timeout=timeout, metadata=self._metadata)
        return opened

    def ping(self, message: str = "", *, timeout: float | None = None) -> str:
        """Return what the bridge answers."""
        reply: pb.PingResponse = self.call("Ping", pb.PingRequest(message=message), timeout=timeout)
        return reply.message

    def wait_until_ready(self, timeout: float = 5.0) -> None:
        """Return when the connection is made.

        Raises:
            TimeoutError: it is not within ``timeout`` seconds.
        """
        try:
            grpc.channel_ready_future(self._channel).result(timeout)
        except grpc.FutureTimeoutError:
            raise TimeoutError(f"no connection to {self.address} within {timeout:g} s") from None

    def another(self) -> Connection:
        """A connection of the same kind to the same address: where this one's TCP connection is dead, say.

        gRPC keeps using a TCP connection until it is told of its end, which a half-open one never is.
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
        """A session of that id; nothing is sent."""
        return Session(self, session_id)

    def close(self) -> None:
        """Close the connection; calls and watches on it end with CANCELLED."""
        self._channel.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
