"""The literals of values in the features.

A literal in a step is the JSON text itself, so that ``42`` and ``42.0`` differ, as they do on the wire.
``NaN`` and the infinities stand for the strings that a float accepts. Arrays of raw bytes are written
``float32 array [1.5, NaN]`` or ``float64 array of shape [512, 512]``.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from varbridge.values import DTYPES, PREFIX, Raw, raw_array

if TYPE_CHECKING:
    import numpy

SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}

_ARRAY = re.compile(rf"({'|'.join(DTYPES)}) array (?:of shape (\[[\d, ]*\])|(\[.*\]))", re.S)
_SHOWN = 200


@dataclass(frozen=True)
class Literal:
    """A value as a feature writes it."""

    text: str

    def __post_init__(self) -> None:
        if _ARRAY.fullmatch(self.text) is None and self.text not in SPECIAL:
            try:
                json.loads(self.text)
            except ValueError as error:
                raise ValueError(f"{self.text} is not a JSON value: {error}") from None

    def raw(self, kind: str) -> Raw:
        """Return the message that sets a variable of the type ``kind`` to this value."""
        if (array := self.array()) is not None:
            return raw_array(kind, array)
        text = json.dumps(self.text) if self.text in SPECIAL else self.text
        return Raw(PREFIX + kind, text.encode("utf-8", "surrogatepass"))

    def python(self) -> Any:
        """Return the value in Python."""
        if (array := self.array()) is not None:
            return array
        return SPECIAL[self.text] if self.text in SPECIAL else json.loads(self.text)

    def array(self) -> numpy.ndarray[Any, Any] | None:
        """Return the array, or None if the literal is not an array of raw bytes."""
        match = _ARRAY.fullmatch(self.text)
        if match is None:
            return None
        import numpy

        dtype, shape, items = match.groups()
        if items is not None:
            return numpy.array(json.loads(items), dtype)  # json reads NaN and Infinity here
        shape = json.loads(shape)
        # Numbers that every dtype can hold, and that reveal a lost or moved item.
        return numpy.array([n * 3 % 1009 for n in range(math.prod(shape))], dtype).reshape(shape)

    def __str__(self) -> str:
        return self.text


def same(expected: Any, actual: Any, *, exact: bool = True) -> bool:
    """Return True if two values are the same, to the last bit and the sign of zero.

    Args:
        expected: the one value.
        actual: the other value.
        exact: True if a float and an integer with the same number differ.
    """
    if _is_array(expected) or _is_array(actual):
        return (
            _is_array(expected)
            and _is_array(actual)
            and expected.shape == actual.shape
            and expected.dtype == actual.dtype
            and bool(expected.tobytes() == actual.tobytes())
        )
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    if isinstance(expected, int | float) and isinstance(actual, int | float):
        if math.isnan(expected) or math.isnan(actual):
            return math.isnan(expected) and math.isnan(actual)
        signs = math.copysign(1, expected) == math.copysign(1, actual) or expected != 0
        return expected == actual and signs and (not exact or type(expected) is type(actual))
    if isinstance(expected, list) and isinstance(actual, list):
        return len(expected) == len(actual) and all(
            same(e, a, exact=False) for e, a in zip(expected, actual, strict=True)
        )
    if isinstance(expected, dict) and isinstance(actual, dict):
        return expected.keys() == actual.keys() and all(
            same(value, actual[key], exact=False) for key, value in expected.items()
        )
    return type(expected) is type(actual) and bool(expected == actual)


def show(value: Any) -> str:
    """Return a value as a feature would write it, shortened if it is long."""
    if _is_array(value):
        text = f"{value.dtype} array of shape {list(value.shape)}: {value.ravel()[:8].tolist()}"
    elif isinstance(value, float) and not math.isfinite(value):
        text = next(name for name, special in SPECIAL.items() if same(special, value))
    else:
        text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + " …"


def _is_array(value: Any) -> bool:
    return hasattr(value, "tobytes") and hasattr(value, "dtype")
