"""The interface of a connection that sessions for asyncio use, and the performance of operations with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Protocol

from varbridge.errors import BridgeError
from varbridge.operations import Operation, T


class Stream(Protocol):
    """The interface of a streaming call in ``grpc.aio``."""

    def __aiter__(self) -> AsyncIterator[Any]: ...

    async def initial_metadata(self) -> Any: ...

    async def read(self) -> Any: ...

    async def wait_for_connection(self) -> None: ...

    def done(self) -> bool: ...

    def cancel(self) -> bool: ...


class Caller(Protocol):
    """The part of a connection's interface that a session uses."""

    async def call(self, method: str, request: Any, *, timeout: float | None = None) -> Any:
        """Call a method and return its reply. Raises ``BridgeError`` if the bridge refuses or fails."""
        ...

    def stream(self, method: str, request: Any, *, timeout: float | None = None) -> Stream:
        """Start a call of a streaming method, and return it."""
        ...

    def another(self) -> Caller:
        """Return a new connection to the same address, with the same settings."""
        ...

    async def close(self) -> None:
        """Close the connection."""
        ...


async def perform(operation: Operation[T], caller: Caller, timeout: float | None) -> T:
    """Make the calls of an operation, each with the same timeout, and return its result."""
    try:
        call = next(operation)
        while True:
            try:
                reply = await caller.call(call.method, call.request, timeout=timeout)
            except BridgeError as error:
                call = operation.throw(error)
            else:
                call = operation.send(reply)
    except StopIteration as end:
        result: T = end.value
        return result
