"""The values of variables: what a type and its constraints allow, and how a value is read back."""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from google.protobuf.any_pb2 import Any as AnyMessage

from varbridge.conformance.model.branches import Branch, branch
from varbridge.conformance.vocabulary.literals import SPECIAL, same, show, strict_json

PREFIX = "type.googleapis.com/snakepit."

MATCHES: Mapping[str, Callable[[str], bool]] = {
    "^[a-z]+$": lambda text: bool(re.fullmatch("[a-z]+", text)),
    "o": lambda text: "o" in text,
    "^.{2}$": lambda text: len(text) == 2 and "\n" not in text,
    r"\d": lambda text: bool(re.search("[0-9]", text)),
    r"(?i)^ÄB": lambda text: text[:2] in ("ÄB", "Äb", "äB", "äb"),
}
"""The patterns that walks use, each with a function that says which texts it matches."""

_FORMATS = {"float32": "f", "float64": "d", "int32": "i", "int64": "q"}

WRONG_TYPE = branch("V1.3", "a value whose type_url names another type is refused")
NOT_A_NUMBER = branch("T.2", "a float that is not a number is refused")
NOT_AN_INTEGER = branch("T.2", "an integer that is not a number is refused")
NOT_WHOLE = branch("T.2", "an integer with a fraction is refused")
BEYOND_64_BITS = branch("T.2", "an integer beyond 64 bits is refused")
NOT_A_STRING = branch("T.3", "a string that is not a text is refused")
NOT_A_BOOLEAN = branch("T.3", "a boolean that is neither true nor false is refused")
NOT_A_CHOICE = branch("T.8", "a text that is not one of the choices is refused")
NOT_A_MODULE = branch("T.3", "a module that is not allowed is refused")
NOT_AN_EMBEDDING = branch("T.4", "an embedding that is not a list of numbers is refused")
WRONG_DIMENSIONS = branch("T.4", "an embedding with another number of dimensions is refused")
NOT_A_TENSOR = branch("T.4", "a tensor without shape and data is refused")
WRONG_DATA = branch("T.4", "a tensor whose data does not match its shape is refused")
OTHER_SHAPE = branch("T.4", "a tensor of another shape than that of its constraints is refused")
OTHER_DTYPE = branch("T.4", "a tensor of another dtype than that of its constraints is refused")
BELOW = branch("K1.1", "a number below min is refused")
ABOVE = branch("K1.1", "a number above max is refused")
NOT_BOUNDED = branch("K1.3", "NaN is outside all bounds")
TOO_SHORT = branch("T.5", "a text shorter than min_length is refused")
TOO_LONG = branch("T.5", "a text longer than max_length is refused")
NO_MATCH = branch("K2.1", "a text that the pattern does not match is refused")
NOT_LISTED = branch("K4.2", "a text that enum does not list is refused")
RAW_OF_OTHER_TYPE = branch("V4.4", "raw bytes for a type without them are refused")


SPECIAL_FLOAT = branch("V2.1", "NaN and the infinities are floats")
EXTREME_NUMBER = branch("V2.2", "a number at the edge of its type is accepted")
WIDENED = branch("V2.3", "an integer is a float, and 42.0 an integer")
AT_BOUND = branch("K1.2", "a number that equals a bound is accepted")
LONGEST_TEXT = branch("T.5", "a text with as many characters as are allowed is accepted")
RAW_BYTES = branch("V4.1", "an array in raw bytes is accepted")
NESTED = branch("T.7", "the data of a tensor are flat or nested as its shape says")

_WHOLE = {"int32": range(-(2**31), 2**31), "int64": range(-(2**63), 2**63)}
_MAX_FLOAT32 = float(2**128 - 2**104)

_EDGES = (5e-324, 1.7976931348623157e308, 2**53 + 1, 2**63 - 1, -(2**63))


class Fault(NamedTuple):
    """A reason why a value is refused, with the phrase that the contract quotes for it; empty if none."""

    branch: Branch
    phrase: str = ""


@dataclass(frozen=True)
class Raw:
    """An array in raw bytes."""

    shape: tuple[int, ...]
    dtype: str
    numbers: tuple[float, ...]

    @property
    def content(self) -> bytes:
        return struct.pack(f"<{len(self.numbers)}{_FORMATS[self.dtype]}", *self.numbers)

    def header(self, kind: str) -> bytes:
        fields = {"type": kind, "shape": [*self.shape], "dtype": self.dtype, "binary_format": "raw"}
        return json.dumps(fields).encode()

    def __str__(self) -> str:
        return f"{self.dtype} array {json.dumps(_nested(self.numbers, self.shape))}"


