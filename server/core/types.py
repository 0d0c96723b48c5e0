"""The eight types of variables: the values that each accepts, and their canonical form.

A type reads the bytes of a value strictly. It returns the bytes that every reader gets, and the object
against which constraints are checked (the ``measure``).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from . import arrays, constraints, jsontext, number_arrays
from .arrays import Layout
from .constraints import Constraints
from .errors import ResourceExhaustedError, invalid, shortened

INT64 = range(-(2**63), 2**63)
SPECIAL_FLOATS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}

MAX_FLOAT32 = float(2**128 - 2**104)
"""The largest number in the range of float32."""

MAX_PARSED_ITEMS = 50_000
"""The maximum number of items of an array in JSON that is parsed, because its numbers have unusual forms."""


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
        check: the function that checks the bytes of a JSON value without parsing them; it returns None for a
            value that has to be parsed.
    """

    name: str
    read: Callable[[Any, bytes], Accepted]
    binary: bool = False
    exact: bool = False
    check: Callable[[bytes], Accepted | None] | None = None

    def read_json(self, data: bytes, field: str) -> Accepted:
        """Read a JSON value; if it is invalid, raise an ``InvalidArgumentError`` about ``field``."""
        try:
            if self.check is not None and (accepted := self.check(data)) is not None:
                return accepted
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


def _check_text(data: bytes) -> Accepted | None:
    if len(data) > MAX_PARSED_ITEMS and (text := jsontext.plain_string(data)) is not None:
        return Accepted(data, text)
    return None


def _check_embedding(data: bytes) -> Accepted | None:
    if number_arrays.is_flat(data):
        if number_arrays.has_usual_numbers(data):
            return Accepted(data, Layout((number_arrays.count(data),), frozenset()))
        if not _may_be_parsed(data) and number_arrays.has_numbers(data):
            raise ResourceExhaustedError(_UNUSUAL)
    if _may_be_parsed(data):
        return None
    raise WrongTypeError("must be a list of numbers")


def _check_tensor(data: bytes) -> Accepted | None:
    if (parts := number_arrays.split(data)) is None:
        _check_unusual_tensor(data)
        return None
    header, array = parts
    try:
        tensor = jsontext.parse(header)
        shape = _shape_of(tensor)
    except (jsontext.InvalidJsonError, WrongTypeError):
        if _may_be_parsed(data):
            return None  # parsing the whole text finds the same, and names its place
        raise
    fits = number_arrays.has_shape(array, shape)
    if fits and len(shape) >= jsontext.MAX_DEPTH and not number_arrays.is_flat(array):
        raise jsontext.InvalidJsonError(jsontext.TOO_DEEP)
    dtypes = number_arrays.dtypes_that_hold(array) if fits else None
    if dtypes is not None:
        return Accepted(data, Layout(shape, _narrowed(dtypes, tensor)))
    if _may_be_parsed(data):
        return None
    if 0 in shape or (fits and number_arrays.has_numbers(array)):
        raise ResourceExhaustedError(_UNUSUAL)
    if number_arrays.has_numbers(array):
        raise WrongTypeError(f"data size doesn't match shape {list(shape)}")
    raise WrongTypeError("must be a tensor with shape and data, all of it numbers")


def _check_unusual_tensor(data: bytes) -> None:
    if _may_be_parsed(data):
        return
    if b"\\" in data:
        raise ResourceExhaustedError(_UNUSUAL)  # a key may be written with escapes
    raise WrongTypeError("must be a tensor with shape and data")


def _may_be_parsed(data: bytes) -> bool:
    return data.count(b",") + data.count(b"[") <= MAX_PARSED_ITEMS


_UNUSUAL = "the array is large, and its numbers have unusual forms: send it as raw bytes"


def _tensor(value: Any, data: bytes) -> Accepted:
    shape = _shape_of(value)
    numbers = _flat(value["data"], shape)
    if not all(map(_is_number, numbers)):
        raise WrongTypeError("must be a tensor with shape and data, all of it numbers")
    dtypes = _narrowed(_dtypes_that_hold(numbers), value)
    return Accepted(data, Layout(shape, dtypes))


def _narrowed(dtypes: frozenset[str], tensor: dict[str, Any]) -> frozenset[str]:
    """Return the dtypes that can represent a tensor, only its own if it names one."""
    if "dtype" not in tensor:
        return dtypes
    if tensor["dtype"] not in list(arrays.ITEM_SIZES):
        raise WrongTypeError(f"dtype must be one of {', '.join(arrays.ITEM_SIZES)}")
    if tensor["dtype"] not in dtypes:
        raise WrongTypeError(f"must be a tensor with shape and data, each number a {tensor['dtype']}")
    return frozenset({tensor["dtype"]})


def _shape_of(value: Any) -> tuple[int, ...]:
    if (
        not isinstance(value, dict)
        or not {"shape", "data"} <= value.keys() <= {"shape", "data", "dtype"}
        or not arrays.is_shape(value["shape"])
    ):
        raise WrongTypeError("must be a tensor with shape and data")
    return tuple(value["shape"])


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
    floats = {"float64"}
    if all(-MAX_FLOAT32 <= number <= MAX_FLOAT32 for number in numbers):
        floats.add("float32")
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


EMBEDDING = VariableType("embedding", _embedding, binary=True, check=_check_embedding)

TYPES = {
    kind.name: kind
    for kind in (
        VariableType("float", _float),
        VariableType("integer", _integer, exact=True),
        VariableType("string", _string, check=_check_text),
        VariableType("boolean", _boolean),
        VariableType("choice", _choice, check=_check_text),
        VariableType("module", _module, check=_check_text),
        EMBEDDING,
        VariableType("tensor", _tensor, binary=True, check=_check_tensor),
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
        raise invalid("type", f"must be one of {', '.join(TYPES)}, not {shortened(name)!r}") from None
