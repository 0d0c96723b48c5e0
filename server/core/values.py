"""Values as they stand on the wire: an ``Any`` of JSON or of a binary header, and a bytes field.

The core keeps the wire's own bytes, checked and in canonical form, so that a read costs no encoding.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple, Protocol

from .constraints import Constraints
from .errors import FieldViolation, InvalidArgumentError, invalid
from .types import TYPES, VariableType

PREFIX = "type.googleapis.com/snakepit."
LEGACY_PREFIX = "dspex.variables/"
"""The form of the older clients; read always, written to those that use the older service name."""

BINARY = ".binary"

JSON = "json"
"""The kind of a value that is of none of the variable types."""


class AnyMessage(Protocol):
    """The two fields of ``google.protobuf.Any``."""

    type_url: str
    value: bytes


class Value(NamedTuple):
    """A checked value: its kind (``<type>`` or ``<type>.binary``), JSON or header, and array."""

    kind: str
    data: bytes
    array: bytes = b""

    def native(self) -> Any:
        """The value as Python has it; a binary one as a read-only numpy array."""
        read = json.loads(self.data)
        if self.kind.endswith(BINARY):
            import numpy  # only here: a bridge that sees no arrays does not pay for it

            dtype = numpy.dtype(read["dtype"]).newbyteorder("<")
            return numpy.frombuffer(self.array, dtype).reshape(read["shape"])
        return float(read) if self.kind == "float" else read


def kind_of(type_url: str, field: str) -> str:
    """The part of a type_url that names the type, ``.binary`` included."""
    for prefix in (PREFIX, LEGACY_PREFIX):
        if type_url.startswith(prefix):
            return type_url[len(prefix) :]
    raise invalid(field, f"type_url must be {PREFIX}<type>, not {type_url[:80]!r}")


def read_value(
    given: AnyMessage | None, array: bytes, kind: VariableType, constraints: Constraints, field: str
) -> Value:
    """Check a value against its type and constraints.

    Args:
        given: the ``Any``; None where the request had none.
        array: the bytes field beside it.
        kind: the type that it must be of.
        constraints: what it must satisfy beyond that.
        field: the request's field, for the refusal.

    Raises:
        InvalidArgumentError: naming ``field``; with every constraint that is violated.
    """
    if given is None or not (given.type_url or given.value):
        raise invalid(field, "a value is required")
    named = kind_of(given.type_url, field)
    if named == kind.name:
        if array:
            raise invalid(field, f"bytes need a type_url that ends in {BINARY}")
        accepted = kind.read_json(given.value, field)
    elif named == kind.name + BINARY:
        accepted = kind.read_binary(given.value, array, field)
    elif named.removesuffix(BINARY) in TYPES:
        raise invalid(field, f"the value is of type {named}, the variable of type {kind.name}")
    else:
        raise invalid(field, f"type_url names no type: {given.type_url[:80]!r}")
    if found := constraints.violations(accepted.measure):
        raise InvalidArgumentError(
            f"{field}: {'; '.join(found)}", [FieldViolation(field, violation) for violation in found]
        )
    return Value(kind.name if named == kind.name else named, accepted.data, array)  # the name is one for all
