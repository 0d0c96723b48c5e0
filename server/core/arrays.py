"""Arrays as raw bytes: the header that describes them and the checks before anything is allocated.

On the wire a binary value is an ``Any`` whose type_url ends in ``.binary`` and whose ``value`` is a
JSON header, and a bytes field has the array itself: little-endian, C order.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from . import jsontext
from .errors import invalid, shortened

ITEM_SIZES = {"float32": 4, "float64": 8, "int32": 4, "int64": 8}
"""The size of one item in bytes, by dtype."""

_FLOATS = {"float32": "<f4", "float64": "<f8"}

_KEYS = {"type", "shape", "dtype", "binary_format"}


class Layout(NamedTuple):
    """The shape of an array (items along each axis) and the dtypes that can represent it."""

    shape: tuple[int, ...]
    dtypes: frozenset[str]


def read_header(header: bytes, array: bytes, type_name: str, field: str) -> Layout:
    """Check the header of a binary value against its type and its bytes; return the layout of the array.

    Raises:
        InvalidArgumentError: the header is invalid; the message names ``field``.
    """
    try:
        parsed = jsontext.parse(header)
    except jsontext.InvalidJsonError as error:
        raise invalid(field, f"the binary header {error}") from None
    if not isinstance(parsed, dict):
        raise invalid(field, "the binary header must be a JSON object")
    if parsed.get("binary_format") != "raw":
        raise invalid(field, f"binary_format must be 'raw', not {_short(parsed.get('binary_format'))}")
    if parsed.get("type") != type_name:
        raise invalid(field, f"the binary header must have type {type_name!r}")
    if unknown := sorted(parsed.keys() - _KEYS):
        raise invalid(field, f"the binary header has an unknown key {_short(unknown[0])}")
    dtype = parsed.get("dtype")
    if not isinstance(dtype, str) or dtype not in ITEM_SIZES:
        raise invalid(field, f"dtype must be one of {', '.join(ITEM_SIZES)}, not {_short(dtype)}")
    shape: Any = parsed.get("shape")
    if not is_shape(shape):
        raise invalid(field, "must be a tensor with shape and data: shape must be a list of whole numbers")
    expected_bytes = math.prod(shape) * ITEM_SIZES[dtype]
    if len(array) != expected_bytes:
        raise invalid(
            field,
            f"data size doesn't match shape: {len(array)} bytes given,"
            f" {shape} of {dtype} takes {expected_bytes if expected_bytes < 2**63 else 'far more'}",
        )
    return Layout(tuple(shape), frozenset({dtype}))


def is_shape(value: Any) -> bool:
    """Return True if ``value`` is a list of at most 64 integers from 0 to 2^63 - 1."""
    return (
        isinstance(value, list)
        and len(value) <= jsontext.MAX_DEPTH
        and all(type(size) is int and 0 <= size < 2**63 for size in value)
    )


def all_finite(array: bytes, layout: Layout) -> bool:
    """Return True if none of the numbers in an array of raw bytes is NaN or infinite."""
    (dtype,) = layout.dtypes
    if dtype not in _FLOATS:
        return True
    import numpy  # not at the top: a bridge that sees no arrays does not load it

    return bool(numpy.isfinite(numpy.frombuffer(array, _FLOATS[dtype])).all())


def _short(value: Any) -> str:
    return shortened(repr(value), 80)
