"""The literals of values in the features.

A literal in a step is the JSON text itself, so that ``42`` and ``42.0`` differ, as they do on the wire;
``NaN`` and the infinities stand for the strings that a float takes. Other literals are:

- ``float32 array [1.5, NaN]`` and ``float64 array of shape [512, 512]``: arrays that travel as raw bytes;
- ``a text of 300 characters``, ``a text of 256 characters "é"``: an x, or another character, repeated;
- ``a number of 400 digits``, ``arrays nested 65 deep``, ``a list of 100000 numbers`` and
  ``a JSON tensor of shape [300, 400]``: other large values in JSON;
- ``the text `[1, 2` ``: a text that may not be JSON; in it, ``$N`` stands for a whole number of 400 digits;
- ``the bytes `22 ff 22` ``: bytes in hexadecimal;
- ``the header `{"shape": [6]}` with 24 bytes``: the header of a binary value, and zeros;
- ``no value``.

Each may be followed by ``with 4 stray bytes`` and ``under the type_url "..."``, for values to be refused.
"""

from __future__ import annotations

import json
import marshal
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from varbridge.conformance.vocabulary.encoding import raw_array, read_integer
from varbridge.wire import BINARY, DTYPES, PREFIX, Raw

if TYPE_CHECKING:
    import numpy

SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}

QUOTED = r'"(?:[^"\\]|\\.)*"'
"""The regular expression of a string in double quotes, with JSON's escapes."""

TEXT = r'"(?:[^"\\]|\\.)+"'
"""The regular expression of a string in double quotes that is not empty."""

INSIDE = rf"(?:[^\"]|{QUOTED})*?"
"""The regular expression of the text between brackets in JSON."""

_JSON = rf"{QUOTED}|-?\d[\d.eE+-]*|true|false|null|NaN|-?Infinity|\[{INSIDE}\]|\{{{INSIDE}\}}"
_ARRAY = rf"(?:{'|'.join(DTYPES)}) array (?:of shape \[[\d, ]*\]|\[(?:[^\[\]]|\[[^\[\]]*\])*\])"
LONG_TEXT = rf"a text of \d+ characters(?: {QUOTED})?"
"""The regular expression of a long text of one character."""

_LARGE = rf"{LONG_TEXT}|a number of \d+ digits|arrays nested \d+ deep"
_NUMBERS = r"a list of \d+ numbers|a JSON tensor of shape \[[\d, ]*\]"
_WIRE = r"the text `[^`]*`|the bytes `[0-9a-f ]*`|the header `[^`]*` with \d+ bytes|no value"
_OPTIONS = rf"(?: with \d+ stray bytes)?(?: under the type_url {QUOTED})?"
VALUE = rf"(?:{_ARRAY}|{_JSON}|{_LARGE}|{_NUMBERS}|{_WIRE}){_OPTIONS}"
"""The regular expression of a literal."""

_PARTS = re.compile(
    rf"(?P<value>.*?)(?: with (?P<stray>\d+) stray bytes)?(?: under the type_url (?P<type_url>{QUOTED}))?",
    re.S,
)
_ARRAY_PARTS = re.compile(rf"({'|'.join(DTYPES)}) array (?:of shape (\[[\d, ]*\])|(\[.*\]))", re.S)
_LARGE_PARTS = re.compile(
    rf"(a text|a number|arrays) (?:of|nested) (\d+) (?:characters|digits|deep)(?: ({QUOTED}))?", re.S
)
_NUMBERS_PARTS = re.compile(r"a list of (\d+) numbers|a JSON tensor of shape (\[[\d, ]*\])")
_WIRE_PARTS = re.compile(r"the (text|bytes|header) `([^`]*)`(?: with (\d+) bytes)?", re.S)
_LONG_NUMBER = "1" * 400
_WITHOUT_REFERENCES = 2
"""The version of Python's marshal format that writes equal values alike, wherever they are in memory."""

_SHOWN = 200


