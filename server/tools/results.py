"""The results of tools, as values."""

from __future__ import annotations

import math
from typing import Any

from varbridge.decorator import TYPE_NAMES

from ..core import jsontext
from ..core.types import INT64, SPECIAL_FLOATS
from ..core.values import JSON, Value


class ToolFailedError(Exception):
    """A tool in another process failed; the message is the tool's, or describes the end of its process."""


def result_of(answer: Any) -> Value:
    """Return a tool's result as a value of the variable type for its Python type; otherwise as ``json``.

    Raises:
        TypeError, ValueError: JSON cannot represent the result.
    """
    if isinstance(answer, float) and not math.isfinite(answer):
        return Value("float", jsontext.dump(_special(answer)))
    if type(answer) is int and answer not in INT64:
        return Value(JSON, jsontext.dump(answer))
    return Value(TYPE_NAMES.get(type(answer), JSON), jsontext.dump(answer))


def reason_of(error: BaseException) -> str:
    """Return the message of a tool's error, or the error's type if it has none."""
    return str(error) or type(error).__name__


def _special(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    return next(text for text, special in SPECIAL_FLOATS.items() if special == number)
