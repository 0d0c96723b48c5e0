"""The interface of a connection that sessions use, and the performance of operations with it."""

from __future__ import annotations

from typing import Any, Protocol

from varbridge.errors import BridgeError
from varbridge.operations import Operation, T
from varbridge.watch import Stream


class Caller(Protocol):
    """The part of a connection's interface that a session uses."""

    def call(self, method: str, request: Any, *, timeout: float | None = None) -> Any:
        """Call a method and return its reply. Raises ``BridgeError`` if the bridge refuses or fails."""
        ...

    def stream(self, method: str, request: Any, *, timeout: float | None = None) -> Stream:
        """Start a call of a streaming method, and return it."""
        ...

    def another(self) -> Caller:
        """Return a new connection to the same address, with the same settings."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


def perform(operation: Operation[T], caller: Caller, timeout: float | None) -> T:
    """Make the calls of an operation, each with the same timeout, and return its result."""
    try:
        call = next(operation)
        while True:
            try:
                reply = caller.call(call.method, call.request, timeout=timeout)
            except BridgeError as error:
                call = operation.throw(error)
            else:
                call = operation.send(reply)
    except StopIteration as end:
        result: T = end.value
        return result