@dataclass(frozen=True)
class Sent:
    """A value as a client sends it: JSON, or an array in raw bytes, labelled with a type.

    Attributes:
        kind: the type that the type_url names.
        value: the value of the JSON, or the array.
    """

    kind: str
    value: Any

    def any(self) -> AnyMessage:
        """Return the message."""
        if isinstance(self.value, Raw):
            return AnyMessage(type_url=f"{PREFIX}{self.kind}.binary", value=self.value.header(self.kind))
        return AnyMessage(
            type_url=PREFIX + self.kind, value=json.dumps(self.value, ensure_ascii=False).encode()
        )

    @property
    def content(self) -> bytes:
        """The raw bytes; empty for JSON."""
        return self.value.content if isinstance(self.value, Raw) else b""

    def __str__(self) -> str:
        return str(self.value) if isinstance(self.value, Raw) else json.dumps(self.value, ensure_ascii=False)


@dataclass(frozen=True)
class Value:
    """The value of a variable: a Python object, or an array in raw bytes."""

    kind: str
    value: Any

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Value) or self.kind != other.kind:
            return False
        if isinstance(self.value, Raw) or isinstance(other.value, Raw):
            return (
                isinstance(self.value, Raw)
                and isinstance(other.value, Raw)
                and (self.value.shape, self.value.dtype) == (other.value.shape, other.value.dtype)
                and self.value.content == other.value.content
            )
        return same(self.value, other.value, exact=self.kind not in ("embedding", "tensor"))

    def __hash__(self) -> int:
        return hash(self.kind)

    def __str__(self) -> str:
        return str(self.value) if isinstance(self.value, Raw) else show(self.value)


def _nested(numbers: Sequence[float], shape: Sequence[int]) -> list[Any]:
    """Return numbers as lists in lists of this shape."""
    if len(shape) == 1:
        return [*numbers]
    size = len(numbers) // shape[0]
    return [_nested(numbers[start : start + size], shape[1:]) for start in range(0, len(numbers), size)]


def decode(message: AnyMessage, content: bytes) -> Value:
    """Return the value in a reply.

    Raises:
        ValueError: the contract does not allow such a value.
    """
    if not message.type_url.startswith(PREFIX):
        raise ValueError(f"the type_url is {message.type_url!r}")
    kind = message.type_url.removeprefix(PREFIX)
    value = strict_json(message.value.decode())
    if kind.endswith(".binary"):
        kind = kind.removesuffix(".binary")
        dtype, shape = value["dtype"], tuple(value["shape"])
        count = math.prod(shape)
        try:
            numbers = struct.unpack(f"<{count}{_FORMATS[dtype]}", content)
        except (struct.error, KeyError) as error:
            raise ValueError(f"the raw bytes do not match their header: {error}") from None
        return Value(kind, Raw(shape, dtype, numbers))
    if content:
        raise ValueError("there are raw bytes in addition to JSON")
    if kind == "float":
        value = SPECIAL.get(value, value) if isinstance(value, str) else value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"a float has the JSON {value!r}")
        value = float(value)
    return Value(kind, value)


def meaning(kind: str, sent: Sent) -> Value:
    """Return the value that a variable has after it was set to this one."""
    value = sent.value
    if isinstance(value, Raw):
        return Value(kind, value)
    if kind == "float":
        value = SPECIAL[value] if isinstance(value, str) else float(value)
    elif kind == "integer":
        value = int(value)
    return Value(kind, value)


def faults(kind: str, constraints: Mapping[str, Any], sent: Sent) -> list[Fault]:
    """Return the reasons why a variable of a type cannot have a value; none if it can."""
    value = sent.value
    if isinstance(value, Raw):
        if sent.kind != kind:
            return [Fault(WRONG_TYPE if kind in ("embedding", "tensor") else RAW_OF_OTHER_TYPE)]
        return [*_layout_faults(kind, constraints, value.shape, value.dtype)]
    if sent.kind != kind:
        return [Fault(WRONG_TYPE)]
    return [*_CHECKS[kind](constraints, value)]


def edges(kind: str, constraints: Mapping[str, Any], sent: Sent) -> tuple[Branch, ...]:
    """Return the branches by which a value at the edge of what is allowed is accepted."""
    value = sent.value
    if isinstance(value, Raw):
        return (RAW_BYTES,)
    if kind == "tensor":
        return (NESTED,)
    if kind in ("float", "integer"):
        if isinstance(value, str):
            return (SPECIAL_FLOAT,)
        if value in (constraints.get("min"), constraints.get("max")):
            return (AT_BOUND,)
        if value in _EDGES or (value == 0 and str(value) == "-0.0"):
            return (EXTREME_NUMBER,)
        return (WIDENED,) if isinstance(value, int) is (kind == "float") else ()
    if kind == "string" and len(value) in (constraints.get("min_length"), constraints.get("max_length")):
        return (LONGEST_TEXT,)
    return ()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _float(constraints: Mapping[str, Any], value: Any) -> Iterator[Fault]:
    if isinstance(value, str) and value in SPECIAL:
        value = SPECIAL[value]
    elif not _is_number(value):
        yield Fault(NOT_A_NUMBER, "must be a number")
        return
    if math.isnan(value) and ("min" in constraints or "max" in constraints):
        yield Fault(NOT_BOUNDED)
        return
    yield from _bounds(constraints, value)


