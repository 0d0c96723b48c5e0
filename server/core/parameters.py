"""The parameters of a tool: reading and checking arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from . import jsontext
from .constraints import NO_CONSTRAINTS, Constraints
from .errors import FieldViolation, InvalidArgumentError, invalid, listed, shortened
from .limits import Limits
from .types import TYPES
from .values import BINARY, JSON, PREFIX, AnyMessage, Value, check_json_size, kind_of, read_value

STRING_VALUE = "type.googleapis.com/google.protobuf.StringValue"
"""The type_url with which clients of Snakepit 0.4 send every argument, as JSON."""


@dataclass
class Argument:
    """A value with its type, as in a request."""

    type_url: str
    value: bytes


class Parameter(NamedTuple):
    """A parameter of a tool.

    Attributes:
        type: one of the eight variable types, or ``any``.
        required: True if a call must have an argument for this parameter.
        default: the value if a call has no argument for this parameter; None if it is required, or if only
            the tool's host knows the default.
        constraints_json: constraints as for a variable of the type; empty for none.
    """

    name: str
    type: str
    required: bool
    default: Value | None = None
    description: str = ""
    constraints_json: str = ""


class Spec(Protocol):
    """The name and the parameters of a tool, wherever it runs."""

    @property
    def name(self) -> str: ...

    @property
    def parameters(self) -> Sequence[Parameter]: ...


def bind(tool: Spec, values: Mapping[str, AnyMessage], arrays: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the arguments of a request to a tool as Python values by name, with defaults filled in.

    Raises:
        InvalidArgumentError: parameters are missing, unknown or of another type; the message lists them all.
    """
    _check_sizes(values)
    violations: list[FieldViolation] = []
    arguments: dict[str, Any] = {}
    known = {parameter.name: parameter for parameter in tool.parameters}
    for name in sorted((values.keys() | arrays.keys()) - known.keys()):
        violations.append(FieldViolation(shortened(name), "is unknown"))
    for name, parameter in known.items():
        if name in values:
            try:
                arguments[name] = read(parameter, values[name], arrays.get(name, b""))
            except InvalidArgumentError as refusal:
                violations.extend(refusal.violations)
        elif name in arrays and parameter.type == "any":
            arguments[name] = arrays[name]  # bytes that only the tool understands
        elif name in arrays:
            violations.append(FieldViolation(name, "has bytes and no value"))
        elif parameter.required:
            violations.append(FieldViolation(name, "is required"))
        elif parameter.default is not None:
            arguments[name] = parameter.default.native()
    if violations:
        texts = [f"parameter {violation.field} {violation.description}" for violation in violations]
        raise InvalidArgumentError(f"{tool.name}: {listed(texts, '; ', whole=True)}", violations)
    return arguments


def _check_sizes(values: Mapping[str, AnyMessage]) -> None:
    """Refuse arguments whose arrays and objects would together take too long to parse."""
    containers = [message.value for message in values.values() if jsontext.is_container(message.value)]
    if len(containers) > 1:
        jsontext.check_items(containers, "the arguments have")


def read(parameter: Parameter, message: AnyMessage, array: bytes = b"") -> Any:
    """Read one argument. The value must be of the parameter's type; the type in its type_url may differ: a
    client does not know that the 2 that it sends as an integer is for a parameter of type float.

    Raises:
        InvalidArgumentError: the value is of another type, or violates the parameter's constraints.
    """
    if message.type_url == STRING_VALUE:
        message = Argument(PREFIX + JSON, message.value)
    sent_kind = kind_of(message.type_url, parameter.name)
    if sent_kind not in (JSON, *TYPES) and sent_kind.removesuffix(BINARY) not in TYPES:
        raise invalid(parameter.name, f"type_url names no type: {shortened(message.type_url)!r}")
    if array and not sent_kind.endswith(BINARY):
        raise invalid(parameter.name, f"bytes need a type_url that ends in {BINARY}")
    if parameter.type == "any" and not sent_kind.endswith(BINARY):
        return _read_any(sent_kind, message.value, parameter.name)
    kind = TYPES[sent_kind.removesuffix(BINARY) if parameter.type == "any" else parameter.type]
    constraints: Constraints = NO_CONSTRAINTS
    if parameter.constraints_json:
        constraints = kind.parse_constraints(parameter.constraints_json)
    if sent_kind.endswith(BINARY):
        return read_value(message, array, kind, constraints, parameter.name).native()
    check_json_size(message.value, kind, parameter.name, Limits().json_bytes)
    accepted = kind.read_json(message.value, parameter.name)
    if violations := constraints.violations(accepted.measure):
        raise InvalidArgumentError(
            f"{parameter.name}: {'; '.join(violations)}",
            [FieldViolation(parameter.name, violation) for violation in violations],
        )
    return Value(kind.name, accepted.data).native()


def _read_any(sent_kind: str, data: bytes, field: str) -> Any:
    """Read an argument in JSON that may be of any type, also of another one than its type_url names."""
    if sent_kind != JSON:
        check_json_size(data, TYPES[sent_kind], field, Limits().json_bytes)
        with suppress(InvalidArgumentError):
            return Value(sent_kind, TYPES[sent_kind].read_json(data, field).data).native()
    try:
        return jsontext.parse(data)
    except jsontext.InvalidJsonError as error:
        raise invalid(field, f"the value {error}") from None
