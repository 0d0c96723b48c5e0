"""Retrying connections, for bridges that may be unavailable for a while."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import grpc

from varbridge import BridgeError, Tls
from varbridge.conformance.clients.recorded import RecordedConnection
from varbridge.conformance.events import Event
from varbridge.connection import Connection
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.messages.traits import may_be_repeated

ATTEMPT_TIMEOUT_S = 2.0
"""The timeout of one attempt, in seconds: a bridge may hang."""

_RETRY_BACKOFF_S = 0.02
_RETRYABLE = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}


class RetryingConnection(RecordedConnection):
    """A connection that retries repeatable calls after UNAVAILABLE or DEADLINE_EXCEEDED, with back-off.

    Args:
        address: the host:port of the bridge, or several ones separated by commas.
        service: the name of the bridge's gRPC service.
        on_event: the function that is called with every event.
        patience: the total time for all attempts at a call, in seconds.
        tls: the TLS settings; None for plain text.
        token: the token of every call.
    """

    def __init__(
        self,
        address: str,
        *,
        service: str,
        on_event: Callable[[Event], object],
        patience: float,
        tls: Tls | None = None,
        token: str = "",
    ) -> None:
        super().__init__(address, service=service, on_event=on_event, tls=tls, token=token)
        self._patience = patience

    def call(self, method: str, request: Any, *, timeout: float | None = None) -> Any:
        """Call a method as ``Connection.call`` does; if it may be repeated, retry it at the next address."""
        if not may_be_repeated(method):
            return super().call(method, request, timeout=timeout)
        if method == "SetVariable" and not request.request_id:
            repeatable = pb.SetVariableRequest()
            repeatable.CopyFrom(request)
            repeatable.request_id = os.urandom(16).hex()
            request = repeatable
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return super().call(
                    method, request, timeout=min(ATTEMPT_TIMEOUT_S, timeout or ATTEMPT_TIMEOUT_S)
                )
            except BridgeError as error:
                if error.code not in _RETRYABLE or time.monotonic() > deadline:
                    raise
                self._move_on()
            time.sleep(_RETRY_BACKOFF_S)

    def _move_on(self) -> None:
        """Connect to the next address: a bridge that hangs, or only refuses, keeps its connections open."""
        first, _, rest = self.address.partition(",")
        if rest:
            hung, who = self._channel, self.who
            super().__init__(
                f"{rest},{first}",
                service=self.service,
                on_event=self._on_event,
                tls=self._tls,
                token=self._token,
            )
            self.who = who
            hung.close()

    def another(self) -> Connection:
        """Return another retrying connection to the same bridges."""
        other = RetryingConnection(
            self.address,
            service=self.service,
            on_event=self._on_event,
            patience=self._patience,
            tls=self._tls,
            token=self._token,
        )
        other.who = self.who
        return other
