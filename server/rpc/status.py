"""The mapping from the core's errors to gRPC statuses."""

from __future__ import annotations

from typing import Any

import grpc
from grpc import aio

from ..core import errors
from ..core.errors import RefusalError

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
        details = tuple((key, value) for key, value in trailing if key == "grpc-status-details-bin")
        return cls(error.code(), error.details() or "", details)


def end_with(
    context: aio.ServicerContext[Any, Any], code: grpc.StatusCode, message: str, trailers: Trailers = ()
) -> None:
    """Set the error status with which a call ends when its handler returns; its result is not sent.

    This does not use ``context.abort``: gRPC stores the exception that it raises, whose traceback refers to
    the context and the request, and so back to the exception. Such a reference cycle stays in memory until a
    garbage collection, and refused calls with large requests would fill the memory before that.
    """
    context.set_code(code)
    context.set_details(message)
    if trailers:
        context.set_trailing_metadata(trailers)


def code_of(refusal: RefusalError) -> grpc.StatusCode:
    """Return the status code of a refusal."""
    return _CODES[type(refusal)]


def details_of(refusal: RefusalError) -> Trailers:
    """Return a refusal's field violations as trailing metadata, a ``google.rpc.BadRequest``."""
    if not refusal.violations:
        return ()
    # Not at the top: a server does not need these until it refuses a call.
    from google.rpc import error_details_pb2, status_pb2
    from grpc_status import rpc_status

    status = status_pb2.Status(code=code_of(refusal).value[0], message=refusal.message)
    status.details.add().Pack(
        error_details_pb2.BadRequest(
            field_violations=[
                error_details_pb2.BadRequest.FieldViolation(field=v.field, description=v.description)
                for v in refusal.violations
            ]
        )
    )
    return tuple(rpc_status.to_status(status).trailing_metadata)
