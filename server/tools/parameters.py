"""A tool's parameters, read and checked; its result, written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from server import jsontext
from server.constraints import NoConstraints
from server.errors import FieldViolation, InvalidArgument, invalid
from server.tools.declare import TYPE_NAMES, Parameter, Tool
from server.types import INT64, SPECIAL_FLOATS, TYPES
from server.values import BINARY, AnyMessage, Value, kind_of, read_value

JSON = "json"
"""The kind of a value that is of none of the variable types."""


def bind(tool: Tool, given: Mapping[str, AnyMessage], arrays: Mapping[str, bytes]) -> dict[str, Any]:
    """The arguments that a request gives a tool, defaults filled in.

    Raises:
        InvalidArgument: naming every parameter that is missing, unknown or of another type.
    """
    found: list[FieldViolation] = []
    arguments: dict[str, Any] = {}
    known = {parameter.name: parameter for parameter in tool.parameters}
    for name in sorted((given.keys() | arrays.keys()) - known.keys()):
        found.append(FieldViolation(name[:80], f"{tool.name} has no such parameter"))
    for name, parameter in known.items():
        if name in given:
            try:
                arguments[name] = _read(parameter, given[name], arrays.get(name, b""))
            except InvalidArgument as refusal:
                found.extend(refusal.violations)
        elif name in arrays:
            found.append(FieldViolation(name, "has bytes and no value"))
        elif parameter.required:
            found.append(FieldViolation(name, "is required"))
        else:
            arguments[name] = parameter.default
    if found:
        text = "; ".join(f"parameter {violation.field} {violation.description}" for violation in found)
        raise InvalidArgument(f"{tool.name}: {text}", found)
    return arguments


def result_of(answer: Any) -> Value:
    """A tool's answer as a value: of the type that Python's stands for, else JSON.

    Raises:
        TypeError, ValueError: it is nothing that JSON can say.
    """
    if isinstance(answer, float) and not math.isfinite(answer):
        return Value("float", jsontext.dump(_special(answer)))
    if type(answer) is int and answer not in INT64:
        return Value(JSON, jsontext.dump(answer))
    return Value(TYPE_NAMES.get(type(answer), JSON), jsontext.dump(answer))


def _read(parameter: Parameter, given: AnyMessage, array: bytes) -> Any:
    """Read one argument. What counts is whether the value fits, not the type that it was sent as: a
    client does not know that the 2 it sends as an integer goes to a float."""
    named = kind_of(given.type_url, parameter.name)
    if named not in (JSON, *TYPES) and named.removesuffix(BINARY) not in TYPES:
        raise invalid(parameter.name, f"type_url names no type: {given.type_url[:80]!r}")
    if array and not named.endswith(BINARY):
        raise invalid(parameter.name, f"bytes need a type_url that ends in {BINARY}")
    if parameter.type == "any" and named == JSON:
        try:
            return jsontext.parse(given.value)
        except jsontext.NotJson as error:
            raise invalid(parameter.name, f"the value {error}") from None
    kind = TYPES[named.removesuffix(BINARY) if parameter.type == "any" else parameter.type]
    if named.endswith(BINARY):
        return read_value(given, array, kind, NoConstraints(), parameter.name).native()
    return Value(kind.name, kind.read_json(given.value, parameter.name).data).native()


def _special(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    return next(text for text, special in SPECIAL_FLOATS.items() if special == number)
