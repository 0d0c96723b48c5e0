"""A tool's parameters, read and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from . import jsontext
from .constraints import NO_CONSTRAINTS, Constraints
from .errors import FieldViolation, InvalidArgumentError, invalid
from .types import TYPES
from .values import BINARY, JSON, AnyMessage, Value, kind_of, read_value


class Parameter(NamedTuple):
    """One parameter of a tool.

    Attributes:
        type: one of the eight variable types, or ``any``.
        required: whether a call must give it.
        default: what it is where a call does not; None where it must, or where whoever runs the tool
            knows the default.
        constraints_json: as for a variable of the type; empty for none.
    """

    name: str
    type: str
    required: bool
    default: Value | None = None
    description: str = ""
    constraints_json: str = ""


class Spec(Protocol):
    """What is known of a tool, wherever it runs."""

    @property
    def name(self) -> str: ...

    @property
    def parameters(self) -> Sequence[Parameter]: ...


def bind(tool: Spec, given: Mapping[str, AnyMessage], arrays: Mapping[str, bytes]) -> dict[str, Any]:
    """The arguments that a request gives a tool, defaults filled in.

    Raises:
        InvalidArgumentError: naming every parameter that is missing, unknown or of another type.
    """
    found: list[FieldViolation] = []
    arguments: dict[str, Any] = {}
    known = {parameter.name: parameter for parameter in tool.parameters}
    for name in sorted((given.keys() | arrays.keys()) - known.keys()):
        found.append(FieldViolation(name[:80], f"{tool.name} has no such parameter"))
    for name, parameter in known.items():
        if name in given:
            try:
                arguments[name] = read(parameter, given[name], arrays.get(name, b""))
            except InvalidArgumentError as refusal:
                found.extend(refusal.violations)
        elif name in arrays:
            found.append(FieldViolation(name, "has bytes and no value"))
        elif parameter.required:
            found.append(FieldViolation(name, "is required"))
        elif parameter.default is not None:
            arguments[name] = parameter.default.native()
    if found:
        text = "; ".join(f"parameter {violation.field} {violation.description}" for violation in found)
        raise InvalidArgumentError(f"{tool.name}: {text}", found)
    return arguments


def read(parameter: Parameter, given: AnyMessage, array: bytes = b"") -> Any:
    """Read one argument. What counts is whether the value fits, not the type that it was sent as: a
    client does not know that the 2 it sends as an integer goes to a float.

    Raises:
        InvalidArgumentError: it is of another type, or not within the parameter's constraints.
    """
    named = kind_of(given.type_url, parameter.name)
    if named not in (JSON, *TYPES) and named.removesuffix(BINARY) not in TYPES:
        raise invalid(parameter.name, f"type_url names no type: {given.type_url[:80]!r}")
    if array and not named.endswith(BINARY):
        raise invalid(parameter.name, f"bytes need a type_url that ends in {BINARY}")
    if parameter.type == "any" and named == JSON:
        try:
            return jsontext.parse(given.value)
        except jsontext.InvalidJsonError as error:
            raise invalid(parameter.name, f"the value {error}") from None
    kind = TYPES[named.removesuffix(BINARY) if parameter.type == "any" else parameter.type]
    constraints: Constraints = NO_CONSTRAINTS
    if parameter.constraints_json:
        constraints = kind.parse_constraints(parameter.constraints_json)
    if named.endswith(BINARY):
        return read_value(given, array, kind, constraints, parameter.name).native()
    accepted = kind.read_json(given.value, parameter.name)
    if violations := constraints.violations(accepted.measure):
        raise InvalidArgumentError(
            f"{parameter.name}: {'; '.join(violations)}",
            [FieldViolation(parameter.name, violation) for violation in violations],
        )
    return Value(kind.name, accepted.data).native()
