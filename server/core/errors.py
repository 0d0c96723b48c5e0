"""The errors that the core raises when it refuses a request.

Each class is named after the gRPC status that a client gets; ``rpc.status`` maps them to the codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

MAX_LISTED_CHARACTERS = 300
"""The maximum number of characters of a list in a message; the items beyond it are only counted."""


class FieldViolation(NamedTuple):
    """A description of an error in one field of a request."""

    field: str
    description: str


class RefusalError(Exception):
    """The bridge refuses a request; the request has changed nothing."""

    def __init__(self, message: str, violations: Sequence[FieldViolation] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.violations = tuple(violations)

    def copy(self) -> Self:
        """Return a copy of this error for another caller.

        A raised exception refers to the frames that it passed, and these often refer to the exception. If
        several callers shared it, each would keep the others' frames in memory.
        """
        return type(self)(self.message, self.violations)


class InvalidArgumentError(RefusalError):
    """The request is invalid, whatever the state of the bridge."""


class NotFoundError(RefusalError):
    """The session, variable or tool does not exist."""


class AlreadyExistsError(RefusalError):
    """A variable with the requested name exists already."""


class AbortedError(RefusalError):
    """The variable does not have the expected version: another client changed it first."""


class FailedPreconditionError(RefusalError):
    """The current state does not allow the request."""


class OutOfRangeError(RefusalError):
    """The version or sequence in the request is no longer retained, or does not exist yet."""


class ResourceExhaustedError(RefusalError):
    """A limit of the bridge is reached, such as the maximum number of sessions."""


class UnavailableError(RefusalError):
    """The server is shutting down, or etcd or a tool's host does not answer; another attempt may succeed."""


class DeadlineExceededError(RefusalError):
    """The call took longer than the server allows."""


class PermissionDeniedError(RefusalError):
    """The server's configuration does not permit the request."""


class ToolError(RefusalError):
    """A streaming tool failed after its start; the message comes from the tool."""


class StartupError(Exception):
    """The server cannot start; the message has the reason and a remedy, in one line."""


TAKEN_OVER = UnavailableError("another bridge has the session now: call again")
"""The refusal of a call whose session another bridge of the cluster owns now."""


def invalid(field: str, description: str) -> InvalidArgumentError:
    """Return an ``InvalidArgumentError`` about one field; its message is ``field: description``."""
    return InvalidArgumentError(f"{field}: {description}", [FieldViolation(field, description)])


def listed(texts: Sequence[str], separator: str = ", ") -> str:
    """Return texts as a list for a message; beyond ``MAX_LISTED_CHARACTERS``, only their number."""
    shown: list[str] = []
    size = 0
    for text in texts:
        size += len(text) + len(separator)
        if size > MAX_LISTED_CHARACTERS and shown:
            return f"{separator.join(shown)}{separator}and {len(texts) - len(shown)} more"
        shown.append(shortened(text))
    return separator.join(shown)


def shortened(text: str, max_characters: int = MAX_LISTED_CHARACTERS) -> str:
    """Return a text, or its beginning and the number of its other characters if it is too long."""
    if len(text) <= max_characters:
        return text
    return f"{text[:max_characters]}... and {len(text) - max_characters} more characters"
