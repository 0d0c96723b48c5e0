"""Connections that call again where a bridge is unavailable, for as long as they are told to be patient."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import grpc

from varbridge import BridgeError
from varbridge.conformance.clients.recorded import RecordedConnection
from varbridge.conformance.events import Event
from varbridge.connection import Connection
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.messages.traits import may_be_repeated

ATTEMPT_TIMEOUT_S = 2.0
"""Seconds that one attempt may take: whoever was asked may hang."""

_RETRY_BACKOFF_S = 0.02
_PASSING = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}


class RetryingConnection(RecordedConnection):
    """Asks again what was refused as unavailable, or was not answered, where asking twice does no harm.

    Args:
        address: host:port, or several.
        service: the name that the bridge answers under.
        on_event: called with every event.
        patience: seconds for all attempts at a call together.
    """

    def __init__(
        self, address: str, *, service: str, on_event: Callable[[Event], object], patience: float
    ) -> None:
        super().__init__(address, service=service, on_event=on_event)
        self._patience = patience

    def call(self, method: str, request: Any, *, timeout: float | None = None) -> Any:
        """See ``Connection``."""
        if not may_be_repeated(method):
            return super().call(method, request, timeout=timeout)
        if method == "SetVariable" and not request.request_id:
            told = pb.SetVariableRequest()
            told.CopyFrom(request)
            told.request_id = uuid.uuid4().hex
            request = told
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return super().call(
                    method, request, timeout=min(ATTEMPT_TIMEOUT_S, timeout or ATTEMPT_TIMEOUT_S)
                )
            except BridgeError as error:
                if error.code not in _PASSING or time.monotonic() > deadline:
                    raise
                self._move_on()
            time.sleep(_RETRY_BACKOFF_S)

    def _move_on(self) -> None:
        """Turn to the next address: a bridge that hangs, or can only refuse, keeps its connections."""
        first, _, rest = self.address.partition(",")
        if rest:
            hung, who = self._channel, self.who
            super().__init__(f"{rest},{first}", service=self.service, on_event=self._on_event)
            self.who = who
            hung.close()

    def another(self) -> Connection:
        """See ``Connection``."""
        other = RetryingConnection(
            self.address, service=self.service, on_event=self._on_event, patience=self._patience
        )
        other.who = self.who
        return other
