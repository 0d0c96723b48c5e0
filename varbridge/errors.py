"""The exceptions of the client."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc


class BridgeError(Exception):
    """A call that the bridge refused, that did not reach it, or that was not answered in time.

    Attributes:
        code: the gRPC status.
        message: the message of the status.
        violations: the (field, description) pairs of a ``google.rpc.BadRequest`` in the status; often empty,
            and always without the package grpcio-status. The message names them as well.
    """

    def __init__(
        self, code: grpc.StatusCode, message: str, violations: Sequence[tuple[str, str]] = ()
    ) -> None:
        super().__init__(f"{code.name}: {message}")
        self.code = code
        self.message = message
        self.violations = tuple(violations)


class MalformedReplyError(Exception):
    """A reply that no bridge may give, such as a value that does not fit its variable's type."""


class IdleTimeoutError(TimeoutError):
    """A watch that received neither an update nor a heartbeat within its idle timeout."""


class WorkerError(Exception):
    """A server process that did not start, or was not restarted any more; the message has its stderr."""


class ToolFailedError(Exception):
    """A tool that ran and failed; the message of the exception is that of the tool's error."""


def from_rpc(error: Any) -> BridgeError:
    """Return the ``BridgeError`` for an exception of gRPC, of a synchronous call or of one for asyncio."""
    return BridgeError(error.code(), error.details() or "", _violations(error))


def _violations(call: Any) -> list[tuple[str, str]]:
    if not any(key == "grpc-status-details-bin" for key, _ in call.trailing_metadata() or ()):
        return []
    # Imported only here, since few clients receive a refusal with details.
    try:
        from google.rpc import error_details_pb2
        from grpc_status import rpc_status
    except ModuleNotFoundError:
        return []

    try:
        status = rpc_status.from_call(call)
    except ValueError:
        return []  # the details contradict the status, which takes precedence
    violations: list[tuple[str, str]] = []
    for detail in status.details if status else ():
        bad = error_details_pb2.BadRequest()
        if detail.Unpack(bad):
            violations.extend((violation.field, violation.description) for violation in bad.field_violations)
    return violations
