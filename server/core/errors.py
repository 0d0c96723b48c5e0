"""What the core raises when it refuses a request.

Each class bears the name of the gRPC status that a client sees; ``rpc.status`` is the one place
that knows the codes themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self


class FieldViolation(NamedTuple):
    """One thing that is wrong with one field of a request."""

    field: str
    description: str


class RefusalError(Exception):
    """A request that the bridge refuses; nothing has changed by it."""

    def __init__(self, message: str, violations: Sequence[FieldViolation] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.violations = tuple(violations)

    def copy(self) -> Self:
        """The same refusal for one more caller.

        One that was raised leads to the frames that it passed, and these often to what keeps it: many callers
        with the same one would keep each other.
        """
        return type(self)(self.message, self.violations)


class InvalidArgumentError(RefusalError):
    """The request is wrong whatever the state of the bridge."""


class NotFoundError(RefusalError):
    """The session, variable or tool named does not exist."""


class AlreadyExistsError(RefusalError):
    """The name is taken."""


class AbortedError(RefusalError):
    """Another writer came first."""


class FailedPreconditionError(RefusalError):
    """The state does not allow it now."""


class OutOfRangeError(RefusalError):
    """The version or sequence asked for is not kept, or not yet made."""


class ResourceExhaustedError(RefusalError):
    """A cap is reached."""


class UnavailableError(RefusalError):
    """The server is on its way out, or a tool's host is not there; another attempt may succeed."""


class DeadlineExceededError(RefusalError):
    """It took longer than the server allows."""


class PermissionDeniedError(RefusalError):
    """The server was not started so that this is allowed."""


class ToolError(RefusalError):
    """A streaming tool failed half-way; the message is the tool's own."""


class StartupError(Exception):
    """The server cannot serve; the message says why and what to do, in one line."""


def invalid(field: str, description: str) -> InvalidArgumentError:
    """An ``InvalidArgumentError`` about one field, which the message names."""
    return InvalidArgumentError(f"{field}: {description}", [FieldViolation(field, description)])
