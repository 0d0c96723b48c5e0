"""Values in wire format: an ``Any`` with JSON or a binary header, and a bytes field.

The core holds values as these bytes, checked and in canonical form, so that a read needs no encoding.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple, Protocol

from .constraints import Constraints
from .errors import FieldViolation, InvalidArgumentError, ResourceExhaustedError, invalid, shortened
from .limits import Limits
from .types import TYPES, VariableType

PREFIX = "type.googleapis.com/snakepit."
LEGACY_PREFIX = "dspex.variables/"
"""The prefix of older clients' type URLs. It is accepted from every client, and sent to clients that use the
older service name."""

BINARY = ".binary"

JSON = "json"
"""The kind of a value that has none of the variable types."""


BYTES = "bytes"
"""The kind of a tool's result, or of a chunk of it, that is opaque: its data are bytes and not JSON."""


class AnyMessage(Protocol):
    """The two fields of ``google.protobuf.Any``."""

    type_url: str
    value: bytes


class Value(NamedTuple):
    """A checked value: its kind (``<type>`` or ``<type>.binary``), its JSON or header, and its array."""

    kind: str
    data: bytes
    array: bytes = b""

    def native(self) -> Any:
        """Return the value as a Python object; a binary value as a read-only numpy array."""
        content = json.loads(self.data)
        if self.kind.endswith(BINARY):
            import numpy  # not at the top: a bridge that sees no arrays does not load it

            dtype = numpy.dtype(content["dtype"]).newbyteorder("<")
            return numpy.frombuffer(self.array, dtype).reshape(content["shape"])
        return float(content) if self.kind == "float" else content


def kind_of(type_url: str, field: str) -> str:
    """Return the part of a type_url after the prefix: the name of the type, and ``.binary`` if present."""
    for prefix in (PREFIX, LEGACY_PREFIX):
        if type_url.startswith(prefix):
            return type_url[len(prefix) :]
    raise invalid(field, f"type_url must be {PREFIX}<type>, not {shortened(type_url)!r}")


def check_json_size(data: bytes, kind: VariableType, field: str, max_bytes: int) -> None:
    """Refuse JSON of a type that may be sent as raw bytes if it is too large."""
    if kind.binary and len(data) > max_bytes:
        raise ResourceExhaustedError(
            f"{field}: an array in JSON has {max_bytes} bytes at most (--max-json-bytes), not {len(data)};"
            " send it as raw bytes"
        )


def read_value(
    message: AnyMessage | None,
    array: bytes,
    kind: VariableType,
    constraints: Constraints,
    field: str,
    max_json_bytes: int = Limits().json_bytes,
) -> Value:
    """Check a value against its type and constraints.

    Args:
        message: the ``Any`` of the request; None if it has none.
        array: the bytes field of the request that belongs to ``message``; empty for JSON.
        kind: the expected type.
        constraints: the constraints that the value must satisfy.
        field: the name of the field in the request, for the error message.
        max_json_bytes: the maximum size of an array in JSON, in bytes.

    Raises:
        InvalidArgumentError: the value is invalid; the message names ``field`` and every violated constraint.
        ResourceExhaustedError: the value is an array in JSON, and too large for that.
    """
    if message is None or (not message.type_url and not message.value):
        raise invalid(field, "a value is required")
    sent_kind = kind_of(message.type_url, field)
    if sent_kind == kind.name:
        if array:
            raise invalid(field, f"bytes need a type_url that ends in {BINARY}")
        data = message.value  # each access makes a copy
        check_json_size(data, kind, field, max_json_bytes)
        accepted = kind.read_json(data, field)
    elif sent_kind == kind.name + BINARY:
        accepted = kind.read_binary(message.value, array, field)
    elif sent_kind.removesuffix(BINARY) in TYPES:
        raise invalid(field, f"the value is of type {sent_kind}, the variable of type {kind.name}")
    else:
        raise invalid(field, f"type_url names no type: {shortened(message.type_url)!r}")
    if violations := constraints.violations(accepted.measure):
        raise InvalidArgumentError(
            f"{field}: {'; '.join(violations)}",
            [FieldViolation(field, violation) for violation in violations],
        )
    return Value(
        kind.name if sent_kind == kind.name else sent_kind, accepted.data, array
    )  # kind.name is one shared string
