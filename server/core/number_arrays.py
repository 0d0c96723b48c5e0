"""Arrays of numbers in JSON, checked at the speed of a C parser, without an object for each number.

RE2 checks the numbers and the commas between them. What is left of an array without its numbers, its
skeleton, is compared with that of the expected shape.

Only the usual forms of numbers are known here, which are certainly doubles. An array with others has to be
parsed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

_SPACE = r"[ \t\n\r]*"
_BEFORE_POINT = r"(?:0|[1-9][0-9]{0,289})"
_AFTER_POINT = r"(?:\.[0-9]{1,299})?"
_SMALL_EXPONENT = r"(?:[eE](?:\+?[0-9]|-[0-9]{1,9}))?"
_LARGE_EXPONENT = rf"[0-9]{_AFTER_POINT}[eE]\+?(?:[0-9]{{2}}|[12][0-9]{{2}}|30[0-7])"
_LARGEST = r"1(?:\.(?:[0-6][0-9]{0,99}|7[0-8][0-9]{0,99}|7976931348623157))?[eE]\+?308"
_NUMBER = rf"-?(?:{_BEFORE_POINT}{_AFTER_POINT}{_SMALL_EXPONENT}|{_LARGE_EXPONENT}|{_LARGEST})"
_ANY_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
_WHOLE = r"-?[0-9]{1,9}(?:\.0{1,299})?"
_LONG_WHOLE = r"-?[0-9]{1,18}"
_BEYOND_INT32 = r"[1-9][0-9]{10}"
_FRACTION = r"(?:0|[1-9][0-9]{0,5})\.[0-9]{0,7}[1-8][0-9]{0,299}"
_TINY = rf"[1-9]{_AFTER_POINT}[eE]-(?:0?[2-9]|[1-9][0-9]|[12][0-9]{{2}})"
_NOT_WHOLE = rf"[\[, \t\n\r-](?:{_FRACTION}|{_TINY})[\], \t\n\r]"
_FROM_E39 = r"[eE]\+?(?:39|[4-9][0-9]|[12][0-9]{2}|30[0-8])"
_FROM_E38 = rf"[\[, \t\n\r-][0-9]{{29}}|[eE]\+?38|{_FROM_E39}"  # or almost as large
_BEYOND_FLOAT32 = (
    rf"[\[, \t\n\r-][1-9](?:[0-9]{{39,289}}{_AFTER_POINT}|{_AFTER_POINT}{_FROM_E39})[\], \t\n\r]"
)

_NUMBER_BYTES = b"0123456789+-.eE \t\n\r"
# The possessive \s*+ never gives a blank back: several \s* in a row would try all ways to share the blanks.
_SCALARS = rb'\s*+"(?:shape|dtype)"\s*+:\s*+(?:\[[^\[\]"{}]{0,2000}\]|"[a-z0-9]{0,20}")\s*+'
_HEAD = re.compile(rb"\s*+\{(?:" + _SCALARS + rb',){0,2}\s*+"data"\s*+:\s*+(?=\[)')
_TAIL = re.compile(rb"\s*+(?:," + _SCALARS + rb"){0,2}\s*+\}\s*+")


@cache
def _compiled(pattern: str) -> Any:
    import re2  # not at the top: a bridge that sees no arrays does not load it

    options = re2.Options()
    options.log_errors = False
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(pattern.encode(), options)


def _consists_of(number: str, array: bytes) -> bool:
    """Return True if an array is numbers with commas between them, and brackets around any of them."""
    item = rf"{_SPACE}(?:\[{_SPACE})*{number}{_SPACE}(?:\]{_SPACE})*"
    return _compiled(rf"{item}(?:,{item})*").fullmatch(array) is not None


def has_usual_numbers(array: bytes) -> bool:
    """Return True if an array has nothing but numbers in their usual forms, wherever its brackets are."""
    return _consists_of(_NUMBER, array)


def has_numbers(array: bytes) -> bool:
    """Return True if an array has nothing but numbers, which may be beyond a double."""
    return _consists_of(_ANY_NUMBER, array)


def count(array: bytes) -> int:
    """Return the number of items of an array that is not empty."""
    return array.count(b",") + 1


def has_shape(array: bytes, shape: Sequence[int]) -> bool:
    """Return True if an array that is not empty is flat and has as many items as a shape, or is nested so."""
    if math.prod(shape) != count(array):
        return False
    if is_flat(array):
        return True
    skeleton = array.translate(None, _NUMBER_BYTES)
    if len(skeleton) != _skeleton_size(shape):
        return False
    return skeleton == _skeleton(shape)


def is_flat(array: bytes) -> bool:
    """Return True if an array has no arrays in it."""
    ends = array.lstrip()[:1] + array.rstrip()[-1:]
    return ends == b"[]" and array.count(b"[") == 1 and array.count(b"]") == 1


def _skeleton_size(shape: Sequence[int]) -> int:
    size = 0
    for axis in reversed(shape):
        size = axis * size + axis - 1 + 2
    return size


def _skeleton(shape: Sequence[int]) -> bytes:
    skeleton = b""
    for axis in reversed(shape):
        skeleton = b"[" + b",".join([skeleton] * axis) + b"]"
    return skeleton


def split(tensor: bytes) -> tuple[bytes, bytes] | None:
    """Return the JSON of a tensor with 0 in place of its data, and the array of its data.

    Returns:
        None if the text has another form than ``{"shape": ..., "dtype": ..., "data": [...]}``, in any order.
    """
    if (head := _HEAD.match(tensor)) is None:
        return None
    start = head.end()
    ends = [end for end in (tensor.find(b'"', start), tensor.find(b"}", start)) if end >= 0]
    end = tensor.rfind(b"]", start, min(ends, default=len(tensor))) + 1
    if not end or _TAIL.fullmatch(tensor, end) is None:
        return None
    return tensor[:start] + b"0" + tensor[end:], tensor[start:end]


def dtypes_that_hold(array: bytes) -> frozenset[str] | None:
    """Return the dtypes that can represent all numbers of an array; None if their forms are not usual."""
    if not has_usual_numbers(array):
        return None
    floats = frozenset({"float32", "float64"})
    if _compiled(_FROM_E38).search(array) is not None:
        if _compiled(_BEYOND_FLOAT32).search(array) is None:
            return None
        floats = frozenset({"float64"})
    if _compiled(_NOT_WHOLE).search(array) is not None:
        return floats
    if _consists_of(_WHOLE, array):
        return floats | {"int32", "int64"}
    if _consists_of(_LONG_WHOLE, array) and _compiled(_BEYOND_INT32).search(array) is not None:
        return floats | {"int64"}
    return None
