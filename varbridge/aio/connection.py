"""The connection to a bridge, for asyncio."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import grpc
import grpc.aio

from varbridge.aio.caller import Stream
from varbridge.aio.session import Session
from varbridge.channel import HEALTH_CHECK, SERVICES, channel_of, hinted, repeatable, timeout_of
from varbridge.credentials import Tls, bearer
from varbridge.errors import BridgeError, from_rpc
from varbridge.messages import snakepit_bridge_pb2 as pb


class Connection:
    """A connection to a bridge over TCP, which is established at the first call.

    The arguments are those of ``varbridge.Connection``. A connection is opened in a running event loop, and
    used in that one only.

    >>> async with Connection(address, attempts=3) as connection:
    ...     await connection.ping("hello", timeout=5.0)
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
        self._channel: grpc.aio.Channel = channel_of(grpc.aio, address, tls, attempts, options)
        self._stub = SERVICES[service](self._channel)

    async def call(self, method: str, request: Any, *, timeout: float | None = None) -> Any:
        """Call a method and return its reply message.

        Raises:
            BridgeError: the bridge refused the call, cannot be reached, or did not answer within ``timeout``
                seconds.
            ValueError: the timeout is not a positive number.
        """
        if self._attempts > 1:
            request = repeatable(method, request)
        try:
            reply = await getattr(self._stub, method)(
                request, timeout=timeout_of(timeout, self.timeout), metadata=self._metadata
            )
        except grpc.aio.AioRpcError as error:
            raise self._error(error) from None
        self._answered = True
        if self.on_reply is not None:
            self.on_reply(method, request, reply)
        return reply

    def stream(self, method: str, request: Any, *, timeout: float | None = None) -> Stream:
        """Start a streaming call, and return it; without ``timeout`` it has no deadline."""
        opened: Stream = getattr(self._stub, method)(
            request, timeout=timeout_of(timeout, None), metadata=self._metadata
        )
        return opened

    async def ping(self, message: str = "", *, timeout: float | None = None) -> str:
        """Ping the bridge, and return the message that it answers."""
        reply: pb.PingResponse = await self.call("Ping", pb.PingRequest(message=message), timeout=timeout)
        return reply.message

    async def wait_until_ready(self, timeout: float = 5.0) -> None:
        """Wait until the connection is established and the bridge answers.

        Raises:
            TimeoutError: there is no answer within ``timeout`` seconds.
        """
        check: Any = self._channel.unary_unary(HEALTH_CHECK)
        try:
            await check(b"", timeout=timeout, wait_for_ready=True, metadata=self._metadata)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                raise TimeoutError(f"no answer from {self.address} within {timeout:g} s") from None

    def another(self) -> Connection:
        """Return a new connection of the same kind to the same address."""
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

    async def close(self) -> None:
        """Close the connection; calls and watches on it end with CANCELLED."""
        await self._channel.close()

    async def __aenter__(self) -> Connection:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _error(self, error: grpc.aio.AioRpcError) -> BridgeError:
        refusal = from_rpc(error)
        return refusal if self._answered else hinted(refusal, tls=self._tls is not None)
