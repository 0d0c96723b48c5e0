"""Values as people type and read them at a terminal, and as scripts do."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TextIO

LONGEST = 64
"""Numbers of an array that are shown to people; of a longer one, its shape."""

Row = Mapping[str, Any]
"""What is told of one thing: JSON values by key."""


def read(text: str) -> Any:
    """A value as it was typed: JSON, or the text itself where it is none."""
    try:
        return json.loads(text, parse_float=_finite, parse_constant=_not_json)
    except (ValueError, RecursionError):
        return text


def whole(value: Any, kind: str = "") -> Any:
    """A value as JSON has it, all of it: what ``read`` takes of it makes the same value again.

    Args:
        value: as the client library has it.
        kind: its type; a tensor that came as bytes is told from an embedding by it.
    """
    if hasattr(value, "dtype"):
        numbers = whole(value.tolist())
        return {"shape": list(value.shape), "data": numbers} if kind == "tensor" else numbers
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, list):
        return [whole(item) for item in value]
    if isinstance(value, dict):
        return {key: whole(item) for key, item in value.items()}
    return value


def shown(value: Any, kind: str = "") -> str:
    """A value for people: JSON on one line, a large array as what it holds and its shape."""
    if hasattr(value, "dtype"):
        if value.size > LONGEST:
            return f"{value.dtype.name} of shape {list(value.shape)}"
    elif kind == "embedding" and len(value) > LONGEST:
        return f"numbers of shape [{len(value)}]"
    elif kind == "tensor" and math.prod(value["shape"]) > LONGEST:
        return f"numbers of shape {value['shape']}"
    return visible(json.dumps(whole(value, kind), ensure_ascii=False))


def visible(text: str) -> str:
    """A text with its control characters written out, so that it does nothing to a terminal."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


class Out:
    """Writes what commands tell: one JSON object on each line for scripts, or aligned text for people.

    Args:
        stream: where to.
        as_json: whether it is a script that reads.
    """

    def __init__(self, stream: TextIO, *, as_json: bool) -> None:
        self.as_json = as_json
        self._stream = stream

    def line(self, row: Row, text: str) -> None:
        """Tell one thing, at once; ``text`` for people."""
        self._write(self._json(row) if self.as_json else visible(text))
        self._stream.flush()

    def card(self, row: Row) -> None:
        """Tell one thing, for people in a line for each key that has a value."""
        if self.as_json:
            self._write(self._json(row))
            return
        told = {key: _text(value) for key, value in row.items() if value not in (None, {})}
        width = max(map(len, told))
        for key, text in told.items():
            self._write(f"{key.replace('_', ' '):{width}}  {visible(text)}")

    def table(self, rows: Iterable[Row], columns: Sequence[str], texts: Sequence[Sequence[str]]) -> None:
        """Tell several things of a kind; ``texts`` for people, one for each of the ``columns``."""
        if self.as_json:
            for row in rows:
                self._write(self._json(row))
            return
        if not texts:
            return
        lines = [[column.upper() for column in columns], *([visible(text) for text in row] for row in texts)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for line in lines:
            cells = (f"{text:{width}}" for text, width in zip(line, widths, strict=True))
            self._write("  ".join(cells).rstrip())

    def _write(self, text: str) -> None:
        self._stream.write(text + "\n")

    def _json(self, row: Row) -> str:
        return json.dumps(row, allow_nan=False)  # ASCII, whatever the terminal takes


def time_of(moment: datetime) -> str:
    """A moment of UTC, to the millisecond."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is beyond a double")
    return number


def _not_json(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
