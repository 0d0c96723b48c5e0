"""The conversion of values between Python and the wire format.

What is sent is what Python programmers have: numbers and texts, numpy's scalars and arrays, lists, tuples and
ranges, and for a tensor also nested lists, or a dict of shape and data.

>>> import numpy
>>> encode("float", numpy.float32(0.5)).data
b'0.5'
>>> encode("embedding", (1, 2.5)).data
b'[1,2.5]'
>>> encode("tensor", [[1, 2], [3, 4]]).data
b'{"shape":[2,2],"data":[[1,2],[3,4]]}'

A list is sent as JSON, and an array as raw bytes with its dtype, whatever its size. Arrays of dtypes that the
wire format lacks are sent in the next larger one. A list is sent as an array would be if it has NaN or infinities,
which JSON lacks, or more than 100,000 numbers, since a bridge may refuse so much JSON.

>>> encode("tensor", numpy.ones((1, 2), "float16"))
Raw(type_url='type.googleapis.com/snakepit.tensor.binary', data=b'{"type":"tensor","shape":[1,2],"dtype":"float32","binary_format":"raw"}', array=b'\\x00\\x00\\x80?\\x00\\x00\\x80?')

What is read has one form for each type. A float is a float, an integer an int, a boolean a bool, and a string, a
choice and a module are texts. An embedding and a tensor are read-only numpy arrays, whatever their size and
whichever client set them: one that was sent as an array has the dtype of that array; one that was sent as a list has the
dtype that was agreed for the variable if that can represent its numbers, and otherwise int64 if all of them are
integers, or float64. The ``tolist`` of an array makes lists of it.

>>> decode("embedding", to_any(encode("embedding", [1, 2.5])))
array([1. , 2.5])
>>> decode("tensor", to_any(encode("tensor", range(3)))).tolist()
[0, 1, 2]

A value that cannot be sent is a TypeError or a ValueError that names the variable.

>>> encode("integer", 10**5000, "steps")
Traceback (most recent call last):
ValueError: steps: an integer of thousands of digits cannot be sent: the bridge takes integers of 64 bits
"""  # noqa: E501  # the value in the example has one line

from __future__ import annotations

import json
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from google.protobuf.any_pb2 import Any as AnyMessage

from varbridge import arrays, jsontext
from varbridge.errors import MalformedReplyError
from varbridge.jsontext import NotFiniteError
from varbridge.wire import PREFIX, Raw, split_url, to_any

__all__ = ["Raw", "decode", "decode_any", "encode", "split_url", "to_any"]

MAX_JSON_NUMBERS = 100_000
"""The maximum number of numbers that are sent as JSON."""

_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_NUMBERS = (int, float)


def encode(kind: str, value: Any, name: str = "") -> Raw:
    """Encode a value of the type ``kind``.

    Args:
        kind: the variable's type, or ``json``.
        value: a Python value, or a ``Raw`` that is sent as it is.
        name: the name of the variable or parameter, for the message of an error.

    Raises:
        TypeError, ValueError: the value cannot be sent. The bridge decides whether it suits the variable.
    """
    if isinstance(value, Raw):
        return value
    try:
        return _ENCODERS.get(kind, _encode_json)(kind, value)
    except ENCODING_ERRORS as error:
        raise named_error(name, error) from None


def kind_of(value: Any) -> str:
    """Return the type with which to send a Python value that is not for a variable, such as an argument."""
    if (array := arrays.as_array(value)) is not None:
        if array.ndim:
            return "embedding" if _is_embedding(array) else "tensor"
        value = arrays.plain(value)
    names = {bool: "boolean", int: "integer", float: "float", str: "string"}
    return names.get(type(value), "json")


def decode(kind: str, message: AnyMessage, array: bytes = b"", dtype: str | None = None) -> Any:
    """Decode a value of the type ``kind``; the module describes the form of the result.

    Args:
        kind: the variable's type, or ``json`` for any JSON value.
        message: the ``Any``.
        array: the raw bytes of an array.
        dtype: the dtype that was agreed for the variable.

    Raises:
        MalformedReplyError: the message is not a value of that type.
        ModuleNotFoundError: the value is an array, and numpy is not installed.
    """
    named, binary = split_url(message.type_url)
    if named != kind:
        raise MalformedReplyError(f"a value of type {kind} came with the type_url {message.type_url!r}")
    try:
        value = jsontext.parse(message.value.decode())
    except ValueError as error:
        raise MalformedReplyError(
            f"a value of type {kind} came as invalid JSON: {message.value[:80]!r} ({error})"
        ) from None
    if binary:
        return arrays.from_raw(kind, value, array)
    if array:
        raise MalformedReplyError(f"a value of type {kind} in JSON came with {len(array)} raw bytes as well")
    if kind == "json":
        return value
    if not _FITS.get(kind, _is_text)(value):
        raise MalformedReplyError(f"a value of type {kind} came as {json.dumps(value)[:80]}")
    if kind == "float":
        return _SPECIAL[value] if isinstance(value, str) else float(value)
    if kind == "embedding":
        return arrays.from_json(kind, value, [len(value)], dtype)
    if kind == "tensor":
        return arrays.from_json(kind, value["data"], value["shape"], value.get("dtype", dtype))
    return value


