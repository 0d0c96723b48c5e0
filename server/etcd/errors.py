"""How a request to etcd can fail, and which failure is which."""

from __future__ import annotations

import grpc
from grpc import aio

# Answers that another attempt, or another member, may not give. All else comes and goes with members, leaders
# and connections; UNKNOWN too, as which a member reports that it ran out of time.
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

_NAMELESS = "user name is empty"  # of a call without a token, which was good while nobody needed one
_STALE = ("invalid auth token", "revision of auth store is old", _NAMELESS)
_BUSY = "too many requests"  # RESOURCE_EXHAUSTED like a full disk, but it passes
_FULL = "database space exceeded"
_COMPACTED = "required revision has been compacted"
_OPEN_TO_ALL = "authentication is not enabled"


class NoAnswerError(Exception):
    """No member answered in time. A transaction may or may not have been applied."""


class RefusedError(Exception):
    """etcd refused, and will again.

    Attributes:
        code: the status.
        perhaps_applied: whether a transaction may have been applied all the same: etcd applies the one that
            exceeds its space, and then says that there is none.
    """

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(f"{code.name}: {message}")
        self.code = code
        self.perhaps_applied = _FULL in message


class CompactedError(Exception):
    """What was asked for is forgotten.

    Attributes:
        revision: the oldest that is kept; 0 where etcd does not say, which it says to watches alone.
    """

    def __init__(self, revision: int) -> None:
        super().__init__(f"etcd has forgotten what was before revision {revision or 'a later one'}")
        self.revision = revision


def lasting(error: aio.AioRpcError) -> RefusedError | CompactedError | None:
    """What to raise for an answer that another attempt would get too; None for a failure that may pass."""
    code, said = error.code(), error.details() or ""
    if code not in _LASTING or _BUSY in said or (stale(said) and _NAMELESS not in said):
        return None
    if _COMPACTED in said:
        return CompactedError(0)
    return RefusedError(code, said)


def stale(said: str | None) -> bool:
    """Whether etcd says that a new token may help. What was asked for was certainly not done."""
    return any(words in (said or "") for words in _STALE)


def needs_no_token(error: aio.AioRpcError) -> bool:
    """Whether whoever asked for a token was told that nobody needs one."""
    return _OPEN_TO_ALL in (error.details() or "")


def described(error: aio.AioRpcError) -> str:
    """A failure in a few words."""
    return f"{error.code().name}: {error.details() or 'no reason given'}"
