"""The results of tools, as values."""

from __future__ import annotations

import math
import sys
import traceback
from typing import Any

from varbridge.decorator import TYPE_NAMES

from ..core import jsontext
from ..core.errors import RefusalError
from ..core.types import INT64, SPECIAL_FLOATS
from ..core.values import BYTES, JSON, Value

MAX_TRACE_LENGTH = 10_000
"""The maximum number of characters of a traceback, of which the end is retained."""


class ToolFailedError(Exception):
    """A tool failed; the message is the tool's, or describes the end of its process.

    Attributes:
        trace: the traceback in the tool's process, for the log; "" if there is none.
    """

    def __init__(self, message: str, trace: str = "") -> None:
        super().__init__(message)
        self.trace = trace


def result_of(answer: Any) -> Value:
    """Return a tool's result as a value; bytes as they are.

    Raises:
        TypeError, ValueError: JSON cannot represent the result.
    """
    return _bytes_of(answer) or value_of(answer)


def value_of(answer: Any) -> Value:
    """Return a Python object as a value of the variable type for its Python type; otherwise as ``json``.

    Raises:
        TypeError, ValueError: JSON cannot represent the object.
    """
    answer = _plain(answer)
    if isinstance(answer, float) and not math.isfinite(answer):
        return Value("float", jsontext.dump(_special(answer)))
    if type(answer) is int and answer not in INT64:
        return Value(JSON, jsontext.dump(answer))
    return Value(TYPE_NAMES.get(type(answer), JSON), jsontext.dump(answer, _plain_or_error))


def chunk_of(answer: Any) -> Value:
    """Return a chunk of a streaming tool as ``json``; bytes as they are.

    Raises:
        TypeError, ValueError: JSON cannot represent the chunk.
    """
    return _bytes_of(answer) or Value(JSON, jsontext.dump(answer, _plain_or_error))


def reason_of(error: BaseException) -> str:
    """Return the message of a tool's error, or the error's type if it has none."""
    words = str(error) or type(error).__name__
    return words.encode(errors="replace").decode()


def trace_of(error: BaseException) -> str:
    """Return the traceback of a tool's error; "" if the error is a refusal, which says everything."""
    if isinstance(error, ToolFailedError) and (error.trace or error.__cause__ is None):
        return error.trace
    if isinstance(error, RefusalError):
        return ""
    return "".join(traceback.format_exception(error))[-MAX_TRACE_LENGTH:]


def _bytes_of(answer: Any) -> Value | None:
    return Value(BYTES, bytes(answer)) if isinstance(answer, bytes | bytearray | memoryview) else None


def _plain(answer: Any) -> Any:
    """Return numpy's scalars and arrays as numbers and lists, and other objects as they are."""
    numpy = sys.modules.get("numpy")  # a tool that returns its objects has imported it
    if numpy is None or not isinstance(answer, numpy.generic | numpy.ndarray):
        return answer
    if answer.dtype.kind == "f":
        answer = answer.astype("float64")  # the larger floats have no form in Python
    return answer.tolist()


def _plain_or_error(answer: Any) -> Any:
    """Return an object in a form for the JSON encoder, which calls this for the objects that it lacks."""
    if (plain := _plain(answer)) is not answer:
        return plain
    raise TypeError(f"Object of type {type(answer).__name__} is not JSON serializable")


def _special(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    return next(text for text, special in SPECIAL_FLOATS.items() if special == number)
