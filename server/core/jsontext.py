"""Strict JSON: RFC 8259 without extensions, within fixed bounds.

The standard library's parser accepts duplicate keys, bare ``NaN``, numbers that overflow to infinity
and escapes of lone surrogates; none of these would round-trip.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .errors import ResourceExhaustedError, shortened

MAX_DEPTH = 64
"""The maximum number of levels of nested arrays and objects."""

TOO_DEEP = f"is nested deeper than {MAX_DEPTH} levels"

MAX_DIGITS = 4300
"""The maximum number of characters of one number; Python's own bound for integers."""

MAX_ITEMS = 150_000
"""The maximum number of commas and brackets of an array or object, which takes 50 ms or so to parse."""

MAX_ESCAPED_BYTES = 16 * 2**20
"""The maximum size of a single string with escapes, in bytes."""

_DIGITS_TO_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_LONG_DIGITS = b"0" * 309  # the least number of digits of an integer beyond a double
_SHORT_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]{0,15})(\.[0-9]{1,17})?")
_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")


class InvalidJsonError(ValueError):
    """The bytes are not a JSON text that this bridge accepts; the message is the reason."""


def parse(data: bytes, *, exact: bool = False) -> Any:
    """Read one JSON text.

    Args:
        data: the text in UTF-8.
        exact: True to read whole numbers with a fraction or an exponent as ``int`` rather than
            ``float``, so that 9007199254740993.0 keeps its last digit.

    Raises:
        InvalidJsonError: malformed JSON or UTF-8, duplicate keys, NaN or infinities, numbers beyond a double
            or of more than ``MAX_DIGITS`` characters, more than ``MAX_DEPTH`` levels, lone surrogates.
        ResourceExhaustedError: parsing the text would take too long; see ``MAX_ITEMS`` and
            ``MAX_ESCAPED_BYTES``.
    """
    if (number := _SHORT_NUMBER.fullmatch(data)) is not None:  # as most values are
        if number[1] is None:
            return int(data)
        if not exact:
            return float(data)
    if len(data) > MAX_DIGITS:
        exact = exact and len(data.strip()) <= MAX_DIGITS  # a longer text is not a number
        _check_size(data)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidJsonError(f"is not UTF-8 (byte {error.start})") from None
    try:
        value = (_EXACT_DECODER if exact else _DECODER).decode(text)
    except InvalidJsonError:
        raise
    except RecursionError:
        raise InvalidJsonError(TOO_DEEP) from None
    except json.JSONDecodeError as error:
        raise InvalidJsonError(f"is not valid JSON ({error.msg} at character {error.pos})") from None
    except ValueError:
        # The only other ValueError of the parser is the bound on an integer's digits.
        raise InvalidJsonError(f"has a number of more than {MAX_DIGITS} digits") from None
    _check_depth(data, value)
    if _LONG_DIGITS in data.translate(_DIGITS_TO_ZEROS):  # much faster than a regular expression
        _check_integers(value)
    if _SURROGATE_ESCAPE.search(data):
        _check_surrogates(value)
    return value


def plain_string(data: bytes) -> str | None:
    """Return the content of a string that has no escapes and no blanks around it; None for any other text."""
    if data[:1] + data[-1:] != b'""' or data.count(b'"') != 2 or b"\\" in data:
        return None
    import numpy  # not at the top: a bridge that sees no large texts does not load it

    if numpy.frombuffer(data, "u1").min() < 32:  # a control character
        return None
    try:
        return data[1:-1].decode()
    except UnicodeDecodeError:
        return None


def is_container(data: bytes) -> bool:
    """Return True if a JSON text begins as an array or an object does."""
    return data.lstrip()[:1] in (b"[", b"{")


def check_items(containers: Iterable[bytes], subject: str) -> None:
    """Refuse JSON texts of arrays and objects that together would take too long to parse.

    Args:
        containers: the texts.
        subject: the subject of the error message, with its verb.
    """
    if sum(text.count(mark) for text in containers for mark in (b",", b"[", b"{")) > MAX_ITEMS:
        raise ResourceExhaustedError(
            f"{subject} more than {MAX_ITEMS} commas and brackets: send large arrays as raw bytes"
        )


def dump(value: Any, default: Callable[[Any], Any] | None = None) -> bytes:
    """Write one JSON text: compact, in UTF-8, with enough digits that every double round-trips.

    Args:
        value: the value.
        default: the function that replaces an object that JSON lacks, or raises a TypeError.
    """
    return json.dumps(
        value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=default
    ).encode()


def _check_size(data: bytes) -> None:
    """Refuse a text whose parsing would take so long that other calls would have to wait."""
    if is_container(data):
        check_items([data], "the JSON has")
    elif len(data) > MAX_ESCAPED_BYTES:
        raise ResourceExhaustedError(
            f"a text with escapes, or with blanks around it, has at most {MAX_ESCAPED_BYTES} bytes"
        )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise InvalidJsonError(f"has the key {shortened(key)!r} twice")
            seen.add(key)
    return unique


def _no_constant(name: str) -> float:
    raise InvalidJsonError(f"has a bare {name}, which is not JSON")


def _finite(text: str) -> float:
    if len(text) > MAX_DIGITS:
        raise InvalidJsonError(f"has a number of more than {MAX_DIGITS} digits")
    number = float(text)
    if math.isinf(number):
        raise InvalidJsonError("has a number beyond the range of a double")
    return number


def _exact(text: str) -> int | float:
    from decimal import Decimal, InvalidOperation  # not at the top: few clients write integers like this

    number = _finite(text)
    try:
        exact = Decimal(text)
    except InvalidOperation:  # the exponent is beyond Decimal's range, and the number zero or close to it
        exact = Decimal(text.lower().partition("e")[0]).scaleb(-MAX_DIGITS)
    return int(exact) if exact == exact.to_integral_value() else number


def _check_integers(value: Any) -> None:
    for item in _walk(value):
        if isinstance(item, int):
            try:
                float(item)
            except OverflowError:
                raise InvalidJsonError("has a number beyond the range of a double") from None


def _walk(value: Any) -> Iterator[Any]:
    """Yield a value and all items nested in it."""
    pending = [value]
    while pending:
        item = pending.pop()
        yield item
        if isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)


def _check_depth(data: bytes, value: Any) -> None:
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return
    level: list[Any] = [value]
    depth = 0
    while level := [item for item in level if isinstance(item, list | dict)]:
        depth += 1
        if depth > MAX_DEPTH:
            raise InvalidJsonError(TOO_DEEP)
        level = [
            item
            for container in level
            for item in (container.values() if isinstance(container, dict) else container)
        ]


def _check_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        raise InvalidJsonError("has half of a surrogate pair, which is not a character") from None


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite)
_EXACT_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_exact)
