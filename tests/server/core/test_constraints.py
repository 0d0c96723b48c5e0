"""Constraints: those that each type accepts, the values that they refuse, and the errors of faulty ones."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.constraints import Bounds
from server.core.errors import FieldViolation, InvalidArgumentError, ResourceExhaustedError
from server.core.types import TYPES
from server.core.values import read_value
from tests.server.core.builders import sent, sent_binary


def parse(kind: str, constraints: Any) -> Any:
    return TYPES[kind].parse_constraints(
        constraints if isinstance(constraints, str) else json.dumps(constraints)
    )


def refusal_of(kind: str, constraints: Any, value: Any) -> InvalidArgumentError | None:
    """Return the error with which a value is refused; None if it is accepted."""
    try:
        read_value(sent(kind, value), b"", TYPES[kind], parse(kind, constraints), "value")
    except InvalidArgumentError as refused:
        return refused
    return None


@pytest.mark.parametrize(
    ("kind", "constraints", "value"),
    [
        ("float", {"min": 0, "max": 1}, 0),
        ("float", {"min": 0, "max": 1}, 1.0),
        ("float", {"min": 0.1, "max": 0.1}, 0.1),
        ("float", {"min": 0}, "Infinity"),
        ("float", {"max": 0}, "-Infinity"),
        ("float", {}, "NaN"),
        ("integer", {"min": 1, "max": 3}, 1),
        ("integer", {"min": 1, "max": 3}, 3.0),
        ("integer", {"min": 0.5, "max": 1.5}, 1),
        ("integer", {"max": 9007199254740993}, 9007199254740993),
        ("string", {"min_length": 0, "max_length": 0}, ""),
        ("string", {"min_length": 2, "max_length": 2}, "😀e"),
        ("string", {"pattern": "b+"}, "abbc"),
        ("string", {"pattern": "^[a-z]+$"}, "abc"),
        ("string", {"pattern": ""}, ""),
        ("string", {"pattern": "(?i)GPT"}, "a gpt"),
        ("string", {"pattern": r"^\pL$"}, "é"),
        ("string", {"enum": ["a", "b"]}, "b"),
        ("choice", {"choices": ["", "a"]}, ""),
        ("module", {}, "anything at all"),
        ("module", {"choices": ["json"]}, "json"),
        ("module", {"allowed_modules": ["json", "csv"]}, "csv"),
        ("module", {"choices": ["json", "csv"], "allowed_modules": ["csv"]}, "csv"),
        ("embedding", {"dimensions": 3}, [1, 2, 3]),
        ("tensor", {"shape": [2, 1]}, {"shape": [2, 1], "data": [1, 2]}),
        ("tensor", {"shape": []}, {"shape": [], "data": 1}),
        ("tensor", {"dtype": "int32"}, {"shape": [1], "data": [1]}),
        ("tensor", {"dtype": "float32"}, {"shape": [1], "data": [1]}),
        ("tensor", {"dtype": "int64"}, {"shape": [0], "data": []}),
    ],
)
def test_a_value_within_its_constraints_is_accepted(kind: str, constraints: Any, value: Any) -> None:
    assert refusal_of(kind, constraints, value) is None


@pytest.mark.parametrize(
    ("kind", "constraints", "value", "phrase"),
    [
        ("float", {"min": 0}, -5e-324, "-5e-324 is below minimum 0"),
        ("float", {"max": 1}, 1.0000000000000002, "1.0000000000000002 is above maximum 1"),
        ("float", {"min": 0}, "-Infinity", "is below minimum"),
        ("float", {"max": 0}, "Infinity", "is above maximum"),
        ("float", {"min": 0}, "NaN", "NaN"),
        ("float", {"max": 0}, "NaN", "NaN"),
        ("integer", {"min": 1}, 0, "0 is below minimum 1"),
        ("integer", {"min": 0.5}, 0, "0 is below minimum 0.5"),
        ("integer", {"max": 9007199254740992}, 9007199254740993, "9007199254740993 is above maximum"),
        ("string", {"min_length": 1}, "", "must be at least 1 characters"),
        ("string", {"min_length": 2}, "😀", "must be at least 2 characters"),
        ("string", {"max_length": 3}, "abcd", "must be at most 3 characters"),
        ("string", {"pattern": "^b"}, "ab", "must match pattern ^b"),
        ("string", {"pattern": "^a$"}, "a\n", "must match pattern ^a$"),
        ("string", {"enum": ["a", "b"]}, "A", "must be one of a, b"),
        ("string", {"enum": []}, "", "must be one of"),
        ("choice", {"choices": ["gpt-4"]}, "GPT-4", "must be one of gpt-4"),
        ("choice", {"choices": ["1"]}, 1, "must be one of"),
        ("module", {"choices": ["json"]}, "csv", "must be one of the allowed modules: json"),
        ("module", {"allowed_modules": ["json"]}, "json.tool", "must be one of the allowed modules: json"),
        ("embedding", {"dimensions": 3}, [1, 2], "must have exactly 3 dimensions"),
        ("tensor", {"shape": [2, 1]}, {"shape": [1, 2], "data": [1, 2]}, "shape must be [2, 1]"),
        ("tensor", {"shape": []}, {"shape": [1], "data": [1]}, "shape must be []"),
        ("tensor", {"dtype": "int32"}, {"shape": [1], "data": [0.5]}, "dtype must be int32"),
        ("tensor", {"dtype": "int32"}, {"shape": [1], "data": [2**31]}, "dtype must be int32"),
        ("tensor", {"dtype": "int64"}, {"shape": [1], "data": [2**63]}, "dtype must be int64"),
        ("tensor", {"dtype": "float32"}, {"shape": [1], "data": [1e39]}, "dtype must be float32"),
        (
            "tensor",
            {"dtype": "float32"},
            {"shape": [1], "data": [1], "dtype": "float64"},
            "dtype must be float32",
        ),
    ],
)
def test_a_value_outside_its_constraints_is_refused(
    kind: str, constraints: Any, value: Any, phrase: str
) -> None:
    refused = refusal_of(kind, constraints, value)
    assert refused is not None
    assert phrase in refused.message
    assert [violation.field for violation in refused.violations] == ["value"]


@pytest.mark.parametrize(
    ("kind", "constraints", "value", "phrases"),
    [
        (
            "string",
            {"min_length": 3, "max_length": 9, "pattern": "^x", "enum": ["xyz"]},
            "ab",
            ["must be at least 3 characters", "must match pattern", "must be one of"],
        ),
        (
            "tensor",
            {"shape": [2], "dtype": "int32"},
            {"shape": [1], "data": [0.5]},
            ["shape must", "dtype must"],
        ),
        (
            "module",
            {"choices": ["a"], "allowed_modules": ["b"]},
            "c",
            ["allowed modules: a", "allowed modules: b"],
        ),
    ],
)
def test_every_violation_is_reported(kind: str, constraints: Any, value: Any, phrases: list[str]) -> None:
    refused = refusal_of(kind, constraints, value)
    assert refused is not None
    assert len(refused.violations) == len(phrases)
    for phrase, (field, description) in zip(phrases, refused.violations, strict=True):
        assert field == "value"
        assert phrase in description
        assert description in refused.message


def test_the_constraints_of_arrays_hold_for_their_binary_form() -> None:
    wanted = parse("tensor", {"shape": [2], "dtype": "float32"})
    assert read_value(sent_binary("tensor", [2], "float32"), bytes(8), TYPES["tensor"], wanted, "value")
    with pytest.raises(
        InvalidArgumentError, match=r"shape must be \[2\], not \[1\]; dtype must be float32"
    ) as refused:
        read_value(sent_binary("tensor", [1], "int32"), bytes(4), TYPES["tensor"], wanted, "value")
    assert len(refused.value.violations) == 2
    wanted = parse("embedding", {"dimensions": 2})
    assert read_value(sent_binary("embedding", [2], "int64"), bytes(16), TYPES["embedding"], wanted, "value")
    with pytest.raises(InvalidArgumentError, match="must have exactly 2 dimensions, not 1"):
        read_value(sent_binary("embedding", [1], "int64"), bytes(8), TYPES["embedding"], wanted, "value")


finite = st.floats(allow_nan=False)


@given(finite, finite, finite)
def test_bounds_are_inclusive_and_nothing_else(value: float, low: float, high: float) -> None:
    low, high = min(low, high), max(low, high)
    bounds = Bounds(low, high)
    assert (bounds.violations(value) == []) is (low <= value <= high)


@given(st.text(max_size=5), st.integers(0, 5), st.integers(0, 5))
def test_lengths_count_code_points(text: str, low: int, high: int) -> None:
    low, high = min(low, high), max(low, high)
    accepted = refusal_of("string", {"min_length": low, "max_length": high}, text) is None
    assert accepted is (low <= len([*text]) <= high)


@pytest.mark.parametrize(
    ("kind", "constraints", "named"),
    [
        ("float", {"mn": 0}, ["mn is not a constraint"]),
        ("float", {"min_length": 0}, ["min_length is not a constraint"]),
        ("float", {"min": "0"}, ["min must be a number"]),
        ("float", {"min": True}, ["min must be a number"]),
        ("float", {"min": None}, ["min must be a number"]),
        ("float", {"max": [1]}, ["max must be a number"]),
        ("float", {"min": 1, "max": 0}, ["min must not be above max"]),
        ("float", '{"min": NaN}', ["NaN"]),
        ("float", '{"max": 1e400}', ["beyond the range of a double"]),
        ("float", '{"min": 0, "min": 1}', ["'min' twice"]),
        ("integer", {"min": False, "max": "9", "step": 1}, ["min must", "max must", "step is not"]),
        ("integer", {"min": 2, "max": 1}, ["min must not be above max"]),
        ("string", {"min_length": -1}, ["min_length must be a whole number"]),
        ("string", {"max_length": -1}, ["max_length must be a whole number"]),
        ("string", {"min_length": 1.5}, ["min_length must be a whole number"]),
        ("string", {"min_length": True}, ["min_length must be a whole number"]),
        ("string", {"min_length": "1"}, ["min_length must be a whole number"]),
        ("string", {"min_length": 2, "max_length": 1}, ["min_length must not be above max_length"]),
        ("string", {"pattern": 1}, ["pattern must be a string"]),
        ("string", {"pattern": "("}, ["pattern is not an RE2 expression"]),
        ("string", {"pattern": r"(a)\1"}, ["pattern is not an RE2 expression"]),
        ("string", {"pattern": "(?=a)"}, ["pattern is not an RE2 expression"]),
        ("string", {"pattern": "(?<!a)b"}, ["pattern is not an RE2 expression"]),
        ("string", {"pattern": "((a{1000}){1000}){1000}"}, ["pattern is not an RE2 expression"]),
        ("string", {"enum": "abc"}, ["enum must be a list of strings"]),
        ("string", {"enum": ["a", 1]}, ["enum must be a list of strings"]),
        ("string", {"choices": ["a"]}, ["choices is not a constraint"]),
        (
            "string",
            {"min_length": 2, "max_length": 1, "pattern": "("},
            ["min_length must not be above max_length", "pattern is not an RE2 expression"],
        ),
        ("boolean", {"enum": [True]}, ["enum is not a constraint"]),
        ("choice", "", ["choices must be a non-empty list of strings"]),
        ("choice", {}, ["choices must be a non-empty list of strings"]),
        ("choice", {"choices": []}, ["choices must be a non-empty list of strings"]),
        ("choice", {"choices": "abc"}, ["choices must be a list of strings"]),
        ("choice", {"choices": ["a", None]}, ["choices must be a list of strings"]),
        ("choice", {"choices": ["a"], "min": 0}, ["min is not a constraint"]),
        ("module", {"allowed_modules": [1]}, ["allowed_modules must be a list of strings"]),
        ("embedding", {"dimensions": 0}, ["dimensions must be at least 1"]),
        ("embedding", {"dimensions": -1}, ["dimensions must be a whole number"]),
        ("embedding", {"dimensions": True}, ["dimensions must be a whole number"]),
        ("embedding", {"dtype": "float32"}, ["dtype is not a constraint"]),
        ("tensor", {"shape": 3}, ["shape must be a list of whole numbers"]),
        ("tensor", {"shape": [-1]}, ["shape must be a list of whole numbers"]),
        ("tensor", {"shape": [True]}, ["shape must be a list of whole numbers"]),
        ("tensor", {"dtype": "float16"}, ["dtype must be one of"]),
        ("tensor", {"dtype": ["float32"]}, ["dtype must be one of"]),
        ("string", "{", ["not valid JSON"]),
        ("string", "[]", ["must be a JSON object"]),
        ("string", "null", ["must be a JSON object"]),
        ("string", '"pattern"', ["must be a JSON object"]),
        ("string", " ", ["not valid JSON"]),
    ],
)
def test_a_faulty_constraint_is_refused_by_name(kind: str, constraints: Any, named: list[str]) -> None:
    with pytest.raises(InvalidArgumentError, match="^Invalid constraints: ") as refused:
        parse(kind, constraints)
    assert len(refused.value.violations) == len(named)
    for phrase, violation in zip(named, refused.value.violations, strict=True):
        assert violation == FieldViolation("constraints_json", violation.description)
        assert phrase in violation.description
        assert violation.description in refused.value.message


@pytest.mark.parametrize("kind", [kind for kind in TYPES if kind != "choice"])
def test_no_constraints_are_the_same_as_an_empty_object(kind: str) -> None:
    assert parse(kind, "") == parse(kind, "{}")


@pytest.mark.timeout(10)
@pytest.mark.parametrize("pattern", ["(a+)+$", "^(a|a)*$", "^(a*)*$", "(.*)*x"])
def test_no_pattern_takes_more_than_linear_time(pattern: str) -> None:
    refused = refusal_of("string", {"pattern": pattern}, "a" * 200_000 + "!")
    assert refused is not None
    assert refused.message == f"value: must match pattern {pattern}"


def test_a_text_that_would_take_long_to_match_is_refused() -> None:
    slow, quick = (parse("string", {"pattern": pattern}) for pattern in ("(a|b)*a(a|b){500}c", "b$"))
    assert slow.violations("ab" * 2000) == ["must match pattern (a|b)*a(a|b){500}c"]
    with pytest.raises(ResourceExhaustedError, match=r"at most 13253 bytes are matched, not 20000"):
        slow.violations("ab" * 10_000)
    assert quick.violations("ab" * 1_000_000) == []
