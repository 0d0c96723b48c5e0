"""The conversion of arrays: numpy's to raw bytes with a header, and JSON or raw bytes to numpy's.

numpy is imported only when an array is read; an application that sends arrays has imported it already.
"""

from __future__ import annotations

import json
import math
import struct
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

from varbridge.errors import MalformedReplyError
from varbridge.wire import BINARY, DTYPES, PREFIX, Raw

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

_INT64 = range(-(2**63), 2**63)
_RANGES = {"int32": range(-(2**31), 2**31), "int64": _INT64}
_PLAIN = frozenset({int, float, bool, str, list, tuple, dict})
"""Python's own types, none of which is an array."""

_FORMATS = {"int64": "q", "float64": "d"}
_MAX_FLOAT32 = 3.4028234663852886e38


def as_array(value: Any) -> Array | None:
    """Return an array for a numpy array or scalar, or for another library's array; None for other objects."""
    if type(value) in _PLAIN or not hasattr(value, "__array__") or isinstance(value, type):
        return None
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    if isinstance(value, numpy.ma.MaskedArray):
        raise TypeError("a masked array cannot be sent: replace its masked items with filled()")
    return numpy.asarray(value)  # type: ignore[no-any-return]  # the module is not imported here


def plain(value: Any) -> Any:
    """Return numpy's scalars and arrays as Python objects, and other values as they are."""
    array = as_array(value)
    if array is None:
        return value
    return (array if array.dtype.kind in ("b", "U") else sendable(array)).tolist()


def sendable(array: Array) -> Array:
    """Return an array of numbers in one of the four dtypes, without loss.

    Raises:
        TypeError: the items are not real numbers.
        ValueError: an item is beyond 64 bits.
    """
    import numpy

    name, kind = array.dtype.name, array.dtype.kind
    if name in DTYPES:
        return array
    if kind == "u" and array.dtype.itemsize == 8 and array.size and int(array.max()) not in _INT64:
        raise ValueError(
            f"an array of uint64 with the number {array.max()} cannot be sent, since integers have 64 bits"
            " and a sign: convert it with astype('float64')"
        )
    if kind in "iu":
        return array.astype("int32" if numpy.can_cast(array.dtype, "int32") else "int64")
    if kind == "f":
        wide = array.astype("float32" if array.dtype.itemsize < 4 else "float64")
        if array.dtype.itemsize > 8 and not numpy.array_equal(wide, array, equal_nan=True):
            raise ValueError(
                f"an array of {name} with numbers that float64 cannot represent cannot be sent:"
                " convert it with astype('float64')"
            )
        return wide
    raise TypeError(
        f"an array of dtype {array.dtype} cannot be sent: convert it with astype() to one of"
        f" {', '.join(DTYPES)}"
    )


def raw_array(kind: str, array: Array) -> Raw:
    """Encode an array as raw bytes."""
    array = sendable(array)
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return _raw(kind, array.shape, array.dtype.name, little.tobytes("C"))


def raw_numbers(kind: str, shape: Sequence[int], numbers: Sequence[float]) -> Raw:
    """Encode numbers in C order as raw bytes, in the dtype with which they would be read from JSON."""
    dtype = _dtype_of(numbers)
    return _raw(kind, shape, dtype, struct.pack(f"<{len(numbers)}{_FORMATS[dtype]}", *numbers))


def _raw(kind: str, shape: Sequence[int], dtype: str, content: bytes) -> Raw:
    header = {"type": kind, "shape": list(shape), "dtype": dtype, "binary_format": "raw"}
    return Raw(PREFIX + kind + BINARY, json.dumps(header, separators=(",", ":")).encode(), content)


def is_list(value: Any) -> bool:
    """Return True for a list, a tuple, a range and the like, and for an array that has items."""
    if type(value) in _PLAIN:
        return isinstance(value, list | tuple)
    if isinstance(value, Sequence):
        return not isinstance(value, str | bytes | bytearray)
    return hasattr(value, "__array__") and getattr(value, "ndim", 0) > 0


