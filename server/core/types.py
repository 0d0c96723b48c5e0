"""The eight types of variables: the values that each accepts, and their canonical form.

A type reads the bytes of a value strictly. It returns the bytes that every reader gets, and the object
against which constraints are checked (the ``measure``).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from . import arrays, constraints, jsontext
from .arrays import Layout
from .constraints import Constraints
from .errors import invalid

INT64 = range(-(2**63), 2**63)
SPECIAL_FLOATS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class WrongTypeError(ValueError):
    """The JSON value is not of the variable type; the message describes the values of that type."""


class Accepted(NamedTuple):
    """A checked value of a type: the bytes that readers get, and the object that constraints check."""

    data: bytes
    measure: Any


class VariableType(NamedTuple):
    """A type of variables: its name, its reader of JSON values, and its options.

    Attributes:
        name: the name of the type.
        read: the function that checks a parsed JSON value and its bytes.
        binary: True if values may be binary.
        exact: True if 1.0 is read as the integer 1.
    """

    name: str
    read: Callable[[Any, bytes], Accepted]
    binary: bool = False
    exact: bool = False

    def read_json(self, data: bytes, field: str) -> Accepted:
        """Read a JSON value; if it is invalid, raise an ``InvalidArgumentError`` about ``field``."""
        try:
            return self.read(jsontext.parse(data, exact=self.exact), data)
        except jsontext.InvalidJsonError as error:
            raise invalid(field, f"the value {error}") from None
        except WrongTypeError as error:
            raise invalid(field, str(error)) from None

    def read_binary(self, header: bytes, array: bytes, field: str) -> Accepted:
        """Read a binary value; if its header or bytes are invalid, raise an ``InvalidArgumentError``."""
        if not self.binary:
            raise invalid(field, f"a value of type {self.name} cannot be binary")
        layout = arrays.read_header(header, array, self.name, field)
        if self is EMBEDDING:
            if len(layout.shape) != 1 or not layout.shape[0]:
                raise invalid(field, "must be a list of numbers: one dimension, not empty")
            if not arrays.all_finite(array, layout):
                raise invalid(field, "must be a list of numbers, all of them finite")
        return Accepted(header, layout)

    def parse_constraints(self, text: str) -> Constraints:
        """Read ``constraints_json``; see ``constraints.parse``."""
        parsed: Constraints = constraints.parse(self.name, text)
        return parsed


def _float(value: Any, data: bytes) -> Accepted:
    if isinstance(value, str) and value in SPECIAL_FLOATS:
        return Accepted(jsontext.dump(value), SPECIAL_FLOATS[value])
    if not _is_number(value):
        raise WrongTypeError("must be a number")
    number = float(data)  # not float(value): Python parses -0, which others write for -0.0, as the integer 0
    return Accepted(repr(number).encode(), number)


def _integer(value: Any, data: bytes) -> Accepted:
    if isinstance(value, float):
        raise WrongTypeError("must be a whole number")
    if type(value) is not int:
        raise WrongTypeError("must be an integer")
    if value not in INT64:
        raise WrongTypeError("must be an integer of 64 bits, -2^63 to 2^63-1")
    return Accepted(str(value).encode(), value)


def _string(value: Any, data: bytes) -> Accepted:
    if not isinstance(value, str):
        raise WrongTypeError("must be a string")
    return Accepted(jsontext.dump(value), value)


def _boolean(value: Any, data: bytes) -> Accepted:
    if not isinstance(value, bool):
        raise WrongTypeError("must be a boolean")
    return Accepted(b"true" if value else b"false", value)


def _choice(value: Any, data: bytes) -> Accepted:
    if not isinstance(value, str):
        raise WrongTypeError("must be one of the choices, as a string")
    return Accepted(jsontext.dump(value), value)


def _module(value: Any, data: bytes) -> Accepted:
    if not isinstance(value, str):
        raise WrongTypeError("must be a string that names a module, must be one of the allowed modules")
    return Accepted(jsontext.dump(value), value)


def _embedding(value: Any, data: bytes) -> Accepted:
    if not isinstance(value, list) or not value or not all(map(_is_number, value)):
        raise WrongTypeError("must be a list of numbers")
    return Accepted(data, Layout((len(value),), frozenset()))


def _tensor(value: Any, data: bytes) -> Accepted:
    if (
        not isinstance(value, dict)
        or not {"shape", "data"} <= value.keys() <= {"shape", "data", "dtype"}
        or not arrays.is_shape(value["shape"])
    ):
        raise WrongTypeError("must be a tensor with shape and data")
    shape = tuple(value["shape"])
    numbers = _flat(value["data"], shape)
    if not all(map(_is_number, numbers)):
        raise WrongTypeError("must be a tensor with shape and data, all of it numbers")
    dtypes = _dtypes_that_hold(numbers)
    if "dtype" in value:
        if value["dtype"] not in list(arrays.ITEM_SIZES):
            raise WrongTypeError(f"dtype must be one of {', '.join(arrays.ITEM_SIZES)}")
        dtypes &= {value["dtype"]}
        if not dtypes:
            raise WrongTypeError(f"must be a tensor with shape and data, each number a {value['dtype']}")
    return Accepted(data, Layout(shape, dtypes))


def _flat(data: Any, shape: tuple[int, ...]) -> list[Any]:
    """Return the items of nested or flat data in C order, after checking them against the shape."""
    if not isinstance(data, list):
        if shape or not _is_number(data):
            raise WrongTypeError("must be a tensor with shape and data")
        return [data]
    if len(data) == math.prod(shape) and not any(isinstance(item, list) for item in data):
        return data
    level = [data]
    for size in shape:
        if not all(isinstance(part, list) and len(part) == size for part in level):
            raise WrongTypeError(f"data size doesn't match shape {list(shape)}")
        level = [item for part in level for item in part]
    if any(isinstance(item, list) for item in level):
        raise WrongTypeError(f"data size doesn't match shape {list(shape)}")
    return level


def _dtypes_that_hold(numbers: list[Any]) -> frozenset[str]:
    """Return the dtypes that can represent all numbers of a tensor, since JSON itself has no dtypes."""
    floats = {"float32", "float64"}
    if not all(type(number) is int or number.is_integer() for number in numbers):
        return frozenset(floats)
    low, high = (min(numbers), max(numbers)) if numbers else (0, 0)
    return frozenset(
        floats
        | ({"int32"} if low >= -(2**31) and high < 2**31 else set())
        | ({"int64"} if low >= -(2**63) and high < 2**63 else set())
    )


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)  # not isinstance, for which True is an int


EMBEDDING = VariableType("embedding", _embedding, binary=True)

TYPES = {
    kind.name: kind
    for kind in (
        VariableType("float", _float),
        VariableType("integer", _integer, exact=True),
        VariableType("string", _string),
        VariableType("boolean", _boolean),
        VariableType("choice", _choice),
        VariableType("module", _module),
        EMBEDDING,
        VariableType("tensor", _tensor, binary=True),
    )
}
"""The eight types of variables, by name."""


def type_named(name: str) -> VariableType:
    """Return the type with a name.

    Raises:
        InvalidArgumentError: none of the eight types has that name.
    """
    try:
        return TYPES[name]
    except KeyError:
        raise invalid("type", f"must be one of {', '.join(TYPES)}, not {name[:80]!r}") from None
