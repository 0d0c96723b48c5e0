"""The judge's own conversion of values, so that what it sends and how it reads do not follow the client's.

A value is sent as its JSON, and an array as raw bytes. A value that is read keeps the form in which it came,
since a bridge answers each value in the form in which it was sent: JSON as a Python object, and raw bytes as
a numpy array.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from google.protobuf.any_pb2 import Any as AnyMessage

from varbridge import Update, Variable
from varbridge.errors import MalformedReplyError
from varbridge.wire import BINARY, DTYPES, PREFIX, Raw, split_url

if TYPE_CHECKING:
    import numpy

_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_NUMBERS = (int, float)
_KINDS = {bool: "boolean", int: "integer", float: "float", str: "string"}


def encode(kind: str, value: Any) -> Raw:
    """Return the wire format of a JSON value for the type ``kind``; NaN and infinities become texts."""
    if isinstance(value, float) and not math.isfinite(value):
        value = next(text for text, special in _SPECIAL.items() if repr(special) == repr(value))
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Raw(PREFIX + kind, text.encode("utf-8", "surrogatepass"))


def encode_arguments(values: Mapping[str, Any]) -> dict[str, Raw]:
    """Return the wire format of a tool's arguments, each with the type of its JSON, by name."""
    return {
        name: value if isinstance(value, Raw) else encode(_KINDS.get(type(value), "json"), value)
        for name, value in values.items()
    }


def raw_array(kind: str, array: numpy.ndarray[Any, Any]) -> Raw:
    """Return an array of one of the four dtypes as raw bytes."""
    dtype = array.dtype.name
    assert dtype in DTYPES, dtype
    header = {"type": kind, "shape": list(array.shape), "dtype": dtype, "binary_format": "raw"}
    text = json.dumps(header, separators=(",", ":"))
    return Raw(
        PREFIX + kind + BINARY, text.encode(), array.astype(array.dtype.newbyteorder("<")).tobytes("C")
    )


def decode(kind: str, message: AnyMessage, array: bytes = b"") -> Any:
    """Return the value of a reply.

    Args:
        kind: the type that the value must have; ``json`` for any JSON value.
        message: the ``Any``.
        array: the raw bytes.

    Raises:
        MalformedReplyError: the message is not a value of that type.
    """
    named, binary = split_url(message.type_url)
    if named != kind:
        raise MalformedReplyError(f"a value of type {kind} came with the type_url {message.type_url!r}")
    try:
        decoder = _STRICT_DECODER if _may_have_special_numbers(message.value) else _DECODER
        value = decoder.decode(message.value.decode())
    except (ValueError, RecursionError) as error:
        raise MalformedReplyError(
            f"a value of type {kind} came as invalid JSON: {message.value[:80]!r} ({error})"
        ) from None
    if binary:
        return _array(kind, value, array)
    if array:
        raise MalformedReplyError(f"a value of type {kind} in JSON came with {len(array)} raw bytes as well")
    if kind != "json" and not _FITS.get(kind, _is_text)(value):
        raise MalformedReplyError(f"a value of type {kind} came as {json.dumps(value)[:80]}")
    if kind == "float":
        return _SPECIAL[value] if isinstance(value, str) else float(value)
    return value


def read_value(variable: Variable) -> Any:
    """Return the value of a variable. Raises ``MalformedReplyError``."""
    return decode(variable.type, variable.message.value, variable.message.binary_value)


def read_previous(update: Update) -> Any:
    """Return the value before a value_change; None in other updates. Raises ``MalformedReplyError``."""
    message = update.message
    if update.variable is None or not message.HasField("previous_value"):
        return None
    return decode(update.variable.type, message.previous_value, message.previous_binary_value)


def _array(kind: str, header: Any, content: bytes) -> Any:
    import numpy  # not at the top: few runs read arrays

    try:
        if header["type"] != kind or header["binary_format"] != "raw" or header["dtype"] not in DTYPES:
            raise ValueError("the header is not that of such an array")
        shape = header["shape"]
        if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
            raise ValueError("the shape is not a list of sizes")  # reshape accepts more than lists of sizes
        return numpy.frombuffer(content, numpy.dtype(header["dtype"]).newbyteorder("<")).reshape(shape)
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise MalformedReplyError(
            f"a binary {kind} came with {len(content)} bytes and the header {json.dumps(header)[:200]}:"
            f" {error}"
        ) from None


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:20]} is beyond the range of a double")
    return number


def read_integer(text: str) -> int | float:
    """Return the number of a JSON integer; -0, as which several languages write -0.0, keeps its sign."""
    return -0.0 if text == "-0" else int(text)


def _whole(text: str) -> int | float:
    _finite(text)
    return read_integer(text)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)
_STRICT_DECODER = json.JSONDecoder(parse_float=_finite, parse_int=_whole, parse_constant=_no_constant)
"""A decoder that also refuses numbers beyond doubles and keeps the sign of -0, by a call for each number."""

_SHAPES = bytes.maketrans(b"123456789E", b"000000000e")
_MANY_DIGITS = b"0" * 200


def _may_have_special_numbers(content: bytes) -> bool:
    """Return True if a JSON text may have -0, 200 digits in a row, or an exponent of three digits."""
    if b"-0" in content:
        return True
    shapes = content.translate(_SHAPES)  # a regular expression takes twenty times as long
    return b"e000" in shapes or b"e+000" in shapes or _MANY_DIGITS in shapes


_FITS: dict[str, Callable[[Any], bool]] = {
    "float": lambda value: type(value) in _NUMBERS or (isinstance(value, str) and value in _SPECIAL),
    "integer": lambda value: type(value) is int and -(2**63) <= value < 2**63,
    "boolean": lambda value: isinstance(value, bool),
    "embedding": lambda value: isinstance(value, list) and all(type(item) in _NUMBERS for item in value),
    "tensor": lambda value: isinstance(value, dict) and {"shape", "data"} <= value.keys(),
}
"""The functions that return True for a value of a type, by the type; values of other types are texts."""


def _is_text(value: Any) -> bool:
    return isinstance(value, str)
