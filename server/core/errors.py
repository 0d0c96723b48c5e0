"""The errors that the core raises when it refuses a request.

Each class is named after the gRPC status that a client gets; ``rpc.status`` maps them to the codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

MAX_TEXT_BYTES = 600
"""The maximum size of a text or a list in a message as a header; the rest is only counted."""


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


def listed(texts: Sequence[str], separator: str = ", ", *, whole: bool = False) -> str:
    """Return texts as a list for a message; beyond ``MAX_TEXT_BYTES``, only their number.

    Args:
        texts: the texts.
        separator: what stands between two texts.
        whole: True if the texts contain names, so that they are not shortened.
    """
    shown: list[str] = []
    size = 0
    for text in texts:
        size += header_bytes(text[:MAX_TEXT_BYTES]) + len(separator)
        if size > MAX_TEXT_BYTES and shown:
            return f"{separator.join(shown)}{separator}and {len(texts) - len(shown)} more"
        shown.append(text if whole else shortened(text))
    return separator.join(shown)


def shortened(text: str, max_bytes: int = MAX_TEXT_BYTES) -> str:
    """Return a text, or as much of its beginning as fits into ``max_bytes`` of a header, and the number of
    its other characters."""
    if header_bytes(text[: max_bytes + 1]) <= max_bytes:
        return text
    remaining = max_bytes - 40  # for the words that follow
    shown = 0
    while (remaining := remaining - header_bytes(text[shown])) >= 0:
        shown += 1
    return f"{text[:shown]}... and {len(text) - shown} more characters"


def header_bytes(text: str) -> int:
    """Return the size of a text as the message of a status: gRPC writes other bytes than printable ASCII, and
    the percent sign, as a percent sign and two digits."""
    return sum(1 if 0x20 <= byte <= 0x7E and byte != 0x25 else 3 for byte in text.encode("utf-8", "replace"))