def shape_of(nested: Any) -> list[int]:
    """Return the shape of nested lists.

    Raises:
        ValueError: the lists of one level have different lengths.
    """
    shape: list[int] = []
    level = [nested]
    while level and all(map(is_list, level)):
        sizes = sorted({len(part) for part in level})
        if len(sizes) > 1:
            raise ValueError(
                f"nested lists must have the same length at each level, and have {sizes[0]} and {sizes[-1]}"
            )
        shape.append(sizes[0])
        level = [item for part in level for item in part]
    if any(map(is_list, level)):
        raise ValueError("nested lists must have either numbers or lists at each level, and have both")
    return shape


def flat(nested: Any) -> list[Any]:
    """Return the items of nested lists in C order."""
    level = [nested]
    while any(map(is_list, level)):
        level = [item for part in level for item in (part if is_list(part) else [part])]
    return level


def from_json(kind: str, data: Any, shape: Any, dtype: str | None) -> Array:
    """Return the numbers of a JSON value as a read-only array.

    Args:
        kind: the type of the value.
        data: the numbers, in a flat list or nested as the shape says.
        shape: the shape.
        dtype: the dtype of the array if it can represent all of the numbers; None for int64 or float64.

    Raises:
        MalformedReplyError: the data are not numbers, or not of this shape.
    """
    if not is_shape(shape):
        raise MalformedReplyError(f"a value of type {kind} came with the shape {json.dumps(shape)[:80]}")
    if isinstance(data, list) and len(data) == math.prod(shape) and list not in map(type, data):
        numbers = data
    else:
        numbers = [data]
        for size in shape:
            if not all(isinstance(part, list) and len(part) == size for part in numbers):
                raise MalformedReplyError(
                    f"a value of type {kind} came with data that do not match the shape {shape}"
                )
            numbers = [item for part in numbers for item in part]
    types = set(map(type, numbers))
    if not types <= {int, float}:
        raise MalformedReplyError(f"a value of type {kind} came with data that are not numbers")
    numpy = _numpy(kind)
    if dtype not in DTYPES or not _holds(dtype, numbers):
        dtype = _dtype_of(numbers)
    array: Array = numpy.array(numbers, dtype).reshape(shape)
    array.flags.writeable = False
    return array


def _dtype_of(numbers: Sequence[float]) -> str:
    """Return the dtype for numbers that have none: int64 if all of them are integers, otherwise float64."""
    return "int64" if numbers and _holds("int64", numbers) else "float64"


def _holds(dtype: str, numbers: Sequence[float]) -> bool:
    """Return True if a dtype has all numbers: as they are for integers, and in its range for floats."""
    if dtype in _RANGES:
        return all(type(number) is int and number in _RANGES[dtype] for number in numbers)
    return dtype == "float64" or all(abs(number) <= _MAX_FLOAT32 for number in numbers)


def from_raw(kind: str, header: Any, content: bytes) -> Array:
    """Return an array in raw bytes as a read-only array.

    Raises:
        MalformedReplyError: the header does not describe such an array, or another one.
    """
    numpy = _numpy(kind)
    try:
        if header["type"] != kind or header["binary_format"] != "raw" or header["dtype"] not in DTYPES:
            raise MalformedReplyError(f"a binary {kind} came with the header {json.dumps(header)[:200]}")
        shape = header["shape"]
        if not is_shape(shape):  # reshape accepts more than lists of sizes
            raise ValueError("the shape is not a list of sizes")
        array: Array = numpy.frombuffer(content, numpy.dtype(header["dtype"]).newbyteorder("<"))
        return array.reshape(shape)
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise MalformedReplyError(
            f"a binary {kind} came with {len(content)} bytes and the header {json.dumps(header)[:200]}:"
            f" {error}"
        ) from None


def is_shape(value: Any) -> bool:
    """Return True for a list of sizes in JSON."""
    return isinstance(value, list) and all(type(size) is int and size >= 0 for size in value)


def _numpy(kind: str) -> ModuleType:
    try:
        import numpy
    except ModuleNotFoundError as error:
        if error.name != "numpy":
            raise
        raise ModuleNotFoundError(
            f"the value of type {kind} is a numpy array: pip install 'varbridge[arrays]'", name="numpy"
        ) from None
    return numpy
