"""Candidates for values, constraints, names and patterns in walks: the simplest ones first, then edges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from unicodedata import normalize

from varbridge.conformance.model.actions import Pick
from varbridge.conformance.model.values import Raw, Sent

NAMES: Sequence[str] = (
    "a",
    "rate",
    "rate.max",
    "A",
    "a*",
    "[a]",
    "a?b",
    "a\\b",
    "/",
    ".hidden",
    "{a,b}",
    "var_a_1",
    " a ",
    "a b",
    "ä",  # composed
    "a\u0308",  # decomposed
    "東京",
    "🚀",
    "é🚀*",
    "a,b",
    "'\"",
    "\u2028",
    "\ufeffa",
    "0",
    "%s%d",
    "x" * 256,
    "🚀" * 256,
)

BAD_NAMES: Sequence[str] = ("", "a\n", "\x00", "\x7f", "\x85", "x" * 257)


def similar_names(name: str) -> Sequence[str]:
    """Return allowed names that differ from a name only in case, in composition, or by a blank."""
    names = (name.swapcase(), normalize("NFC", name), normalize("NFD", name), f"{name} ", f" {name}")
    return [other for other in names if other != name and len(other) <= 256] or NAMES


PATTERNS: Sequence[str] = (
    "",
    "*",
    "?",
    "a*",
    "*a",
    "**",
    "?*?",
    "[a]",
    "*.*",
    "\\*",
    "{a,b}",
    "r?te*",
    "A",
    "n*7",
)

WAYS = ("{}", "{}*", "*{}", "*{}*", "?{}", "{}?")
"""The ways in which a pattern is made from a name: as it is, or between wildcards."""

METADATA: Sequence[dict[str, str]] = (
    {},
    {"reason": "test"},
    {"team": "blue"},
    {"reason": "first", "team": "red"},
    {"changed_by": "Ada"},
    {"source": "elixir"},
    {"source": "python", "reason": "🚀"},
    {"source": "elixir", "changed_by": "Ben", "a key with blanks": ""},
)

_NUMBERS: Sequence[Any] = (0, 1, 2, 3, 10, -1, 11, 0.5, 1.5, 10.0000001, "1", True, None, [1], {})

VALUES: Mapping[str, Sequence[Any]] = {
    "float": (
        *(0, 1, "NaN", 0.5, 10, *_NUMBERS[5:]),
        *(-0.0, 5e-324, 1.7976931348623157e308, 2**53 + 1, "Infinity", "-Infinity", "nan"),
    ),
    "integer": (
        *_NUMBERS,
        *(42.0, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, -(2**63) - 1, 10**30, 1e15),
    ),
    "string": (
        *(
            "",
            "a",
            "ab",
            "foo",
            "abc",
            "4",
            "ab\n",
            "ÄB",
            "äb",
            "🚀🚀",
            "a\u0308",
            "\ufeff",
            "\u0000",
            "\r\n",
        ),
        *("x" * 1000, " a ", "\u2028\x7f\x85", 'null"\\', "abcd", 1, None, True, ["a"]),
    ),
    "boolean": (True, False, True, False, False, 0, 1, "true", None, []),
    "choice": ("a", "b", "a", "b", "A", "", "ä", "a\u0308", " a", 1, None, ["a"]),
    "module": ("Predict", "ReAct", "Predict", "predict", "os", None, 1),
    "embedding": (
        *([1], [1, 2], Raw((2,), "float32", (0.5, 1.5)), [0.5, -0.0], Raw((1,), "float64", (0.1,))),
        *([1, 2, 3], [], [[1, 2]], ["1", 2], [True, 1], None, "[1]", {}),
        Raw((3,), "int64", (1, 2, 2**53 + 1)),
    ),
    "tensor": (
        {"shape": [1], "data": [1]},
        {"shape": [2], "data": [1, 2]},
        Raw((2,), "float32", (float("inf"), -0.0)),
        {"shape": [2, 1], "data": [[1], [2.5]]},
        Raw((2, 1), "float64", (0.1, 1e300)),
        {"shape": [2, 1], "data": [1, 2]},
        {"shape": [2], "data": [1]},
        {"shape": [2], "data": [-3, 2**31 - 1]},
        {"shape": [2], "data": [-3, 2**31]},
        {"shape": [1]},
        {"data": [1]},
        [1],
        None,
        Raw((2,), "int32", (-1, 2)),
    ),
}
"""The values that are worth trying for a variable of each type; not all of them are allowed."""

CONSTRAINTS: Mapping[str, Sequence[dict[str, Any]]] = {
    "float": ({}, {"min": 0, "max": 10}, {"min": 0.5}, {"max": 1}, {"min": 0, "max": 0}),
    "integer": ({}, {"min": 0, "max": 10}, {"max": 2}, {"min": -1}),
    "string": (
        *(
            {},
            {"max_length": 3},
            {"min_length": 1, "max_length": 2},
            {"pattern": "^[a-z]+$"},
            {"pattern": "o"},
        ),
        *({"pattern": "^.{2}$"}, {"pattern": r"\d", "max_length": 1}, {"enum": ["", "a", "ÄB"]}),
        {"pattern": r"(?i)^ÄB"},
    ),
    "boolean": ({},),
    "choice": ({"choices": ["a", "b"]}, {"choices": ["", "ä"]}, {"choices": ["a"]}),
    "module": ({}, {"choices": ["Predict", "ReAct"]}, {"allowed_modules": ["Predict"]}),
    "embedding": ({}, {"dimensions": 2}, {"dimensions": 1}),
    "tensor": (
        {},
        {"shape": [2]},
        {"dtype": "float32"},
        {"shape": [2, 1], "dtype": "float64"},
        {"shape": [2], "dtype": "int32"},
    ),
}
"""The constraints that are worth trying for each type, all of them suitable."""

BAD_CONSTRAINTS: Sequence[str] = (
    '{"mim": 1}',
    '{"min": "1"}',
    "[]",
    "{",
    '{"pattern": "("}',
    '{"shape": "x"}',
)
"""Constraints that are suitable for no type."""


def value(pick: Pick, kind: str) -> Sent:
    """Return the value that an action sends to a variable of a type."""
    label = pick.kind or kind
    candidates = VALUES[label]
    return Sent(label, candidates[pick.number % len(candidates)])


def constraints(kind: str, number: int) -> dict[str, Any] | str:
    """Return the constraints with which an action registers a variable of a type; bad ones as a text."""
    suitable = CONSTRAINTS[kind]
    if number >= 100:
        return BAD_CONSTRAINTS[number % len(BAD_CONSTRAINTS)]
    return suitable[number % len(suitable)]
