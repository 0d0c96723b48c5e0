"""The mapping from the core's errors to gRPC statuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc
from grpc import aio

from ..core import errors
from ..core.errors import FieldViolation, RefusalError

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

MAX_MESSAGE_BYTES = 4_000
"""The maximum size of a refusal's message as a header, in which a byte beyond ASCII takes three: a name of
256 characters fits, whatever they are."""

MAX_MESSAGE_BYTES_WITH_DETAILS = 2_000
"""The maximum size of the message of a refusal with details, which have the message too."""

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

    The message is cut to the size that every client accepts, and larger details are left out.

    This does not use ``context.abort``: gRPC stores the exception that it raises, whose traceback refers to
    the context and the request, and so back to the exception. Such a reference cycle stays in memory until a
    garbage collection, and refused calls with large requests would fill the memory before that.
    """
    context.set_code(code)
    if trailers and sum(len(value) for _, value in trailers) <= MAX_DETAILS_BYTES:
        context.set_details(cut(message, MAX_MESSAGE_BYTES_WITH_DETAILS))
        context.set_trailing_metadata(trailers)
    else:
        context.set_details(cut(message, MAX_MESSAGE_BYTES))


def refuse(context: aio.ServicerContext[Any, Any], refusal: RefusalError) -> None:
    """Set the error status of a refused call; see ``end_with``."""
    end_with(context, _code_of(refusal), refusal.message, _details_of(refusal))


def _code_of(refusal: RefusalError) -> grpc.StatusCode:
    """Return the status code of a refusal."""
    return _CODES[type(refusal)]


def _details_of(refusal: RefusalError) -> Trailers:
    """Return a refusal's field violations as trailing metadata, a ``google.rpc.BadRequest``."""
    if not refusal.violations:
        return ()
    # Not at the top: a server does not need these until it refuses a call.
    from google.rpc import error_details_pb2, status_pb2
    from grpc_status import rpc_status

    # Clients ignore details whose message is not that of the status.
    message = cut(refusal.message, MAX_MESSAGE_BYTES_WITH_DETAILS)
    status = status_pb2.Status(code=_code_of(refusal).value[0], message=message)
    status.details.add().Pack(
        error_details_pb2.BadRequest(
            field_violations=[
                error_details_pb2.BadRequest.FieldViolation(field=v.field, description=v.description)
                for v in _cut_violations(refusal.violations)
            ]
        )
    )
    return tuple(rpc_status.to_status(status).trailing_metadata)


def cut(text: str, max_bytes: int) -> str:
    """Return a text, or as much of its beginning as fits into a header of ``max_bytes``, and the number of
    its other characters."""
    if _header_bytes(text[: max_bytes + 1]) <= max_bytes:
        return text
    remaining = max_bytes - 40  # for the words that follow
    shown = 0
    while (remaining := remaining - _header_bytes(text[shown])) >= 0:
        shown += 1
    return f"{text[:shown]}... and {len(text) - shown} more characters"


def _header_bytes(text: str) -> int:
    """Return the size of a text as the message of a status: gRPC writes other bytes than printable ASCII, and
    the percent sign, as a percent sign and two digits."""
    return sum(1 if 0x20 <= byte <= 0x7E and byte != 0x25 else 3 for byte in text.encode("utf-8", "replace"))


def _cut_violations(violations: Sequence[FieldViolation]) -> list[FieldViolation]:
    """Return the first violations, each cut to a part of what fits; the last names the number of others."""
    shown: list[FieldViolation] = []
    remaining = MAX_VIOLATIONS_BYTES
    for field, description in violations:
        violation = FieldViolation(
            cut(field, MAX_VIOLATIONS_BYTES // 8), cut(description, MAX_VIOLATIONS_BYTES // 4)
        )
        remaining -= sum(len(text.encode("utf-8", "replace")) for text in violation) + 10
        if remaining < 0:
            return [*shown, FieldViolation("", f"and {len(violations) - len(shown)} more")]
        shown.append(violation)
    return shown
