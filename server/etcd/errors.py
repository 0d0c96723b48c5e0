"""The errors of requests to etcd, and the classification of etcd's answers."""

from __future__ import annotations

import grpc
from grpc import aio

# Statuses that another attempt would get as well. All others depend on members, leaders and connections, even
# UNKNOWN, which a member reports when it ran out of time.
_LASTING = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.OUT_OF_RANGE,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.DATA_LOSS,
}

_NAMELESS = (
    "user name is empty"  # the answer to a call without a token, when authentication has been enabled since
)
_STALE = ("invalid auth token", "revision of auth store is old", _NAMELESS)
_BUSY = "too many requests"  # RESOURCE_EXHAUSTED like a full disk, but temporary
_FULL = "database space exceeded"
_COMPACTED = "required revision has been compacted"
_OPEN_TO_ALL = "authentication is not enabled"


class NoAnswerError(Exception):
    """No member of etcd answered in time. A transaction may or may not have been applied."""


class RefusedError(Exception):
    """etcd refused a request, and would refuse it again.

    Attributes:
        code: the gRPC status of etcd's answer.
        perhaps_applied: True if a transaction may have been applied nevertheless: etcd applies the one that
            exceeds its quota, and then reports that no space is left.
    """

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(f"{code.name}: {message}")
        self.code = code
        self.perhaps_applied = _FULL in message


class CompactedError(Exception):
    """The requested revision has been compacted.

    Attributes:
        revision: the oldest available revision; 0 if it is not known, since etcd reports it to watches only.
    """

    def __init__(self, revision: int) -> None:
        super().__init__(f"etcd has compacted all revisions before {revision or 'a later one'}")
        self.revision = revision


def lasting(error: aio.AioRpcError) -> RefusedError | CompactedError | None:
    """Return the error to raise for a permanent failure; None if another attempt may succeed."""
    code, details = error.code(), error.details() or ""
    if code not in _LASTING or _BUSY in details or (stale(details) and _NAMELESS not in details):
        return None
    if _COMPACTED in details:
        return CompactedError(0)
    return RefusedError(code, details)


def stale(details: str | None) -> bool:
    """Return True if etcd refused the token and a new one may help. The request was certainly not applied."""
    return any(text in (details or "") for text in _STALE)


def needs_no_token(error: aio.AioRpcError) -> bool:
    """Return True if a request for a token failed because authentication is not enabled."""
    return _OPEN_TO_ALL in (error.details() or "")


def described(error: aio.AioRpcError) -> str:
    """Return the status and the details of a failure in one short text."""
    return f"{error.code().name}: {error.details() or 'no reason given'}"
