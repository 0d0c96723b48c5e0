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

from varbridge.values import (
    BINARY_ABOVE,
    DTYPES,
    PREFIX,
    Raw,
    decode,
    encode,
    kind_of,
    raw_array,
    to_any,
)


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
def test_a_short_embedding_comes_back_as_a_list(numbers: list[float]) -> None:
    assert repr(round_trip("embedding", numbers)) == repr(numbers)


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


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_small_array_comes_back_as_json_data(dtype: str) -> None:
    array = numpy.array([[1, 2], [3, 4]], dtype)
    assert round_trip("tensor", array) == {"shape": [2, 2], "data": [[1, 2], [3, 4]]}
    assert round_trip("embedding", array[0]) == [1, 2]


def test_a_tensor_as_a_dict_comes_back_unchanged() -> None:
    for data in ([[1, 2.5]], [1, 2.5]):
        assert round_trip("tensor", {"shape": [1, 2], "data": data}) == {"shape": [1, 2], "data": data}


def test_arrays_are_sent_in_little_endian_and_c_order() -> None:
    array = numpy.arange(6, dtype="<i4").reshape(2, 3)
    for same in (array.astype(">i4"), numpy.asfortranarray(array), array[::-1][::-1]):
        assert raw_array("tensor", same) == raw_array("tensor", array)
    assert raw_array("tensor", array).array == struct.pack("<6i", *range(6))


# Large values


@pytest.mark.parametrize(("items", "binary"), [(1280, False), (1281, True)])
def test_arrays_of_more_than_10240_bytes_are_sent_in_binary_form(items: int, binary: bool) -> None:
    assert BINARY_ABOVE == 10_240
    numbers = [float(number) for number in range(items)]
    for kind, value in (
        ("embedding", numbers),
        ("embedding", numpy.array(numbers)),
        ("embedding", numpy.array(numbers + numbers, "float32")),
        ("tensor", numpy.array(numbers)),
        ("tensor", numpy.arange(items).reshape(1, items)),
        ("tensor", {"shape": [items], "data": numbers}),
        ("tensor", {"shape": [1, items], "data": [numbers]}),
        ("tensor", {"shape": [1, items], "data": numbers}),
    ):
        raw = encode(kind, value)
        assert raw.type_url.endswith(".binary") is binary
        assert bool(raw.array) is binary
        decoded = decode(kind, to_any(raw), raw.array)
        sent = value["data"] if isinstance(value, dict) else value
        assert numpy.array_equal(
            numpy.ravel(decoded["data"] if isinstance(decoded, dict) else decoded), numpy.ravel(sent)
        )


def test_a_large_embedding_as_a_list_is_sent_as_float64() -> None:
    numbers = [math.pi] * 2000
    raw = encode("embedding", numbers)
    assert json.loads(raw.data) == {
        "type": "embedding",
        "shape": [2000],
        "dtype": "float64",
        "binary_format": "raw",
    }
    assert raw.array == struct.pack("<2000d", *numbers)


@pytest.mark.parametrize(
    "value", [[True] * 2000, ["1.5"] * 2000, "x" * 2000, [[1.0]] * 2000, [2**53 + 1] * 2000, [None] * 2000]
)
def test_a_large_list_without_an_exact_binary_form_is_sent_as_json(value: Any) -> None:
    raw = encode("embedding", value)
    assert (raw.type_url, json.loads(raw.data), raw.array) == (PREFIX + "embedding", value, b"")


def test_an_array_of_another_dtype_is_refused() -> None:
    for dtype in ("float16", "uint8", "bool", "object", "complex64"):
        with pytest.raises(TypeError, match=f"float32, float64, int32, int64, not {dtype}"):
            encode("tensor", numpy.zeros(2, dtype))


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
        (numpy.array(1.0), "tensor"),
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
