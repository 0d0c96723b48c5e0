"""What became of the last thing that a scenario did: an answer, or a refusal that a Then must examine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from varbridge import BridgeError
from varbridge.errors import ToolFailedError


class Outcome:
    """An answer or an error.

    Attributes:
        answer: what the call returned.
        error: what it raised; a refusal, or the failure of a tool.
        examined: whether a step has looked at the error.
    """

    def __init__(self, answer: Any = None, error: BridgeError | ToolFailedError | None = None) -> None:
        self.answer = answer
        self.error = error
        self.examined = error is None

    @classmethod
    def of(cls, action: Callable[[], Any]) -> Outcome:
        """Do something, and keep what became of it."""
        try:
            return cls(answer=action())
        except (BridgeError, ToolFailedError) as error:
            return cls(error=error)

    def examine(self) -> BridgeError | ToolFailedError | None:
        """Return the error for a step to look at; None where there is an answer."""
        self.examined = True
        return self.error

    def require_success(self) -> Any:
        """Return the answer; a refusal that no step examined fails the scenario here."""
        if not self.examined:
            raise AssertionError(in_words(self.error))
        return self.answer


def in_words(error: Exception | None) -> str:
    """What is wrong where a call should have been accepted, or a tool should have done its work."""
    if isinstance(error, ToolFailedError):
        return f"expected the tool to succeed, but it failed: {error}"
    return f"expected the request to be accepted, but it was refused: {error}"
