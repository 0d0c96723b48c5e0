"""The words of the features for gRPC's status codes."""

from __future__ import annotations

from grpc import StatusCode

CONTRACT_CODES = {
    "as invalid": (StatusCode.INVALID_ARGUMENT,),
    "as not found": (StatusCode.NOT_FOUND,),
    "as already existing": (StatusCode.ALREADY_EXISTS,),
    "as out of range": (StatusCode.OUT_OF_RANGE,),
    "as unavailable": (StatusCode.UNAVAILABLE,),
    "as not permitted": (StatusCode.PERMISSION_DENIED,),
    # The contract leaves open which of the two a call without a valid token gets.
    "as unauthenticated": (StatusCode.UNAUTHENTICATED, StatusCode.PERMISSION_DENIED),
    # A bridge may end the watch of a reader that falls behind by the changes or by the bytes that it retains.
    "as too slow": (StatusCode.OUT_OF_RANGE, StatusCode.RESOURCE_EXHAUSTED),
    "with ABORTED": (StatusCode.ABORTED,),
    "with FAILED_PRECONDITION": (StatusCode.FAILED_PRECONDITION,),
    "with RESOURCE_EXHAUSTED": (StatusCode.RESOURCE_EXHAUSTED,),
    "with INTERNAL": (StatusCode.INTERNAL,),
    "with DEADLINE_EXCEEDED": (StatusCode.DEADLINE_EXCEEDED,),
}
"""The status codes of the contract by the words of the features: gRPC's name if there are no plain words."""

CODES = {
    **CONTRACT_CODES,
    # A gRPC service that the bridge does not offer, such as reflection without its flag.
    "as unimplemented": (StatusCode.UNIMPLEMENTED,),
}
"""The status codes by the words of the features, for all gRPC services of a bridge."""

STATUS = "|".join(CODES)
"""The regular expression of these words."""
