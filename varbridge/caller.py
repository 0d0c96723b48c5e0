"""The interface of a connection that sessions use."""

from __future__ import annotations

from typing import Any, Protocol

from varbridge.watch import Stream


class Caller(Protocol):
    """The part of a connection's interface that a session uses."""

    def call(self, method: str, request: Any, *, timeout: float | None = None) -> Any:
        """Call a method and return its reply; raises ``BridgeError``."""
        ...

    def stream(self, method: str, request: Any, *, timeout: float | None = None) -> Stream:
        """Call a streaming method and return the call."""
        ...

    def another(self) -> Caller:
        """Return a new connection of the same kind to the same address."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...
