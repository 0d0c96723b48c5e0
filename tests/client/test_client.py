"""Values that the client sends: what goes out comes back, and what is large travels as bytes."""

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


def back(kind: str, value: Any) -> Any:
    """What a value is after it went out and came back."""
    raw = encode(kind, value)
    return decode(kind, to_any(raw), raw.array)


# There and back


@given(st.floats())
def test_every_double_comes_back_bit_for_bit(number: float) -> None:
    assert struct.pack("<d", back("float", number)) == struct.pack("<d", number) or math.isnan(number)
    assert math.isnan(back("float", number)) is math.isnan(number)


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_64_bit_integer_comes_back(number: int) -> None:
    assert back("integer", number) == number
    assert type(back("integer", number)) is int


@given(st.text())
def test_every_text_comes_back(text: str) -> None:
    for kind in ("string", "choice", "module"):
        assert back(kind, text) == text


@pytest.mark.parametrize("value", [True, False])
def test_a_boolean_comes_back(value: bool) -> None:
    assert back("boolean", value) is value


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_a_short_embedding_comes_back_as_a_list(numbers: list[float]) -> None:
    assert repr(back("embedding", numbers)) == repr(numbers)


@given(
    arrays.arrays(
        st.sampled_from([numpy.dtype(name) for name in DTYPES]),
        arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    )
)
def test_an_array_in_its_binary_form_comes_back_byte_for_byte(array: Any) -> None:
    raw = raw_array("tensor", array)
    came = decode("tensor", to_any(raw), raw.array)
    assert (came.dtype, came.shape, came.tobytes()) == (array.dtype, array.shape, array.tobytes())
    assert raw.array == array.tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_small_array_comes_back_as_what_json_says(dtype: str) -> None:
    array = numpy.array([[1, 2], [3, 4]], dtype)
    assert back("tensor", array) == {"shape": [2, 2], "data": [[1, 2], [3, 4]]}
    assert back("embedding", array[0]) == [1, 2]


def test_a_tensor_given_as_a_dict_comes_back_as_it_was_given() -> None:
    for data in ([[1, 2.5]], [1, 2.5]):
        assert back("tensor", {"shape": [1, 2], "data": data}) == {"shape": [1, 2], "data": data}


def test_an_array_of_another_byte_order_or_memory_layout_goes_little_endian_and_in_c_order() -> None:
    array = numpy.arange(6, dtype="<i4").reshape(2, 3)
    for same in (array.astype(">i4"), numpy.asfortranarray(array), array[::-1][::-1]):
        assert raw_array("tensor", same) == raw_array("tensor", array)
    assert raw_array("tensor", array).array == struct.pack("<6i", *range(6))


# What is large


@pytest.mark.parametrize(("items", "binary"), [(1280, False), (1281, True)])
def test_more_than_10240_bytes_travel_as_bytes(items: int, binary: bool) -> None:
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
        came = decode(kind, to_any(raw), raw.array)
        given = value["data"] if isinstance(value, dict) else value
        assert numpy.array_equal(
            numpy.ravel(came["data"] if isinstance(came, dict) else came), numpy.ravel(given)
        )


def test_a_large_embedding_given_as_a_list_goes_as_float64() -> None:
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
def test_a_large_list_that_bytes_would_not_say_goes_as_json_for_the_bridge_to_judge(value: Any) -> None:
    raw = encode("embedding", value)
    assert (raw.type_url, json.loads(raw.data), raw.array) == (PREFIX + "embedding", value, b"")


def test_an_array_of_another_dtype_does_not_travel() -> None:
    for dtype in ("float16", "uint8", "bool", "object", "complex64"):
        with pytest.raises(TypeError, match=f"float32, float64, int32, int64, not {dtype}"):
            encode("tensor", numpy.zeros(2, dtype))


def test_what_is_given_raw_goes_as_it_is() -> None:
    raw = Raw("anything", b"{", b"\x00")
    assert encode("float", raw) is raw
    message = to_any(raw)
    assert (message.type_url, message.value) == ("anything", b"{")


# What a value is sent as


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
def test_a_value_is_sent_as_the_type_that_python_has_it_in(value: Any, kind: str) -> None:
    assert kind_of(value) == kind


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    ).filter(lambda value: "Infinity" not in json.dumps(value))
)
def test_anything_that_json_says_comes_back(value: Any) -> None:
    assert repr(back("json", value)) == repr(value)
