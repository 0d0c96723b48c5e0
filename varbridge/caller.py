"""What sessions need of a connection."""

from __future__ import annotations

from typing import Any, Protocol

from varbridge.watch import Stream


class Caller(Protocol):
    """What a session needs of a connection."""

    def call(self, method: str, request: Any, *, timeout: float | None = None) -> Any:
        """Call a method and return its reply; raises ``BridgeError``."""
        ...

    def stream(self, method: str, request: Any, *, timeout: float | None = None) -> Stream:
        """Call a streaming method and return the call."""
        ...

    def another(self) -> Caller:
        """A connection of the same kind to the same address."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...
