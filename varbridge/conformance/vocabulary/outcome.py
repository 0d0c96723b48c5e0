"""The outcome of the last call of a scenario: an answer, or an error that a Then must examine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from varbridge import BridgeError
from varbridge.errors import ToolFailedError
from varbridge.operations import BatchResult


class Outcome:
    """An answer or an error.

    Attributes:
        answer: the value that the call returned.
        error: the error that the call raised: a refusal, or the failure of a tool.
        examined: True if a step has looked at the error, or if there is none.
    """

    def __init__(self, answer: Any = None, error: BridgeError | ToolFailedError | None = None) -> None:
        self.answer = answer
        self.error = error
        self.examined = error is None

    @classmethod
    def of(cls, action: Callable[[], Any]) -> Outcome:
        """Run an action and return its outcome."""
        try:
            return cls(answer=action())
        except (BridgeError, ToolFailedError) as error:
            return cls(error=error)

    def examine(self) -> BridgeError | ToolFailedError | None:
        """Return the error for a step to look at, or None if there is an answer."""
        self.examined = True
        return self.error

    def require_success(self) -> Any:
        """Return the answer; fail the scenario if there is an error that no step has examined."""
        if not self.examined:
            raise AssertionError(in_words(self.error))
        return self.answer

    def require_accepted(self) -> Any:
        """Return the answer as ``require_success`` does; fail as well if the answer reports a failure."""
        answer = self.require_success()
        if isinstance(answer, BatchResult) and not answer.success:
            raise AssertionError(f"expected the batch to succeed, but it failed for {dict(answer.errors)}")
        return answer


def in_words(error: Exception | None) -> str:
    """Return the sentence for a call that was refused, or a tool that failed, unexpectedly."""
    if isinstance(error, ToolFailedError):
        return f"expected the tool to succeed, but it failed: {error}"
    return f"expected the request to be accepted, but it was refused: {error}"
