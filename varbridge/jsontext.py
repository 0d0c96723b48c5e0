"""The JSON text of values: written from Python's and numpy's objects, and read strictly.

>>> dump({"shape": (2,), "data": range(2)})
b'{"shape":[2],"data":[0,1]}'
>>> parse("1e999")
Traceback (most recent call last):
ValueError: 1e999 is beyond the range of a double
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from varbridge import arrays

_REASONS = {
    "Circular": "a list that contains itself cannot be sent",
    "digits": "an integer of thousands of digits cannot be sent: the bridge takes integers of 64 bits",
}
"""The messages for errors of the JSON encoder, by a word in them."""


class NotFiniteError(ValueError):
    """JSON cannot represent NaN and infinities inside of lists."""


def dump(value: Any) -> bytes:
    """Write a value as compact JSON in UTF-8.

    Raises:
        NotFiniteError: a number in it is NaN or infinite.
        TypeError, ValueError, RecursionError: JSON cannot represent the value for another reason.
    """
    try:
        text = _ENCODER.encode(value)
    except ValueError as error:
        for word, reason in _REASONS.items():
            if word in str(error):
                raise ValueError(reason) from None
        if "JSON compliant" in str(error):
            raise NotFiniteError from None
        raise
    return text.encode("utf-8", "surrogatepass")


def parse(text: str) -> Any:
    """Read a JSON text without extensions.

    Raises:
        ValueError: the text is not JSON, has a number beyond the range of a double, or is nested too deep.
    """
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise ValueError("the lists and objects are nested too deep") from None


def _plain_or_error(value: Any) -> Any:
    """Return an object in a form for the JSON encoder, which calls this for the objects that it lacks."""
    if hasattr(value, "__array__"):
        return arrays.plain(value)
    if arrays.is_list(value):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(
        f"an object of the type {type(value).__name__} cannot be sent: send numbers, texts, lists, dicts or"
        " numpy arrays"
    )


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain_or_error
)


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


_DECODER = json.JSONDecoder(parse_float=_finite, parse_int=_whole, parse_constant=_no_constant)
