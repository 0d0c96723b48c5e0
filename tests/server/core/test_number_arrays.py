"""Tests that arrays which are checked without being parsed are accepted and refused like those parsed."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.core import number_arrays, types
from server.core.errors import InvalidArgumentError, ResourceExhaustedError
from server.core.types import TYPES, Accepted

NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers().map(str),
    st.sampled_from(
        [
            *(
                "0",
                "-0",
                "0.0",
                "-0.0",
                "1.0",
                "1e5",
                "1E+2",
                "2147483648",
                "-2147483649",
                "9223372036854775808",
            ),
            *("1.7976931348623157e308", "1.7976931348623159e308", "1e309", "17e307", "1e308", "0e999"),
            *(
                "0.99999999999999999999",
                "9.9999999999999999999e-1",
                "1e-400",
                "1e-07",
                "01",
                "1.",
                ".5",
                "+1",
            ),
            *("NaN", "Infinity", "-", "1e", '"1"', "null", "true", "[]", "[1]", "{}", "", "9007199254740993"),
            *("1" * 310, "1" * 4301, "0." + "1" * 4301, "1" * 290 + "e9", "9" * 308, "\v1", "1 1", "é"),
            *("-9999999999", "1e0", "1E-0", "123456.12345678e1"),
            *("3.4028234663852886e38", "-3.4028234663852889e+38", "1e38", "9.9e37", "4e38", "1E+39", "-1e40"),
            *("1" * 29, "1" * 39, "9" * 39, "1" * 40, "1" * 40 + ".5", "1" * 45 + "e-9", "0.1e39", "0e40"),
        ]
    ),
)
SPACES = st.sampled_from(["", "", " ", "\n", " \t\r\n ", "\v", "\x00"])


@st.composite
def flat(draw: Any) -> str:
    items = draw(st.lists(st.tuples(SPACES, NUMBERS, SPACES).map("".join), max_size=6))
    ends = draw(st.sampled_from([("[", "]")] * 20 + [("[", ""), ("", "]"), ("[[", "]]"), ("[", "]]")]))
    return f"{draw(SPACES)}{ends[0]}{','.join(items)}{ends[1]}{draw(SPACES)}"


@st.composite
def tensors(draw: Any) -> str:
    shape = draw(st.lists(st.integers(0, 3), max_size=3))
    whole = draw(st.booleans())

    def nested(axes: list[int]) -> str:
        if not axes:
            return str(draw(st.integers(-(2**70), 2**70))) if whole else str(draw(NUMBERS))
        return f"[{','.join(nested(axes[1:]) for _ in range(axes[0]))}]"

    data = draw(st.one_of(st.just(shape).map(nested), flat()))
    fields = [
        f'"shape":{json.dumps(draw(st.sampled_from([shape] * 9 + [[2], [1, 2], None])))}',
        f'"data":{data}',
    ]
    if draw(st.booleans()):
        dtype = draw(st.sampled_from(["float32", "float64", "int32", "int64", "int8"]))
        fields.append(f'{draw(SPACES)}"dtype": "{dtype}"{draw(SPACES)}')
    if draw(st.integers(0, 9)) == 0:
        fields.append(draw(st.sampled_from(['"data":[1]', '"shape":[1]', '"more":1'])))
    return f"{{{','.join(draw(st.permutations(fields)))}}}"


def outcome(kind: str, text: str, *, parsed: bool) -> Accepted | str:
    kind_ = TYPES[kind]
    if parsed:
        kind_ = kind_._replace(check=None)
    try:
        return kind_.read_json(text.encode(), "value")
    except InvalidArgumentError:
        return "invalid"


def deep(dimensions: int, levels: int | None = None) -> str:
    """Return a tensor of so many dimensions of size 1, whose number is nested in so many arrays."""
    levels = dimensions if levels is None else levels
    return f'{{"shape":{[1] * dimensions},"data":{"[" * levels}0.5{"]" * levels}}}'


@given(flat())
@example("[1,2]")
def test_embeddings_are_read_alike(text: str) -> None:
    assert outcome("embedding", text, parsed=False) == outcome("embedding", text, parsed=True)


@given(tensors())
@example('{"shape":[2],"data":[1,2] ,"dtype":"float32"}')
@example('{"shape":[2,2],"data":[[1.0,2.5],[3,4]],"dtype":"float32"}')
@example(deep(63))
@example(deep(64))
@example(deep(64, levels=1))
def test_tensors_are_read_alike(text: str) -> None:
    assert outcome("tensor", text, parsed=False) == outcome("tensor", text, parsed=True)


@contextmanager
def nothing_parsed(monkeypatch: pytest.MonkeyPatch, above: int = 0) -> Iterator[None]:
    """Treat every array with more than ``above`` commas and brackets as too large to be parsed."""
    with monkeypatch.context() as patch:
        patch.setattr(types, "MAX_PARSED_ITEMS", above)
        yield


@given(st.one_of(flat(), tensors()))
def test_large_arrays_are_read_alike_or_refused_as_too_large(text: str) -> None:
    with nothing_parsed(pytest.MonkeyPatch(), above=4):
        for kind in ("embedding", "tensor"):
            try:
                large: object = outcome(kind, text, parsed=False)
            except ResourceExhaustedError:
                continue
            assert large == outcome(kind, text, parsed=True)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("embedding", json.dumps([math.pi, -1e-300, 1.7976931348623157e308, 0, -0.0, 5e-324])),
        ("tensor", json.dumps({"shape": [2, 1], "data": [[math.pi], [1e-07]]})),
        ("tensor", json.dumps({"shape": [2], "data": [0.0, 0.0], "dtype": "int32"})),
        ("tensor", json.dumps({"dtype": "int64", "data": [2**40, 1], "shape": [2]})),
        ("tensor", json.dumps({"shape": [3], "data": [1e300, -0.5, 10**40]})),
    ],
)
def test_usual_arrays_need_no_parsing(kind: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with nothing_parsed(monkeypatch):
        assert outcome(kind, text, parsed=False) == outcome(kind, text, parsed=True) != "invalid"


def test_a_large_array_of_unusual_numbers_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with nothing_parsed(monkeypatch), pytest.raises(ResourceExhaustedError, match="send it as raw bytes"):
        outcome("embedding", "[170e306]", parsed=False)


def test_a_skeleton_is_not_larger_than_its_array() -> None:
    assert not number_arrays.has_shape(b"[1]", [1] * 64 + [2**40])


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text", ['{{"shape":[1],"data":[1]{}x', '{}"data"', '{{{}"shape"{}x', '{{"shape":[1]{}x']
)
def test_blanks_take_linear_time(text: str) -> None:
    blanks = " " * 1_000_000
    assert outcome("tensor", text.format(blanks, blanks), parsed=False) == "invalid"


def test_an_array_behind_many_blanks_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with nothing_parsed(monkeypatch):
        for text in (" " * 200 + "[1,2]", "[1,2]" + " " * 200):
            assert outcome("embedding", text, parsed=False) == outcome("embedding", text, parsed=True)
