"""What a client raises."""

from __future__ import annotations

from collections.abc import Sequence

import grpc


class BridgeError(Exception):
    """A call that the bridge refused, or that did not reach it.

    Attributes:
        code: the gRPC status.
        message: the bridge's words.
        violations: (field, description) of each, where the status carries a ``google.rpc.BadRequest``.
    """

    def __init__(
        self, code: grpc.StatusCode, message: str, violations: Sequence[tuple[str, str]] = ()
    ) -> None:
        super().__init__(f"{code.name}: {message}")
        self.code = code
        self.message = message
        self.violations = tuple(violations)


class MalformedReplyError(Exception):
    """A reply that no bridge may give: a value that is not of its variable's type, say."""


class IdleTimeoutError(TimeoutError):
    """A watch that heard neither an update nor a heartbeat for longer than was allowed."""


class WorkerError(Exception):
    """A server process that did not start, or ended for good; the message has its stderr."""


class ToolFailedError(Exception):
    """A tool that ran and failed; the message is its own."""


def from_rpc(error: grpc.RpcError) -> BridgeError:
    """The ``BridgeError`` of what gRPC raised."""
    assert isinstance(error, grpc.Call)
    return BridgeError(error.code(), error.details() or "", _violations(error))


def _violations(call: grpc.Call) -> list[tuple[str, str]]:
    if not any(key == "grpc-status-details-bin" for key, _ in call.trailing_metadata() or ()):
        return []
    # Only here: few clients see a refusal that says more than its message.
    from google.rpc import error_details_pb2
    from grpc_status import rpc_status

    try:
        status = rpc_status.from_call(call)
    except ValueError:
        return []  # details that contradict the status, as the library says it; the status counts
    found: list[tuple[str, str]] = []
    for detail in status.details if status else ():
        bad = error_details_pb2.BadRequest()
        if detail.Unpack(bad):
            found.extend((violation.field, violation.description) for violation in bad.field_violations)
    return found
