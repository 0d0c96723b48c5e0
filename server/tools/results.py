"""What a tool answers, as a value."""

from __future__ import annotations

import math
from typing import Any

from varbridge.decorator import TYPE_NAMES

from ..core import jsontext
from ..core.types import INT64, SPECIAL_FLOATS
from ..core.values import JSON, Value


class ToolFailedError(Exception):
    """A tool that ran elsewhere failed; the message is its own, or says how it ended."""


def result_of(answer: Any) -> Value:
    """A tool's answer as a value: of the type that Python's stands for, else JSON.

    Raises:
        TypeError, ValueError: it is nothing that JSON can say.
    """
    if isinstance(answer, float) and not math.isfinite(answer):
        return Value("float", jsontext.dump(_special(answer)))
    if type(answer) is int and answer not in INT64:
        return Value(JSON, jsontext.dump(answer))
    return Value(TYPE_NAMES.get(type(answer), JSON), jsontext.dump(answer))


def reason_of(error: BaseException) -> str:
    """Why a tool failed, in its own words; the kind of error where it has none."""
    return str(error) or type(error).__name__


def _special(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    return next(text for text, special in SPECIAL_FLOATS.items() if special == number)
