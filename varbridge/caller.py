"""The interface of a connection that sessions use."""

from __future__ import annotations

from typing import Any, Protocol

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
