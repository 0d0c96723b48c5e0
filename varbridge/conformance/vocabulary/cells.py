"""The kinds of cells in the tables of steps: the conversion of each, and what would be right."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from varbridge.conformance.vocabulary.literals import Literal, json_object, texts_object
from varbridge.conformance.vocabulary.options import Identifier
from varbridge.conformance.vocabulary.types import CONSTRAINTS, SOURCES, TYPES

_ID_OF = "id of "
_OLD_ID_OF = "old id of "


@dataclass(frozen=True)
class Cell:
    """A kind of cell.

    Attributes:
        convert: the conversion of a text, which raises ValueError for an invalid one.
        right: a description of valid cells.
        optional: True if the column may be absent.
        may_be_empty: True if the cell may be empty; then the row has no value for the column.
    """

    convert: Callable[[str], Any]
    right: str
    optional: bool = False
    may_be_empty: bool = False

    def parse(self, text: str) -> Any:
        """Return the value of a cell.

        Raises:
            ValueError: the text is not valid.
        """
        return self.convert(text)

    def mistake(self, text: str) -> str:
        """Return the end of a sentence about an invalid cell; empty if the cell is valid."""
        if not text:
            return "" if self.may_be_empty else f"is empty; it must be {self.right}"
        try:
            self.convert(text)
        except ValueError:
            return f"must be {self.right}"
        return ""


def one_of(*words: str) -> Cell:
    """Return the kind of cell that contains one of several texts."""

    def convert(text: str) -> str:
        if text not in words:
            raise ValueError(text)
        return text

    return Cell(convert, f"one of: {', '.join(words)}")


def _name(text: str) -> str:
    if not (text.startswith('"') and text.endswith('"')):
        return text
    name = json.loads(text)
    if is_plain(name):
        raise ValueError(text)
    return str(name)


def is_plain(name: str) -> bool:
    """Return True if a cell can hold a name as it is, and not only in quotes with the escapes of JSON."""
    return name.isprintable() and name == name.strip() != "" and not name.startswith('"')


def _identifier(text: str) -> Identifier:
    by = "old id" if text.startswith(_OLD_ID_OF) else "id" if text.startswith(_ID_OF) else "name"
    return Identifier(_name(text.removeprefix("old ").removeprefix(_ID_OF) if by != "name" else text), by)


def _whole(text: str) -> int:
    if re.fullmatch(r"-?[0-9]+", text) is None:
        raise ValueError(text)
    return int(text)


def _number(text: str) -> float:
    if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) is None:
        raise ValueError(text)
    return float(text)


def _some_texts(text: str) -> dict[str, str]:
    texts = texts_object(text)
    if not texts:
        raise ValueError("{} checks nothing: metadata of the bridge's own is allowed")
    return texts


def _percentage(text: str) -> float:
    if not text.endswith("%"):
        raise ValueError(text)
    return _number(text.removesuffix("%")) / 100


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _is_length(value: Any) -> bool:
    return type(value) is int and value >= 0


def _json(valid: Callable[[Any], bool], right: str) -> Cell:
    def convert(text: str) -> Any:
        value = Literal(text).python()
        if not valid(value):
            raise ValueError(text)
        return value

    return Cell(convert, right)


def list_of(valid: Callable[[Any], bool], right: str) -> Cell:
    """Return the kind of cell that contains a JSON list whose items are valid."""
    return _json(lambda value: isinstance(value, list) and all(map(valid, value)), right)


NAME = Cell(_name, "a name without quotes, unless it needs an escape of JSON")
IDENTIFIER = Cell(_identifier, 'a name without quotes, perhaps after "id of" or "old id of"')
WORDS = Cell(str, "a part of the text")
VALUE = Cell(Literal, 'a value such as 0.7, "gpt-4" (with quotes), true or [0.1, 0.2]')
VERSION = Cell(_whole, "a whole number such as 3")
COUNT = VERSION
NUMBER = Cell(_number, "a number such as 3 or 0.5")
PERCENTAGE = Cell(_percentage, "a percentage such as 10%")
TEXTS = Cell(texts_object, 'a JSON object of texts such as {"reason": "test"}')
OBJECT = Cell(json_object, 'a JSON object such as {"min": 0}')
TYPE = one_of(*TYPES)
SOURCE = one_of(*SOURCES)
YES_OR_NO = one_of("yes", "no")
TEXT = _json(_is_text, 'a text in quotes such as "echo"')
PARAMETER_TYPE = one_of(*TYPES, "any")
PARAMETER_LIST = list_of(
    lambda pair: isinstance(pair, list) and len(pair) == 2 and all(map(_is_text, pair)),
    'a JSON list of parameters and their types such as [["text", "string"]]',
)
PARAMETER_TYPES = Cell(texts_object, 'a JSON object of parameters and their types such as {"text": "string"}')
EMPTY_VALUE = replace(VALUE, may_be_empty=True)
SOME_TEXTS = Cell(
    _some_texts, "a JSON object of texts that is not {}, which any metadata would fit", may_be_empty=True
)
EMPTY_OBJECT = replace(OBJECT, may_be_empty=True)
EMPTY_WORDS = replace(WORDS, may_be_empty=True)
TEXT_LIST = list_of(_is_text, 'a JSON list of texts such as ["a", "b"]')
BOOLEAN = _json(lambda value: isinstance(value, bool), "true or false")

_CONSTRAINT_CELLS = {
    **dict.fromkeys(("min", "max"), _json(_is_number, "a number such as 0.5")),
    **dict.fromkeys(("min_length", "max_length", "dimensions"), _json(_is_length, "a length such as 3")),
    **dict.fromkeys(("enum", "choices", "allowed_modules"), TEXT_LIST),
    "pattern": _json(_is_text, 'a pattern in quotes such as "^[a-z]+$"'),
    "shape": list_of(_is_length, "a list of lengths such as [2, 3]"),
    "dtype": _json(_is_text, 'a dtype in quotes such as "float32"'),
}


def constraints_of(kind: str) -> dict[str, Cell]:
    """Return the cells of the constraints of a type by name, each of which may be absent."""
    return {name: replace(_CONSTRAINT_CELLS[name], optional=True) for name in CONSTRAINTS[kind]}


def in_words(value: Any) -> str:
    """Return a parsed cell as a text, as a table contains it."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
