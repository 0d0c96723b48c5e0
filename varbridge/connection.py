"""The connection to a bridge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import grpc

from varbridge.channel import HEALTH_CHECK, SERVICES, channel_of, hinted, repeatable, timeout_of
from varbridge.credentials import Tls, bearer
from varbridge.errors import BridgeError, from_rpc
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.session import Session
from varbridge.watch import Stream


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
        attempts: the number of attempts, from 1 to 5, at a call that may be repeated and meets UNAVAILABLE,
            with back-off between them; a set without an idempotency key gets one. All attempts together
            have the timeout of the call.
        options: additional channel arguments of gRPC.

    Raises:
        ValueError: the token would leave this machine without TLS, or an argument is invalid.

    >>> with Connection(address, attempts=3) as connection:
    ...     connection.ping("hello", timeout=5.0)
    'hello'
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
        attempts: int = 1,
        options: Sequence[tuple[str, Any]] = (),
    ) -> None:
        self.address = address
        self.service = service
        self.timeout = timeout
        self.on_reply = on_reply
        self._tls = tls
        self._token = token
        self._attempts = attempts
        self._options = options
        self._answered = False
        timeout_of(timeout, None)
        self._metadata = bearer(token, address, tls)
        self._channel: grpc.Channel = channel_of(grpc, address, tls, attempts, options)
        self._stub = SERVICES[service](self._channel)

    def call(self, method: str, request: Any, *, timeout: float | None = None) -> Any:
        """Call a method and return its reply message.

        Raises:
            BridgeError: the bridge refused the call, cannot be reached, or did not answer within ``timeout``
                seconds.
            ValueError: the timeout is not a positive number.
        """
        if self._attempts > 1:
            request = repeatable(method, request)
        try:
            reply = getattr(self._stub, method)(
                request, timeout=timeout_of(timeout, self.timeout), metadata=self._metadata
            )
        except grpc.RpcError as error:
            raise self._error(error) from None
        self._answered = True
        if self.on_reply is not None:
            self.on_reply(method, request, reply)
        return reply

    def start(self, method: str, request: Any, *, timeout: float | None = None) -> grpc.Future[Any]:
        """Start a call, and return it as a future with result(), code() and cancel()."""
        future: grpc.Future[Any] = getattr(self._stub, method).future(
            request, timeout=timeout_of(timeout, self.timeout), metadata=self._metadata
        )
        return future

    def stream(self, method: str, request: Any, *, timeout: float | None = None) -> Stream:
        """Start a streaming call, and return it; without ``timeout`` it has no deadline."""
        opened: Stream = getattr(self._stub, method)(
            request, timeout=timeout_of(timeout, None), metadata=self._metadata
        )
        return opened

    def ping(self, message: str = "", *, timeout: float | None = None) -> str:
        """Ping the bridge, and return the message that it answers."""
        reply: pb.PingResponse = self.call("Ping", pb.PingRequest(message=message), timeout=timeout)
        return reply.message

    def wait_until_ready(self, timeout: float = 5.0) -> None:
        """Wait until the connection is established and the bridge answers.

        Raises:
            TimeoutError: there is no answer within ``timeout`` seconds.
        """
        # A call rather than the state of the channel: gRPC watches the state in a thread, which fails noisily
        # if the channel is closed soon after.
        check: Any = self._channel.unary_unary(HEALTH_CHECK)
        try:
            check(b"", timeout=timeout, wait_for_ready=True, metadata=self._metadata)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                raise TimeoutError(f"no answer from {self.address} within {timeout:g} s") from None

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
            attempts=self._attempts,
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

    def _error(self, error: grpc.RpcError) -> BridgeError:
        refusal = from_rpc(error)
        return refusal if self._answered else hinted(refusal, tls=self._tls is not None)
