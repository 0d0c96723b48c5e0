"""The input and output of values on the command line, for people and for scripts."""

from __future__ import annotations

import base64
import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TextIO

from varbridge import jsontext

MAX_SHOWN_ITEMS = 64
"""The maximum number of items of an array that is shown in full; larger ones are shown as their shape."""

_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"

Row = Mapping[str, Any]
"""The fields of an object in the output: JSON values by key."""


def read(text: str) -> Any:
    """Return the value of an argument: that of the JSON text, or the text itself if it is not JSON."""
    try:
        return jsontext.parse(text)
    except ValueError:
        return text


def whole(value: Any, kind: str = "") -> Any:
    """Return a value in full as JSON, from which ``read`` restores the same value; bytes in base64.

    Args:
        value: the value in Python.
        kind: the type of the variable, which distinguishes tensors from embeddings.
    """
    if hasattr(value, "dtype"):
        numbers = whole(value.tolist())
        return {"shape": list(value.shape), "data": numbers} if kind == "tensor" else numbers
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list):
        return [whole(item) for item in value]
    if isinstance(value, dict):
        return {key: whole(item) for key, item in value.items()}
    return value


def shown(value: Any, kind: str = "") -> str:
    """Return a value for people: JSON in one line, or the item type and shape of a large array."""
    if hasattr(value, "dtype") and value.size > MAX_SHOWN_ITEMS:
        return f"{value.dtype.name} of shape {list(value.shape)}"
    return visible(json.dumps(whole(value, kind), ensure_ascii=False))


def visible(text: str) -> str:
    """Return a text with its control characters escaped, so that it cannot control the terminal."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


class Out:
    """The output of a command: one JSON object per line for scripts, or aligned text for people.

    Args:
        stream: the stream to write to.
        as_json: True for JSON.
    """

    def __init__(self, stream: TextIO, *, as_json: bool) -> None:
        self.as_json = as_json
        self._stream = stream
        self._coloured = stream.isatty() and not os.environ.get("NO_COLOR")

    def line(self, row: Row, text: str) -> None:
        """Write an object and flush the stream; ``text`` is the object's form for people."""
        self._write(self._json(row) if self.as_json else visible(text))
        self._stream.flush()

    def card(self, row: Row) -> None:
        """Write an object; the text for people has one line for each key that has a value."""
        if self.as_json:
            self._write(self._json(row))
            return
        texts = {key: _text(value) for key, value in row.items() if value not in (None, {})}
        width = max(map(len, texts))
        for key, text in texts.items():
            title = key.replace("_", " ").ljust(width)
            self._write(f"{self._bold(title)}  {visible(text)}")

    def table(self, rows: Iterable[Row], columns: Sequence[str], texts: Sequence[Sequence[str]]) -> None:
        """Write several objects; the text for people is a table with these ``columns`` and ``texts``."""
        if self.as_json:
            for row in rows:
                self._write(self._json(row))
            return
        if not texts:
            return
        lines = [[column.upper() for column in columns], *([visible(text) for text in row] for row in texts)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for number, line in enumerate(lines):
            cells = (f"{text:{width}}" for text, width in zip(line, widths, strict=True))
            text = "  ".join(cells).rstrip()
            self._write(text if number else self._bold(text))

    def _bold(self, text: str) -> str:
        return f"{_BOLD}{text}{_PLAIN}" if self._coloured else text

    def _write(self, text: str) -> None:
        self._stream.write(text + "\n")

    def _json(self, row: Row) -> str:
        return json.dumps(row, allow_nan=False)  # ASCII, whatever encoding the terminal has


def iso_time(moment: datetime) -> str:
    """Return a time in UTC in ISO format, with milliseconds."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
