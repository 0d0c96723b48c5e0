"""The one place where all calls go through: connections that tell of every call, update and end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import grpc

from varbridge import BridgeError, Connection, Tls
from varbridge.conformance.events import CLIENT, Event
from varbridge.errors import from_rpc
from varbridge.watch import Stream


class RecordedConnection(Connection):
    """A connection whose calls are told to the harness.

    Args:
        address: host:port.
        service: the name that the bridge answers under.
        on_event: called with every event, on the thread where it came.
        timeout: seconds that a call may take unless it says otherwise.
        tls: how to speak to a bridge over TLS; None for one that does not.
        token: what every call bears; nobody is told of it.
        authorization: what every call bears in place of ``Bearer`` and a token.
        options: see ``Connection``.
    """

    def __init__(
        self,
        address: str,
        *,
        service: str,
        on_event: Callable[[Event], object],
        timeout: float = 10.0,
        tls: Tls | None = None,
        token: str = "",
        authorization: str = "",
        options: Sequence[tuple[str, Any]] = (),
    ) -> None:
        super().__init__(address, service=service, timeout=timeout, tls=tls, token=token, options=options)
        self.who = CLIENT
        self.plain = not (tls or token or authorization or options)
        """Whether it shows nothing, and is like others, so that anybody may use it."""
        self._on_event = on_event
        self._authorization = authorization
        if authorization:
            self._metadata = (("authorization", authorization),)

    def call(self, method: str, request: Any, *, timeout: float | None = None) -> Any:
        """See ``Connection``."""
        began = time.monotonic()
        try:
            reply = super().call(method, request, timeout=timeout)
        except BridgeError as error:
            self._say("call", method, began, request, status=error.code.name, words=error.message)
            raise
        self._say("call", method, began, request, reply, "OK")
        return reply

    def start(self, method: str, request: Any, *, timeout: float | None = None) -> grpc.Future[Any]:
        """See ``Connection``; told when it is over."""
        began = time.monotonic()
        future = super().start(method, request, timeout=timeout)

        def over(call: Any) -> None:
            code = call.code()
            reply = call.result() if code is grpc.StatusCode.OK else None
            self._say("call", method, began, request, reply, code.name, call.details() or "")

        future.add_done_callback(over)
        return future

    def stream(self, method: str, request: Any, *, timeout: float | None = None) -> Stream:
        """See ``Connection``."""
        began = time.monotonic()
        self._say("open", method, began, request)
        return _RecordedStream(super().stream(method, request, timeout=timeout), method, self._say)

    def another(self) -> Connection:
        """See ``Connection``."""
        other = RecordedConnection(
            self.address,
            service=self.service,
            on_event=self._on_event,
            timeout=self.timeout,
            tls=self._tls,
            token=self._token,
            authorization=self._authorization,
            options=self._options,
        )
        other.who = self.who
        return other

    def ask(self, path: str, request: bytes, *, timeout: float = 5.0) -> bytes:
        """Call a method of another service than the bridge's, and return the first answer; nobody is told.

        Raises:
            BridgeError: it was refused.
        """
        method: Any = self._channel.stream_stream(path)
        try:
            answer: bytes = next(method(iter([request]), timeout=timeout, metadata=self._metadata))
        except grpc.RpcError as error:
            raise from_rpc(error) from None
        return answer

    def wait_until_closed(self, timeout: float) -> bool:
        """Wait until a connection that was made is no more; return whether that came to be."""
        closed = threading.Event()

        def changed(state: grpc.ChannelConnectivity) -> None:
            if state is not grpc.ChannelConnectivity.READY:
                closed.set()

        self._channel.subscribe(changed)  # it is told of the present state first
        try:
            return closed.wait(timeout)
        finally:
            self._channel.unsubscribe(changed)

    def _say(
        self,
        kind: str,
        method: str,
        began: float,
        request: Any = None,
        reply: Any = None,
        status: str = "",
        words: str = "",
    ) -> None:
        now = time.monotonic()
        self._on_event(Event(kind, self.who, self.address, method, began, now, request, reply, status, words))


class _RecordedStream:
    """A streaming call that tells what comes on it, and its end."""

    def __init__(self, stream: Stream, method: str, say: Callable[..., None]) -> None:
        self._stream = stream
        self._method = method
        self._say = say

    def __iter__(self) -> Iterator[Any]:
        status, words = "OK", ""
        try:
            for message in self._stream:
                self._say("message", self._method, time.monotonic(), reply=message)
                yield message
        except grpc.RpcError as error:
            told = from_rpc(error)
            status, words = told.code.name, told.message
            raise
        finally:
            self._say("end", self._method, time.monotonic(), status=status, words=words)

    def initial_metadata(self) -> Any:
        return self._stream.initial_metadata()

    def cancel(self) -> bool:
        return self._stream.cancel()
