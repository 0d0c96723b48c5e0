"""Recorded connections, which report every call, and every message and end of a stream, as an event."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import grpc

from varbridge import BridgeError, Connection, Tls, aio
from varbridge.conformance.clients.session_opener import SessionOpener
from varbridge.conformance.events import CLIENT, Event
from varbridge.errors import MalformedReplyError, from_rpc
from varbridge.messages.traits import traits_of
from varbridge.watch import Stream


class RecordedConnection(Connection):
    """A connection that reports its calls as events.

    Args:
        address: the host:port of the bridge.
        service: the name of the bridge's gRPC service.
        on_event: the function that is called with every event, on the thread where it occurs.
        timeout: the timeout of calls that do not name another one, in seconds.
        tls: the TLS settings; None for plain text.
        token: the token of every call; events do not contain it.
        authorization: the value of the ``authorization`` metadata, if it is not ``Bearer`` and a token.
        options: the options of the gRPC channel; see ``Connection``.
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
        self.reusable = False
        """True if the connection has nothing of its own, so that any scenario may use it."""
        self.opener: SessionOpener | None = None
        """The opener of sessions before their first use; None if the connection opens none."""
        self._on_event = on_event
        self._authorization = authorization
        if authorization:
            self._metadata = (("authorization", authorization),)

    def call(self, method: str, request: Any, *, timeout: float | None = None) -> Any:
        """Call a method as ``Connection.call`` does, and report the call and its answer as an event.

        Raises:
            BridgeError: the call was refused.
            MalformedReplyError: the reply says success=false, although a refusal is a status.
        """
        if self.opener is not None:
            self.opener.prepare(self.address, method, request, self.call)
        began = time.monotonic()
        try:
            reply = super().call(method, request, timeout=timeout)
        except BridgeError as error:
            self._report("call", method, began, request, status=error.code.name, words=error.message)
            raise
        self._report("call", method, began, request, reply, "OK")
        if traits_of(method).outcome_field != "success" and not getattr(reply, "success", True):
            raise MalformedReplyError(
                f"{method} answered success=false under the status OK:"
                f" {getattr(reply, 'error_message', '')!r}"
            )
        return reply

    def start(self, method: str, request: Any, *, timeout: float | None = None) -> grpc.Future[Any]:
        """Start a call as ``Connection.start`` does, and report it as an event when it has ended."""
        began = time.monotonic()
        future = super().start(method, request, timeout=timeout)

        def over(call: Any) -> None:
            code = call.code()
            reply = call.result() if code is grpc.StatusCode.OK else None
            self._report("call", method, began, request, reply, code.name, call.details() or "")

        future.add_done_callback(over)
        return future

    def stream(self, method: str, request: Any, *, timeout: float | None = None) -> Stream:
        """Open a stream as ``Connection.stream`` does, and report its opening, messages and end."""
        began = time.monotonic()
        self._report("open", method, began, request)
        return _RecordedStream(super().stream(method, request, timeout=timeout), method, self._report)

    def another(self) -> Connection:
        """Return another connection to the same bridge, which reports its calls as well."""
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
        other.who, other.opener = self.who, self.opener
        return other

    def for_asyncio(self) -> aio.Connection:
        """Return a connection for asyncio to the same bridge; it reports no calls, and must be closed."""
        return aio.Connection(self.address, service=self.service, tls=self._tls, token=self._token)

    def ask(self, path: str, request: bytes, *, timeout: float = 5.0) -> bytes:
        """Call a method of another gRPC service, and return the first answer; no event reports the call.

        Raises:
            BridgeError: the call was refused.
            MalformedReplyError: the call ended without an answer.
        """
        method: Any = self._channel.stream_stream(path)
        try:
            # Until the end, since an answer may come before the status that refuses the call.
            answers = [*method(iter([request]), timeout=timeout, metadata=self._metadata)]
        except grpc.RpcError as error:
            raise from_rpc(error) from None
        if not answers:
            raise MalformedReplyError(f"{path} ended without an answer")
        return bytes(answers[0])

    def wait_until_closed(self, timeout: float) -> bool:
        """Wait until the established connection is closed; return False if time is up before."""
        closed = threading.Event()

        def changed(state: grpc.ChannelConnectivity) -> None:
            if state is not grpc.ChannelConnectivity.READY:
                closed.set()

        self._channel.subscribe(changed)  # gRPC first calls it with the present state
        try:
            return closed.wait(timeout)
        finally:
            self._channel.unsubscribe(changed)

    def _report(
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
    """A streaming call that reports its messages and its end."""

    def __init__(self, stream: Stream, method: str, report: Callable[..., None]) -> None:
        self._stream = stream
        self._method = method
        self._report = report

    def __iter__(self) -> Iterator[Any]:
        status, words = "OK", ""
        try:
            for message in self._stream:
                self._report("message", self._method, time.monotonic(), reply=message)
                yield message
        except grpc.RpcError as error:
            refusal = from_rpc(error)
            status, words = refusal.code.name, refusal.message
            raise
        finally:
            self._report("end", self._method, time.monotonic(), status=status, words=words)

    def initial_metadata(self) -> Any:
        return self._stream.initial_metadata()

    def cancel(self) -> bool:
        return self._stream.cancel()
