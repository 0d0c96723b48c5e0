"""Tests of the values that the client sends: round trips, and the binary form of large arrays."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from varbridge.arrays import raw_array
from varbridge.values import Raw, decode, encode, kind_of, to_any
from varbridge.wire import DTYPES, PREFIX


def round_trip(kind: str, value: Any) -> Any:
    """Return a value after a round trip through its encoded form."""
    raw = encode(kind, value)
    return decode(kind, to_any(raw), raw.array)


# Round trips


@given(st.floats())
def test_every_double_comes_back_bit_for_bit(number: float) -> None:
    assert struct.pack("<d", round_trip("float", number)) == struct.pack("<d", number) or math.isnan(number)
    assert math.isnan(round_trip("float", number)) is math.isnan(number)


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_64_bit_integer_comes_round_trip(number: int) -> None:
    assert round_trip("integer", number) == number
    assert type(round_trip("integer", number)) is int


@given(st.text())
def test_every_text_comes_round_trip(text: str) -> None:
    for kind in ("string", "choice", "module"):
        assert round_trip(kind, text) == text


@pytest.mark.parametrize("value", [True, False])
def test_a_boolean_comes_round_trip(value: bool) -> None:
    assert round_trip("boolean", value) is value


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_every_double_of_a_list_comes_back_bit_for_bit(numbers: list[float]) -> None:
    assert repr(round_trip("embedding", numbers).tolist()) == repr(numbers)


@given(
    arrays.arrays(
        st.sampled_from([numpy.dtype(name) for name in DTYPES]),
        arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    )
)
def test_a_binary_array_comes_back_with_the_same_bytes(array: Any) -> None:
    raw = raw_array("tensor", array)
    decoded = decode("tensor", to_any(raw), raw.array)
    assert (decoded.dtype, decoded.shape, decoded.tobytes()) == (array.dtype, array.shape, array.tobytes())
    assert raw.array == array.tobytes()


def test_arrays_are_sent_in_little_endian_and_c_order() -> None:
    array = numpy.arange(6, dtype="<i4").reshape(2, 3)
    for same in (array.astype(">i4"), numpy.asfortranarray(array), array[::-1][::-1]):
        assert raw_array("tensor", same) == raw_array("tensor", array)
    assert raw_array("tensor", array).array == struct.pack("<6i", *range(6))


# Forms


@pytest.mark.parametrize("size", [3, 3000])
def test_a_list_is_sent_as_json_and_an_array_in_raw_bytes_whatever_its_size(size: int) -> None:
    array = numpy.arange(size) / 4
    for kind, as_json in (
        ("embedding", array.tolist()),
        ("tensor", {"shape": [size], "data": array.tolist()}),
    ):
        assert json.loads(encode(kind, array.tolist()).data) == as_json
        assert encode(kind, array.tolist()).array == b""
        raw = encode(kind, array)
        header = {"type": kind, "shape": [size], "dtype": "float64", "binary_format": "raw"}
        assert (json.loads(raw.data), raw.array) == (header, struct.pack(f"<{size}d", *array))


@pytest.mark.parametrize("value", [[True], ["1.5"], "x", [[1.0]], [2**53 + 1], [None], 1, {}])
def test_what_is_not_an_embedding_is_sent_as_json_for_the_bridge_to_refuse(value: Any) -> None:
    raw = encode("embedding", value)
    assert (raw.type_url, json.loads(raw.data), raw.array) == (PREFIX + "embedding", value, b"")


@pytest.mark.parametrize(
    "value",
    [
        {"shape": [2], "data": [[1.0]]},
        {"shape": [2], "data": [True, False]},
        {"shape": [2], "data": 5},
        {"shape": [1], "data": [1], "dtype": "float16"},
        {"shape": [1]},
        "x",
        None,
    ],
)
def test_what_is_not_a_tensor_is_sent_as_json_for_the_bridge_to_refuse(value: Any) -> None:
    raw = encode("tensor", value)
    assert (raw.type_url, json.loads(raw.data), raw.array) == (PREFIX + "tensor", value, b"")


def test_a_raw_value_is_sent_unchanged() -> None:
    raw = Raw("anything", b"{", b"\x00")
    assert encode("float", raw) is raw
    message = to_any(raw)
    assert (message.type_url, message.value) == ("anything", b"{")


# Types of values


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, "boolean"),
        (1, "integer"),
        (1.5, "float"),
        ("a", "string"),
        (None, "json"),
        ([1], "json"),
        ({"a": 1}, "json"),
        (numpy.zeros(2), "embedding"),
        (numpy.zeros((1, 2)), "tensor"),
        (numpy.array(1.0), "float"),
    ],
)
def test_a_value_is_sent_as_the_type_of_its_python_object(value: Any, kind: str) -> None:
    assert kind_of(value) == kind


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    ).filter(lambda value: "Infinity" not in json.dumps(value))
)
def test_every_json_value_comes_round_trip(value: Any) -> None:
    assert repr(round_trip("json", value)) == repr(value)
