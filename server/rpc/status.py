"""The mapping from the core's errors to gRPC statuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc
from grpc import aio

from ..core import errors
from ..core.errors import FieldViolation, RefusalError, header_bytes, shortened

_CODES: dict[type[RefusalError], grpc.StatusCode] = {
    errors.InvalidArgumentError: grpc.StatusCode.INVALID_ARGUMENT,
    errors.NotFoundError: grpc.StatusCode.NOT_FOUND,
    errors.AlreadyExistsError: grpc.StatusCode.ALREADY_EXISTS,
    errors.AbortedError: grpc.StatusCode.ABORTED,
    errors.FailedPreconditionError: grpc.StatusCode.FAILED_PRECONDITION,
    errors.OutOfRangeError: grpc.StatusCode.OUT_OF_RANGE,
    errors.ResourceExhaustedError: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.UnavailableError: grpc.StatusCode.UNAVAILABLE,
    errors.DeadlineExceededError: grpc.StatusCode.DEADLINE_EXCEEDED,
    errors.PermissionDeniedError: grpc.StatusCode.PERMISSION_DENIED,
    errors.ToolError: grpc.StatusCode.INTERNAL,
}

Trailers = tuple[tuple[str, str | bytes], ...]

DETAILS = "grpc-status-details-bin"
"""The key of a refusal's details in the trailers."""

MAX_MESSAGE_BYTES = 7_000
"""The maximum size of a refusal's message as a header, in which a byte beyond ASCII takes three: two names of
256 characters fit, whatever they are."""

MAX_MESSAGE_BYTES_WITH_DETAILS = 2_000
"""The maximum size of a message with details, which have the message too; a longer one has no details."""

MAX_VIOLATIONS_BYTES = 2_000
"""The maximum size of the field violations in a refusal's details, in bytes."""

MAX_DETAILS_BYTES = MAX_MESSAGE_BYTES_WITH_DETAILS + MAX_VIOLATIONS_BYTES + 200
"""The maximum size of a refusal's details, in bytes. As a header they take a third more: together with the
message, some 7.6 kB, and gRPC's clients may refuse an answer with headers of more than 8 KiB."""


class RemoteError(Exception):
    """Another bridge refused a forwarded call; the client gets the same status."""

    def __init__(self, code: grpc.StatusCode, message: str, trailers: Trailers = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.trailers = trailers

    @classmethod
    def of(cls, error: aio.AioRpcError) -> RemoteError:
        """Return an error with the status of the other bridge, without the metadata that gRPC added."""
        trailing = [(str(key), value) for key, value in error.trailing_metadata() or ()]
        details = tuple((key, value) for key, value in trailing if key == DETAILS)
        return cls(error.code(), error.details() or "", details)


def end_with(
    context: aio.ServicerContext[Any, Any], code: grpc.StatusCode, message: str, trailers: Trailers = ()
) -> None:
    """Set the error status with which a call ends when its handler returns; its result is not sent.

    The message is cut to the size that every client accepts, and details that do not fit are left out.

    This does not use ``context.abort``: gRPC stores the exception that it raises, whose traceback refers to
    the context and the request, and so back to the exception. Such a reference cycle stays in memory until a
    garbage collection, and refused calls with large requests would fill the memory before that.
    """
    context.set_code(code)
    context.set_details(shortened(message, MAX_MESSAGE_BYTES))
    if trailers and _fit(message) and sum(len(value) for _, value in trailers) <= MAX_DETAILS_BYTES:
        context.set_trailing_metadata(trailers)


def refuse(context: aio.ServicerContext[Any, Any], refusal: RefusalError) -> None:
    """Set the error status of a refused call; see ``end_with``."""
    end_with(context, _code_of(refusal), refusal.message, _details_of(refusal))


def _code_of(refusal: RefusalError) -> grpc.StatusCode:
    """Return the status code of a refusal."""
    return _CODES[type(refusal)]


def _details_of(refusal: RefusalError) -> Trailers:
    """Return a refusal's field violations as trailing metadata, a ``google.rpc.BadRequest``."""
    if not refusal.violations or not _fit(refusal.message):
        return ()
    # Not at the top: a server does not need these until it refuses a call.
    from google.rpc import error_details_pb2, status_pb2
    from grpc_status import rpc_status

    status = status_pb2.Status(code=_code_of(refusal).value[0], message=refusal.message)
    status.details.add().Pack(
        error_details_pb2.BadRequest(
            field_violations=[
                error_details_pb2.BadRequest.FieldViolation(field=v.field, description=v.description)
                for v in _cut_violations(refusal.violations)
            ]
        )
    )
    return tuple(rpc_status.to_status(status).trailing_metadata)


def _fit(message: str) -> bool:
    """Return True if there is room for details in addition to a message."""
    return header_bytes(message[: MAX_MESSAGE_BYTES_WITH_DETAILS + 1]) <= MAX_MESSAGE_BYTES_WITH_DETAILS


def _cut_violations(violations: Sequence[FieldViolation]) -> list[FieldViolation]:
    """Return the first violations, each cut to a part of what fits; the last names the number of others."""
    shown: list[FieldViolation] = []
    remaining = MAX_VIOLATIONS_BYTES
    for field, description in violations:
        violation = FieldViolation(
            shortened(field, MAX_VIOLATIONS_BYTES // 8), shortened(description, MAX_VIOLATIONS_BYTES // 4)
        )
        remaining -= sum(len(text.encode("utf-8", "replace")) for text in violation) + 10
        if remaining < 0:
            return [*shown, FieldViolation("", f"and {len(violations) - len(shown)} more")]
        shown.append(violation)
    return shown