def decode_any(message: AnyMessage, array: bytes = b"") -> Any:
    """Decode a value of the type that its type_url names.

    Raises:
        MalformedReplyError: the message is not a value of a type.
        ModuleNotFoundError: the value is an array, and numpy is not installed.
    """
    return decode(split_url(message.type_url)[0], message, array)


# Encoding

ENCODING_ERRORS = (TypeError, ValueError, OverflowError, RecursionError)
"""The errors of encoders."""


def named_error(name: str, error: Exception) -> TypeError | ValueError:
    """Return the error of an encoder with the name of the variable or parameter."""
    words = str(error)
    if isinstance(error, RecursionError):
        words = "lists nested so deep cannot be sent"
    elif isinstance(error, NotFiniteError):
        words = "NaN and infinities inside of a list or dict cannot be sent as JSON: send a numpy array"
    kind = TypeError if isinstance(error, TypeError) else ValueError
    return kind(f"{name}: {words}" if name else words)


def _encode_json(kind: str, value: Any) -> Raw:
    """Encode a value that is not an array."""
    if (array := arrays.as_array(value)) is not None:
        if array.ndim and kind != "json":
            raise TypeError(f"an array of shape {array.shape} cannot be sent as a value of type {kind}")
        value = arrays.plain(value)
    if isinstance(value, float) and not math.isfinite(value):
        value = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return Raw(PREFIX + kind, jsontext.dump(value))


def _encode_embedding(kind: str, value: Any) -> Raw:
    if (array := arrays.as_array(value)) is not None:
        return arrays.raw_array(kind, array)
    if not arrays.is_list(value):
        return _encode_json(kind, value)
    return _encode_numbers(kind, value, [len(value)], value)


def _encode_tensor(kind: str, value: Any) -> Raw:
    if (array := arrays.as_array(value)) is not None:
        return arrays.raw_array(kind, array)
    if arrays.is_list(value):
        value = {"shape": arrays.shape_of(value), "data": value}
    elif type(value) in _NUMBERS:
        value = {"shape": [], "data": value}
    if not isinstance(value, Mapping) or not {"shape", "data"} <= value.keys():
        return _encode_json(kind, value)
    shape, data = _sizes(value["shape"]), value["data"]
    if (array := arrays.as_array(data)) is not None:
        return arrays.raw_array(kind, array.astype(value.get("dtype", array.dtype)).reshape(shape))
    return _encode_numbers(kind, {**value, "shape": shape}, shape, data)


def _encode_numbers(kind: str, value: Any, shape: Sequence[int], data: Any) -> Raw:
    """Encode numbers in lists as JSON; as raw bytes if there are many, or if JSON lacks some of them.

    Args:
        kind: the type.
        value: the JSON value.
        shape: the shape of the numbers.
        data: the numbers, in a flat list or in nested ones.
    """
    if math.prod(shape) <= MAX_JSON_NUMBERS:
        try:
            return Raw(PREFIX + kind, jsontext.dump(value))
        except NotFiniteError:
            pass
    numbers = [arrays.plain(item) for item in arrays.flat(data)]
    if not all(type(number) in _NUMBERS for number in numbers):
        raise TypeError("a list with NaN, with infinities, or of so many items must have numbers only")
    if arrays.shape_of(data) not in (shape, [len(numbers)]) or len(numbers) != math.prod(shape):
        raise ValueError(f"the data do not match the shape {shape}")
    return arrays.raw_numbers(kind, shape, numbers)


_ENCODERS: dict[str, Callable[[str, Any], Raw]] = {"embedding": _encode_embedding, "tensor": _encode_tensor}
"""The encoders of the types that take arrays."""


def _sizes(shape: Any) -> list[int]:
    try:
        return [operator.index(size) for size in shape]
    except TypeError:
        raise TypeError(f"a shape must be a list of whole numbers, not {shape!r:.80}") from None


def _is_embedding(array: Any) -> bool:
    """Return True for an array that the types embedding and tensor have in common."""
    return (
        array.ndim == 1 and array.size > 0 and array.dtype.kind in "fiu" and bool((array - array == 0).all())
    )


# Decoding

_FITS: dict[str, Callable[[Any], bool]] = {
    "float": lambda value: type(value) in _NUMBERS or (isinstance(value, str) and value in _SPECIAL),
    "integer": lambda value: type(value) is int and -(2**63) <= value < 2**63,
    "boolean": lambda value: isinstance(value, bool),
    "embedding": lambda value: isinstance(value, list),
    "tensor": lambda value: isinstance(value, dict) and {"shape", "data"} <= value.keys(),
}
"""The functions that return True for a value of a type, by the type; values of other types are texts."""


def _is_text(value: Any) -> bool:
    return isinstance(value, str)
