"""Strict JSON: RFC 8259 without extensions, within fixed bounds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.errors import ResourceExhaustedError
from server.core.jsontext import MAX_DIGITS, MAX_ITEMS, InvalidJsonError, dump, parse

LARGEST = int(1.7976931348623157e308)

numbers = st.integers(-LARGEST, LARGEST) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=40,
)


def nested(levels: int, kind: str) -> bytes:
    opening, closing = {"lists": ("[", "]"), "objects": ('{"a":', "}")}[kind]
    return (opening * levels + "1" + closing * levels).encode()


@given(values)
def test_what_is_written_comes_back_equal(value: Any) -> None:
    # repr distinguishes 1, 1.0 and True, and 0.0 and -0.0.
    assert repr(parse(dump(value))) == repr(value)


@given(values)
def test_what_others_write_with_escapes_comes_back_equal(value: Any) -> None:
    assert repr(parse(json.dumps(value, indent=1).encode())) == repr(value)


@given(values.map(dump), st.integers(min_value=0), st.binary(max_size=4))
def test_bytes_are_read_as_json_says_or_refused(text: bytes, place: int, stray: bytes) -> None:
    place %= len(text) + 1
    data = text[:place] + stray + text[place + 1 :]
    try:
        value = parse(data)
    except InvalidJsonError:
        return
    assert repr(value) == repr(json.loads(data.decode()))


@pytest.mark.parametrize("kind", ["lists", "objects"])
def test_64_levels_are_read(kind: str) -> None:
    assert parse(nested(64, kind)) == json.loads(nested(64, kind))


@pytest.mark.parametrize("kind", ["lists", "objects"])
@pytest.mark.parametrize("levels", [65, 900, 100_000])
def test_more_than_64_levels_are_refused(kind: str, levels: int) -> None:
    with pytest.raises(InvalidJsonError, match="nested deeper than 64 levels"):
        parse(nested(levels, kind))


def test_the_deepest_branch_counts_wherever_it_is() -> None:
    deep = nested(64, "lists").decode()
    with pytest.raises(InvalidJsonError, match="deeper"):
        parse(f'[1, {{"a": 2}}, {deep}, [3]]'.encode())


def test_many_containers_that_are_not_deep_are_read() -> None:
    assert parse(dump([[]] * 1000)) == [[]] * 1000


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1, "b": 2, "a": 1}', "the key 'a' twice"),
        ('[{"x": {"a": 1, "a": 2}}]', "the key 'a' twice"),
        (r'{"a": 1, "\u0061": 2}', "the key 'a' twice"),
        ("NaN", "a bare NaN"),
        ('{"a": [-Infinity]}', "a bare -Infinity"),
        ("[1, Infinity]", "a bare Infinity"),
        ("1e400", "beyond the range of a double"),
        ("[0, [1e400]]", "beyond the range of a double"),
        ("-1e309", "beyond the range of a double"),
        ("1" + "0" * 309, "beyond the range of a double"),
        (f'{{"a": [1, [2, {{"b": {LARGEST * 2}}}]]}}', "beyond the range of a double"),
        (f"[{-LARGEST * 2}]", "beyond the range of a double"),
        ("1" * 5000, "more than 4300 digits"),
        ("-" + "1" * 5000, "more than 4300 digits"),
        ("0." + "1" * 5000, "more than 4300 digits"),
        ("[1e-" + "0" * 5000 + "1]", "more than 4300 digits"),
        (r'"\ud800"', "half of a surrogate pair"),
        (r'"\uDFFF tail"', "half of a surrogate pair"),
        (r'[{"\ud83d": 1}]', "half of a surrogate pair"),
        (r'"\ude00\ud83d"', "half of a surrogate pair"),
        ("\ufeff1", "not valid JSON"),
        ("1 2", "not valid JSON"),
        ("{} x", "not valid JSON"),
        ("[1,]", "not valid JSON"),
        ("{'a': 1}", "not valid JSON"),
        ("01", "not valid JSON"),
        ("+1", "not valid JSON"),
        (".5", "not valid JSON"),
        ("0x10", "not valid JSON"),
        ("1_000", "not valid JSON"),
        ("True", "not valid JSON"),
        ('"a\nb"', "not valid JSON"),
        ('"open', "not valid JSON"),
        ("", "not valid JSON"),
        ("  ", "not valid JSON"),
    ],
)
@pytest.mark.parametrize("exact", [False, True])
def test_what_is_refused(text: str, reason: str, exact: bool) -> None:
    with pytest.raises(InvalidJsonError, match=reason):
        parse(text.encode(), exact=exact)


@pytest.mark.parametrize(
    "data", [b"\xff", b'"\xc3"', b'"\xed\xa0\x80"', b'"\xc0\xaf"', "1".encode("utf-16"), b"1\x00"]
)
def test_texts_that_are_not_json_in_utf_8_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidJsonError):
        parse(data)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (str(LARGEST), LARGEST),
        ("1.7976931348623157e308", 1.7976931348623157e308),
        ("5e-324", 5e-324),
        ("1e-400", 0.0),
        ("1." + "0" * (MAX_DIGITS - 2), 1.0),
        (r'"\ud83d\ude00"', "😀"),
        (r'"\\ud800"', r"\ud800"),
        (' \t\r\n{"": null} ', {"": None}),
    ],
)
def test_what_is_at_the_edge_is_read(text: str, value: Any) -> None:
    assert repr(parse(text.encode())) == repr(value)


def test_exact_fractions_keep_every_digit() -> None:
    value = parse(b"[9007199254740993.0, 1e2, 7]", exact=True)
    assert repr(value) == "[9007199254740993, 100, 7]"


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("1e-999999999999999999999", False),
        ("0e999999999999999999999", True),
        ("0.0e-999999999999999999", True),
    ],
)
def test_exact_fractions_distinguish_zero_from_tiny_numbers(text: str, whole: bool) -> None:
    value = parse(text.encode(), exact=True)
    assert isinstance(value, int) is whole


@pytest.mark.parametrize("value", [float("nan"), [float("inf")], "\ud800", {1, 2}])
def test_values_that_json_cannot_represent_are_not_written(value: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        dump(value)


@given(st.from_regex(rb"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,19})?", fullmatch=True), st.booleans())
def test_a_number_is_read_as_in_an_array(number: bytes, exact: bool) -> None:
    assert repr([parse(number, exact=exact)]) == repr(parse(b"[%b]" % number, exact=exact))


@pytest.mark.parametrize("blanks", [0, 1000])
def test_many_items_are_refused_whatever_comes_before_them(blanks: int) -> None:
    with pytest.raises(ResourceExhaustedError, match="commas and brackets"):
        parse(b" " * blanks + b"[" + b"1.0," * MAX_ITEMS + b"1.0]", exact=True)


def test_whole_numbers_behind_many_blanks_are_read_exactly() -> None:
    assert parse(b" " * 10_000 + b"9007199254740993.0" + b" " * 10_000, exact=True) == 9007199254740993