@dataclass(frozen=True)
class Literal:
    """A value as a feature writes it."""

    text: str

    def __post_init__(self) -> None:
        try:
            if (match := _ARRAY_PARTS.fullmatch(self._body)) is not None and match[2] is not None:
                json.loads(match[2])  # the array itself may be large
            elif match is not None or _WIRE_PARTS.fullmatch(self._body) is not None:
                self.raw("tensor")
            elif (
                self._body not in SPECIAL
                and self._body != NO_VALUE
                and _LARGE_PARTS.fullmatch(self._body) is None
                and _NUMBERS_PARTS.fullmatch(self._body) is None
            ):
                strict_json(self._body)
        except (ValueError, TypeError, OverflowError) as error:
            raise ValueError(
                f"{self.text!r} is not a JSON value, or another literal of the features: {error}"
            ) from None

    @property
    def is_absent(self) -> bool:
        """True if the literal stands for a missing value."""
        return self._body == NO_VALUE

    def raw(self, kind: str) -> Raw:
        """Return the wire format of this value for a variable of the type ``kind``."""
        match = _PARTS.fullmatch(self.text)
        assert match is not None
        raw = self._raw(kind)
        if match["stray"] is not None:
            raw = raw._replace(array=bytes(int(match["stray"])))
        if match["type_url"] is not None:
            raw = raw._replace(type_url=json.loads(match["type_url"]))
        return raw

    def _raw(self, kind: str) -> Raw:
        if (array := self.array()) is not None:
            return raw_array(kind, array)
        if (match := _WIRE_PARTS.fullmatch(self._body)) is None:
            return Raw(PREFIX + kind, self._json().encode("utf-8", "surrogatepass"))
        form, content, size = match.groups()
        if form == "bytes":
            return Raw(PREFIX + kind, bytes.fromhex(content))
        if form == "header":
            return Raw(PREFIX + kind + BINARY, content.encode(), bytes(int(size)))
        return Raw(PREFIX + kind, content.replace("$N", _LONG_NUMBER).encode())

    def python(self) -> Any:
        """Return the value as a Python object; an array as a numpy array."""
        if (array := self.array()) is not None:
            return array
        return SPECIAL[self._body] if self._body in SPECIAL else json.loads(self._json())

    def array(self) -> numpy.ndarray[Any, Any] | None:
        """Return the array if the literal is an array that travels as raw bytes; None otherwise."""
        match = _ARRAY_PARTS.fullmatch(self._body)
        if match is None:
            return None
        import numpy

        dtype, shape, items = match.groups()
        if items is not None:
            array = numpy.array(json.loads(items), dtype)  # json reads NaN and Infinity here
            # One of the many NaNs, which a bridge that converts the numbers would replace by the usual one.
            array.view(f"i{array.itemsize}")[numpy.isnan(array)] += 1
            return array
        shape = json.loads(shape)
        # Numbers that every dtype holds, and that are wrong if an item is lost or moved.
        return (numpy.arange(math.prod(shape)) * 3 % 1009).astype(dtype).reshape(shape)

    def __str__(self) -> str:
        return self.text

    @property
    def _body(self) -> str:
        match = _PARTS.fullmatch(self.text)
        assert match is not None
        return match["value"]

    def _json(self) -> str:
        if self._body in SPECIAL:
            return json.dumps(self._body)
        if (match := _NUMBERS_PARTS.fullmatch(self._body)) is not None:
            return _many_numbers(match[1], match[2])
        if (match := _LARGE_PARTS.fullmatch(self._body)) is None:
            return self._body
        form, size = match[1], int(match[2])
        if form == "a text":
            return json.dumps(size * ("x" if match[3] is None else json.loads(match[3])))
        return "0." + "1" * size if form == "a number" else "[" * size + "1" + "]" * size


def _many_numbers(count: str | None, shape: str | None) -> str:
    """Return a list of numbers, or a tensor of some shape, in JSON; an item that is lost or moved shows."""
    sizes = [int(count)] if count else json.loads(shape or "[]")
    numbers: list[Any] = [number * 3 % 1009 / 8 for number in range(math.prod(sizes))]
    for size in reversed(sizes[1:]):
        numbers = [numbers[start : start + size] for start in range(0, len(numbers), size)]
    return json.dumps(numbers if count else {"shape": sizes, "data": numbers})


NO_VALUE = "no value"


def strict_json(text: str) -> Any:
    """Return the value of a JSON text whose objects name each key once.

    Raises:
        ValueError: the text is not JSON, or an object has a key twice.
    """
    return json.loads(text, object_pairs_hook=_distinct, parse_int=read_integer)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError(f"a key occurs twice among {', '.join(name for name, _ in pairs)}")
    return dict(pairs)


def json_object(text: str) -> dict[str, Any]:
    """Return the value of a JSON object. Raises ValueError for any other text."""
    value = strict_json(text)
    if not isinstance(value, dict):
        raise ValueError(f"{text} is not a JSON object")
    return value


def texts_object(text: str) -> dict[str, str]:
    """Return the value of a JSON object whose values are texts. Raises ValueError for any other text."""
    value = json_object(text)
    if not all(isinstance(item, str) for item in value.values()):
        raise ValueError(f"the values in {text} must be texts in quotes")
    return value


def names_in(text: str) -> list[str]:
    """Return the strings in double quotes that a text contains."""
    return [json.loads(name) for name in re.findall(QUOTED, text)]


def ungrouped(expression: str) -> str:
    """Return a regular expression without its named groups, which parameter types must not have."""
    return re.sub(r"\(\?P<\w+>", "(?:", expression)


def same(expected: Any, actual: Any, *, exact: bool = True) -> bool:
    """Return True if two values are the same, to the last bit and the sign of zero.

    Args:
        expected: the one value.
        actual: the other value.
        exact: True if a float and an integer with the same number differ.
    """
    if type(expected) is type(actual) and type(expected) in (int, str):
        return bool(expected == actual)
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
        if exact and type(expected) is not type(actual):
            return False
        if isinstance(expected, float) and isinstance(actual, float):
            if math.isnan(expected) or math.isnan(actual):
                return math.isnan(expected) and math.isnan(actual)
            return expected == actual and math.copysign(1, expected) == math.copysign(1, actual)
        return expected == actual and not _is_negative_zero(expected) and not _is_negative_zero(actual)
    if isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            return False
        return _identical(expected, actual) or all(
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
        start = "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text[: _SHOWN + 1])
        text = start + text[_SHOWN + 1 :]
    if len(text) <= _SHOWN:
        return text
    length = f" ({len(value)} characters)" if isinstance(value, str) else ""
    return f"{text[:_SHOWN]} …{length}"


def _identical(expected: list[Any], actual: list[Any]) -> bool:
    """Return True if two lists have equal bytes; this is much faster than to compare their items."""
    try:
        return marshal.dumps(expected, _WITHOUT_REFERENCES) == marshal.dumps(actual, _WITHOUT_REFERENCES)
    except ValueError:  # there are arrays or other objects in them
        return False


def _is_negative_zero(number: float) -> bool:
    return number == 0 and math.copysign(1, number) < 0


def _is_array(value: Any) -> bool:
    return hasattr(value, "tobytes") and hasattr(value, "dtype")
