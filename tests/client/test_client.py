"""The client's values: what goes out comes back, what is large travels as bytes, and no odd reply passes."""

from __future__ import annotations

import contextlib
import json
import math
import struct
from typing import Any

import numpy
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from varbridge.errors import MalformedReplyError
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.values import (
    BINARY_ABOVE,
    DTYPES,
    LEGACY_PREFIX,
    PREFIX,
    Raw,
    decode,
    encode,
    kind_of,
    raw_array,
    to_any,
)
from varbridge.variable import Variable


def back(kind: str, value: Any) -> Any:
    """What a value is after it went out and came back."""
    raw = encode(kind, value)
    return decode(kind, to_any(raw), raw.array)


def reply(kind: str, text: str | bytes, prefix: str = PREFIX) -> AnyMessage:
    return AnyMessage(type_url=prefix + kind, value=text.encode() if isinstance(text, str) else text)


def header(kind: str = "tensor", shape: Any = (2,), dtype: Any = "float32", **more: Any) -> AnyMessage:
    said = {"type": kind, "shape": shape, "dtype": dtype, "binary_format": "raw"} | more
    return reply(kind + ".binary", json.dumps(said))


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


# Replies


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("float", "1", 1.0),
        ("float", "1e2", 100.0),
        ("float", '"Infinity"', math.inf),
        ("integer", "9223372036854775807", 2**63 - 1),
        ("string", ' "a" ', "a"),
        ("embedding", "[1, 2.5]", [1, 2.5]),
        ("tensor", '{"shape":[1],"data":[1]}', {"shape": [1], "data": [1]}),
    ],
)
@pytest.mark.parametrize("prefix", [PREFIX, LEGACY_PREFIX])
def test_a_reply_in_either_form_is_read(kind: str, text: str, value: Any, prefix: str) -> None:
    came = decode(kind, reply(kind, text, prefix))
    assert came == value
    assert type(came) is type(value)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("float", AnyMessage()),
        ("float", AnyMessage(type_url="float", value=b"1")),
        ("float", AnyMessage(type_url="type.googleapis.com/google.protobuf.DoubleValue", value=b"1")),
        ("float", reply("integer", "1")),
        ("float", reply("float", "")),
        ("float", reply("float", "{")),
        ("float", reply("float", "true")),
        ("float", reply("float", "null")),
        ("float", reply("float", '"0.5"')),
        ("float", reply("float", '"nan"')),
        ("float", reply("float", "NaN")),
        ("float", reply("float", "-Infinity")),
        ("float", reply("float", "1e400")),
        ("float", reply("float", "1" + "0" * 400)),
        ("float", reply("float", "1" * 5000)),
        ("float", reply("float", "1".encode("utf-16"))),
        ("float", reply("float", b"\xff")),
        ("float", reply("float.binary", "1")),
        ("integer", reply("integer", "1.0")),
        ("integer", reply("integer", "true")),
        ("integer", reply("integer", '"1"')),
        ("integer", reply("integer", "9223372036854775808")),
        ("integer", reply("integer", "-9223372036854775809")),
        ("string", reply("string", "1")),
        ("string", reply("string", "null")),
        ("string", reply("string", "a")),
        ("choice", reply("string", '"a"')),
        ("boolean", reply("boolean", "1")),
        ("boolean", reply("boolean", '"true"')),
        ("embedding", reply("embedding", "[true]")),
        ("embedding", reply("embedding", "[NaN]")),
        ("embedding", reply("embedding", "[1, 1e999]")),
        ("embedding", reply("embedding", '{"data":[1]}')),
        ("tensor", reply("tensor", "[1]")),
        ("tensor", reply("tensor", '{"shape":[1]}')),
        ("tensor", reply("tensor", '{"shape":[1],"data":[Infinity]}')),
        ("tensor", reply("tensor", "[" * 100_000)),
        ("json", reply("json", '{"a": NaN}')),
    ],
)
def test_a_reply_that_is_no_value_of_the_type_is_malformed(kind: str, given: AnyMessage) -> None:
    with pytest.raises(MalformedReplyError):
        decode(kind, given)


@pytest.mark.parametrize(
    ("given", "array"),
    [
        (header(), b""),
        (header(), bytes(7)),
        (header(), bytes(12)),
        (header(shape=[3]), bytes(8)),
        (header(shape=[-1]), bytes(8)),
        (header(shape=2), bytes(8)),
        (header(shape="2"), bytes(8)),
        (header(shape=[2.0]), bytes(8)),
        (header(shape=None), bytes(8)),
        (header(shape=[2**62, 4]), b""),
        (header(dtype="float16"), bytes(4)),
        (header(dtype="object"), bytes(16)),
        (header(dtype=["float32"]), bytes(8)),
        (header(binary_format="pickle"), bytes(8)),
        (header(type="embedding"), bytes(8)),
        (reply("tensor.binary", "[]"), bytes(8)),
        (reply("tensor.binary", "null"), bytes(8)),
        (reply("tensor.binary", "{}"), bytes(8)),
        (reply("tensor.binary", b"\x80\x04N."), bytes(8)),
        (reply("tensor", '{"shape":[1],"data":[1]}'), bytes(8)),
    ],
)
def test_a_binary_reply_that_does_not_add_up_is_malformed(given: AnyMessage, array: bytes) -> None:
    with pytest.raises(MalformedReplyError):
        decode("tensor", given, array)


kinds = st.sampled_from(["float", "integer", "string", "boolean", "embedding", "tensor"])


@given(kinds, st.sampled_from(["", ".binary"]), st.binary(max_size=20))
def test_a_reply_of_any_bytes_is_a_value_or_malformed(kind: str, form: str, data: bytes) -> None:
    with contextlib.suppress(MalformedReplyError):
        decode(kind, reply(kind + form, data))


# Variables


def test_a_variable_reads_the_message_that_it_was_made_from() -> None:
    message = pb.Variable(id="var_rate_1", name="rate", type="float", version=3, metadata={"unit": "1/s"})
    message.value.CopyFrom(reply("float", "0.5"))
    message.constraints_json = '{"max": 1}'
    message.source = pb.Variable.PYTHON
    message.last_updated_at.FromNanoseconds(1_700_000_000_123_456_789)
    variable = Variable(message)
    assert (variable.id, variable.name, variable.type, variable.version) == ("var_rate_1", "rate", "float", 3)
    assert (variable.value, variable.constraints, variable.metadata) == (0.5, {"max": 1}, {"unit": "1/s"})
    assert (variable.source, variable.optimizer_id) == ("PYTHON", None)
    assert variable.updated_at.isoformat() == "2023-11-14T22:13:20.123456+00:00"
    assert variable.raw == Raw(PREFIX + "float", b"0.5", b"")
    message.optimization_status.optimizing = True
    message.optimization_status.optimizer_id = "tpe"
    assert Variable(message).optimizer_id == "tpe"


@pytest.mark.parametrize(
    "value",
    [
        {"shape": [40, 40], "data": [[0.5] * 40] * 39},
        {"shape": [40, 40], "data": [[0.5] * 20] * 80},
        {"shape": [2000], "data": [True] * 2000},
        {"shape": [2000], "data": [2**53 + 1] * 2000},
        {"shape": [2000], "data": 5},
    ],
)
def test_a_large_tensor_that_is_wrong_or_not_exact_as_doubles_goes_as_it_was_given(value: Any) -> None:
    raw = encode("tensor", value)
    assert json.loads(raw.data) == value
    assert raw.array == b""