def _bounds(constraints: Mapping[str, Any], value: float) -> Iterator[Fault]:
    if "min" in constraints and value < constraints["min"]:
        yield Fault(BELOW, "is below minimum")
    if "max" in constraints and value > constraints["max"]:
        yield Fault(ABOVE, "is above maximum")


def _integer(constraints: Mapping[str, Any], value: Any) -> Iterator[Fault]:
    if not _is_number(value):
        yield Fault(NOT_AN_INTEGER, "must be an integer")
    elif isinstance(value, float) and not value.is_integer():
        yield Fault(NOT_WHOLE, "must be a whole number")
    elif not -(2**63) <= value < 2**63:
        yield Fault(BEYOND_64_BITS, "must be an integer")
    else:
        yield from _bounds(constraints, value)


def _string(constraints: Mapping[str, Any], value: Any) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield Fault(NOT_A_STRING, "must be a string")
        return
    if len(value) < constraints.get("min_length", 0):
        yield Fault(TOO_SHORT, f"must be at least {constraints['min_length']} characters")
    if len(value) > constraints.get("max_length", math.inf):
        yield Fault(TOO_LONG, f"must be at most {constraints['max_length']} characters")
    if "pattern" in constraints and not MATCHES[constraints["pattern"]](value):
        yield Fault(NO_MATCH, "must match pattern")
    if "enum" in constraints and value not in constraints["enum"]:
        yield Fault(NOT_LISTED, "must be one of")


def _boolean(_: Mapping[str, Any], value: Any) -> Iterator[Fault]:
    if not isinstance(value, bool):
        yield Fault(NOT_A_BOOLEAN, "must be a boolean")


def _choice(constraints: Mapping[str, Any], value: Any) -> Iterator[Fault]:
    if not isinstance(value, str) or value not in constraints["choices"]:
        yield Fault(NOT_A_CHOICE, "must be one of")


def _module(constraints: Mapping[str, Any], value: Any) -> Iterator[Fault]:
    allowed = constraints.get("choices", constraints.get("allowed_modules"))
    if not isinstance(value, str) or not value:
        yield Fault(NOT_A_MODULE)
    elif allowed is not None and value not in allowed:
        yield Fault(NOT_A_MODULE, "must be one of the allowed modules")


def _embedding(constraints: Mapping[str, Any], value: Any) -> Iterator[Fault]:
    if not isinstance(value, list) or not value or not all(map(_is_number, value)):
        yield Fault(NOT_AN_EMBEDDING, "must be a list of numbers")
    else:
        yield from _layout_faults("embedding", constraints, (len(value),), "")


def _tensor(constraints: Mapping[str, Any], value: Any) -> Iterator[Fault]:
    if not isinstance(value, dict) or value.keys() != {"shape", "data"}:
        yield Fault(NOT_A_TENSOR, "must be a tensor with shape and data")
        return
    shape, data = value["shape"], value["data"]
    if not _has_shape(data, shape) and not _has_shape(data, [math.prod(shape)]):
        yield Fault(WRONG_DATA, "data size doesn't match shape")
    yield from _layout_faults("tensor", constraints, shape, "")
    if "dtype" in constraints and not all(_admits(constraints["dtype"], n) for n in _flat(data)):
        yield Fault(OTHER_DTYPE, "dtype must be")


def _flat(data: Any) -> Iterator[float]:
    if not isinstance(data, list):
        yield data
        return
    for item in data:
        yield from _flat(item)


def _admits(dtype: str, number: float) -> bool:
    """Return True if a number of a tensor in JSON is in the range of a dtype, and whole if that is."""
    if dtype in _WHOLE:
        return number == int(number) and int(number) in _WHOLE[dtype]  # a range has only integers
    return dtype != "float32" or abs(number) <= _MAX_FLOAT32


def _has_shape(data: Any, shape: Sequence[int]) -> bool:
    if not shape:
        return _is_number(data)
    return isinstance(data, list) and len(data) == shape[0] and all(_has_shape(i, shape[1:]) for i in data)


def _layout_faults(
    kind: str, constraints: Mapping[str, Any], shape: Sequence[int], dtype: str
) -> Iterator[Fault]:
    if kind == "embedding":
        if (count := constraints.get("dimensions")) is not None and shape[0] != count:
            yield Fault(WRONG_DIMENSIONS, f"must have exactly {count} dimensions")
        return
    if "shape" in constraints and [*shape] != constraints["shape"]:
        yield Fault(OTHER_SHAPE, "shape must be")
    if dtype and "dtype" in constraints and dtype != constraints["dtype"]:
        yield Fault(OTHER_DTYPE, "dtype must be")


_CHECKS: Mapping[str, Callable[[Mapping[str, Any], Any], Iterator[Fault]]] = {
    "float": _float,
    "integer": _integer,
    "string": _string,
    "boolean": _boolean,
    "choice": _choice,
    "module": _module,
    "embedding": _embedding,
    "tensor": _tensor,
}

KINDS = (*_CHECKS,)
"""The eight types."""
