"""The conversion of values between Python and the wire format.

JSON values are sent in an ``Any``, and large arrays as raw little-endian bytes with a JSON header. Lists,
dicts and numpy arrays are accepted; numpy is imported only if an array is sent or received.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from google.protobuf.any_pb2 import Any as AnyMessage

from varbridge.errors import MalformedReplyError

if TYPE_CHECKING:
    import numpy

PREFIX = "type.googleapis.com/snakepit."
LEGACY_PREFIX = "dspex.variables/"
BINARY = ".binary"

BINARY_ABOVE = 10_240
"""The size of an array, in bytes, above which it is sent as raw bytes."""

DTYPES = ("float32", "float64", "int32", "int64")

_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_NUMBERS = (int, float)


class Raw(NamedTuple):
    """A value in wire format, which the client neither checks nor converts."""

    type_url: str
    data: bytes
    array: bytes = b""


def encode(kind: str, value: Any) -> Raw:
    """Encode a value of the type ``kind``.

    Args:
        kind: the variable's type, or ``json``.
        value: a Python value, or a ``Raw`` that is sent as it is. An embedding is a sequence of numbers or a
            one-dimensional array. A tensor is ``{"shape": [...], "data": [...]}`` or an array.
    """
    if isinstance(value, Raw):
        return value
    if kind in ("embedding", "tensor"):
        if _is_array(value):
            return _encode_array(kind, value)
        large = isinstance(value, Sequence) and len(value) * 8 > BINARY_ABOVE
        if kind == "embedding" and large and all(map(_fits_a_double, value)):
            import numpy

            return _encode_array(kind, numpy.asarray(value, "<f8"))
        if kind == "tensor" and (array := _large_tensor(value)) is not None:
            return _encode_array(kind, array)
    return Raw(PREFIX + kind, _dump(value))


def kind_of(value: Any) -> str:
    """Return the type with which to send a Python value that is not for a variable, such as an argument."""
    if _is_array(value):
        return "tensor" if value.ndim != 1 else "embedding"
    names = {bool: "boolean", int: "integer", float: "float", str: "string"}
    return names.get(type(value), "json")


def to_any(raw: Raw) -> AnyMessage:
    """Return the ``Any`` of an encoded value. The value's array is not in it: messages have a bytes field."""
    return AnyMessage(type_url=raw.type_url, value=raw.data)


def decode(kind: str, message: AnyMessage, array: bytes = b"") -> Any:
    """Decode a value of the type ``kind``.

    Returns:
        A float, int, str or bool; for embeddings in JSON a list, for tensors in JSON a dict of shape and
        data, and a read-only numpy array for raw bytes.

    Raises:
        MalformedReplyError: the message is not a value of that type.
    """
    named, binary = split_url(message.type_url)
    if named != kind:
        raise MalformedReplyError(f"a value of type {kind} came with the type_url {message.type_url!r}")
    try:
        value = json.loads(
            message.value.decode(), parse_float=_finite, parse_int=_whole, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:
        raise MalformedReplyError(
            f"a value of type {kind} came as invalid JSON: {message.value[:80]!r} ({error})"
        ) from None
    if binary:
        return _decode_array(kind, value, array)
    if array:
        raise MalformedReplyError(f"a value of type {kind} in JSON came with {len(array)} raw bytes as well")
    if kind == "json":
        return value
    return _check(kind, value)


def split_url(type_url: str) -> tuple[str, bool]:
    """Return the type that a type_url names, and True if it is binary.

    Raises:
        MalformedReplyError: the type_url has no known prefix.
    """
    for prefix in (PREFIX, LEGACY_PREFIX):
        if type_url.startswith(prefix):
            named = type_url[len(prefix) :]
            return named.removesuffix(BINARY), named.endswith(BINARY)
    raise MalformedReplyError(f"a value came with an unknown type_url: {type_url!r}")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:20]} is beyond the range of a double")
    return number


def _whole(text: str) -> int:
    _finite(text)
    return int(text)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _check(kind: str, value: Any) -> Any:
    number = type(value) in _NUMBERS
    fits = {
        "float": number or value in list(_SPECIAL),
        "integer": type(value) is int and -(2**63) <= value < 2**63,
        "boolean": isinstance(value, bool),
        "embedding": isinstance(value, list) and all(type(item) in _NUMBERS for item in value),
        "tensor": isinstance(value, dict) and {"shape", "data"} <= value.keys(),
    }.get(kind, isinstance(value, str))
    if not fits:
        raise MalformedReplyError(f"a value of type {kind} came as {json.dumps(value)[:80]}")
    if kind == "float":
        return _SPECIAL[value] if isinstance(value, str) else float(value)
    return value


def _dump(value: Any) -> bytes:
    if isinstance(value, float) and not math.isfinite(value):
        value = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _fits_a_double(item: Any) -> bool:
    return type(item) is float or (type(item) is int and abs(item) <= 2**53)


def _large_tensor(value: Any) -> numpy.ndarray[Any, Any] | None:
    """Return a tensor that is a dict of shape and data as an array; None if it is small or invalid."""
    if not isinstance(value, dict) or value.keys() != {"shape", "data"}:
        return None
    shape = value["shape"]
    if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
        return None
    count = math.prod(shape)
    if count * 8 <= BINARY_ABOVE:
        return None
    level = [value["data"]]
    for size in shape:
        if all(isinstance(part, list) and len(part) == count for part in level):
            level = level[0]  # flat
            break
        if not all(isinstance(part, list) and len(part) == size for part in level):
            return None
        level = [item for part in level for item in part]
    if len(level) != count or not all(map(_fits_a_double, level)):
        return None
    import numpy

    return numpy.asarray(level, "<f8").reshape(shape)


def _is_array(value: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray)


def _encode_array(kind: str, value: numpy.ndarray[Any, Any]) -> Raw:
    if value.dtype.name not in DTYPES:
        raise TypeError(f"the dtype of an array must be one of {', '.join(DTYPES)}, not {value.dtype}")
    if value.nbytes <= BINARY_ABOVE:
        nested = value.tolist()
        return Raw(
            PREFIX + kind,
            _dump(nested if kind == "embedding" else {"shape": list(value.shape), "data": nested}),
        )
    return raw_array(kind, value)


def raw_array(kind: str, value: numpy.ndarray[Any, Any]) -> Raw:
    """Encode an array as raw bytes, whatever its size."""
    header = {
        "type": kind,
        "shape": list(value.shape),
        "dtype": value.dtype.name,
        "binary_format": "raw",
    }
    return Raw(
        PREFIX + kind + BINARY, _dump(header), value.astype(value.dtype.newbyteorder("<")).tobytes("C")
    )


def _decode_array(kind: str, header: Any, array: bytes) -> Any:
    import numpy

    try:
        if header["type"] != kind or header["binary_format"] != "raw" or header["dtype"] not in DTYPES:
            raise MalformedReplyError(f"a binary {kind} came with the header {json.dumps(header)[:200]}")
        shape = header["shape"]
        if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
            raise ValueError("the shape is not a list of sizes")  # reshape accepts more than lists of sizes
        dtype = numpy.dtype(header["dtype"]).newbyteorder("<")
        return numpy.frombuffer(array, dtype).reshape(shape)
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise MalformedReplyError(
            f"a binary {kind} came with {len(array)} bytes and the header {json.dumps(header)[:200]}: {error}"
        ) from None
