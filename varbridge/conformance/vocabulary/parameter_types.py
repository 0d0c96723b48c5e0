"""The words that steps are made of: quoted names, people, values, reasons."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from parse import with_pattern

from varbridge.conformance.vocabulary.literals import Literal
from varbridge.conformance.vocabulary.outcome import REASONS


def _typed(pattern: str, convert: Callable[[str], Any]) -> Any:
    return with_pattern(pattern)(lambda text: convert(text))


def _people(text: str) -> list[str]:
    return re.split(r", | and ", text)


def _names(text: str) -> list[str]:
    return [json.loads(name) for name in re.findall(_QUOTED, text)]


def _quoted(text: str) -> str:
    return str(json.loads(text))


_QUOTED = r'"(?:[^"\\]|\\.)*"'

TYPES: dict[str, Any] = {
    # A name in double quotes, with JSON's escapes.
    "Name": _typed(_QUOTED, _quoted),
    # Several of them: "a", "b" and "c".
    "Names": _typed(rf"{_QUOTED}(?:(?:, | and ){_QUOTED})*", _names),
    # Someone, and several people: Ada, Ben and Cy.
    "Person": _typed(r"[A-Z][a-z]+", str),
    "People": _typed(r"[A-Z][a-z]+(?:, [A-Z][a-z]+)* and [A-Z][a-z]+", _people),
    # A JSON value, NaN, an infinity, or an array; never the colon that a table follows.
    "Value": _typed(r".*[^:]", Literal),
    # The rest of the line as it is.
    "Text": _typed(r".+", str),
    "Kind": _typed(r"\w+", str),
    "Reason": _typed("|".join(sorted(REASONS, key=len, reverse=True)), str),
}
"""The types of the placeholders in step patterns."""
