"""Tests of the values that people have: numpy's, lists in all forms, and what cannot be sent."""

from __future__ import annotations

import doctest
import enum
import json
import math
import struct
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from types import ModuleType
from typing import Any

import numpy
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage

from varbridge import BridgeError, Session, jsontext, tool_values, values
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.values import Raw, decode, encode, to_any
from varbridge.variable import Variable

REAL = ("float16", "float32", "float64", "longdouble", "int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")


def round_trip(kind: str, value: Any) -> Any:
    raw = encode(kind, value, "x")
    return decode(kind, to_any(raw), raw.array)


def sent(raw: Raw) -> Any:
    """Return the JSON of a value that is not in raw bytes."""
    assert raw.array == b""
    return json.loads(raw.data)


def same_array(actual: Any, expected: Any) -> bool:
    return bool(
        isinstance(actual, numpy.ndarray)
        and (actual.dtype, actual.shape) == (expected.dtype, expected.shape)
        and numpy.array_equal(actual, expected, equal_nan=True)
    )


@pytest.mark.parametrize("module", [values, tool_values, jsontext])
def test_the_examples_of_the_documentation_are_right(module: ModuleType) -> None:
    failures, examples = doctest.testmod(module)
    assert (failures, examples > 1) == (0, True)


# Scalars


@pytest.mark.parametrize("dtype", REAL + UNSIGNED)
@pytest.mark.parametrize("make", [lambda scalar: scalar, numpy.asarray], ids=["scalar", "0-d"])
def test_a_scalar_of_every_numeric_dtype_is_a_number(dtype: str, make: Callable[[Any], Any]) -> None:
    number = make(numpy.dtype(dtype).type(3))
    assert round_trip("float", number) == 3.0
    kind = "float" if dtype in REAL[:4] else "integer"
    assert (round_trip(kind, number), values.kind_of(number)) == (3, kind)
    assert sent(encode("json", [number, {"x": number}])) == [3, {"x": 3}]


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("boolean", numpy.bool_(True), b"true"),
        ("string", numpy.str_("a"), b'"a"'),
        ("float", numpy.float32("nan"), b'"NaN"'),
        ("float", numpy.float64("-inf"), b'"-Infinity"'),
        ("float", numpy.array(math.inf), b'"Infinity"'),
    ],
)
def test_other_scalars_of_numpy_are_sent_as_those_of_python(kind: str, value: Any, text: bytes) -> None:
    assert encode(kind, value).data == text


# Lists


@pytest.mark.parametrize(
    "value",
    [
        [1, 2, 3],
        (1, 2, 3),
        range(1, 4),
        [numpy.int64(1), numpy.int8(2), 3],
        (numpy.array(1), 2, 3),
        memoryview(b"\x01\x02\x03"),
    ],
)
def test_a_list_of_any_type_is_an_embedding_and_a_tensor(value: Any) -> None:
    assert sent(encode("embedding", value)) == [1, 2, 3]
    assert sent(encode("tensor", value)) == {"shape": [3], "data": [1, 2, 3]}
    assert sent(encode("json", {"x": value})) == {"x": [1, 2, 3]}


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ([[1, 2], [3, 4]], (2, 2)),
        (([1, 2], (3, 4)), (2, 2)),
        ([[[1], [2]], [[3], [4]]], (2, 2, 1)),
        ([numpy.array([1, 2]), numpy.array([3, 4])], (2, 2)),
        ({"shape": (2, 2), "data": [1, 2, 3, 4]}, (2, 2)),
        ({"shape": numpy.array([2, 2]), "data": [[1, 2], [3, 4]]}, (2, 2)),
        ({"shape": (2, 2), "data": numpy.array([1, 2, 3, 4])}, (2, 2)),
        ({"shape": (4, 1), "data": numpy.array([[1, 2], [3, 4]])}, (4, 1)),
        ({"shape": [4], "data": range(1, 5)}, (4,)),
    ],
)
def test_a_tensor_is_nested_lists_or_shape_and_data(value: Any, shape: tuple[int, ...]) -> None:
    assert same_array(round_trip("tensor", value), numpy.array([1, 2, 3, 4]).reshape(shape))


@pytest.mark.parametrize("value", [[], [[], []], [[[]]]])
def test_a_tensor_without_numbers_keeps_its_shape(value: Any) -> None:
    assert round_trip("tensor", value).shape == numpy.array(value).shape


@pytest.mark.parametrize("value", [2.5, numpy.float64(2.5), numpy.array(2.5), {"shape": (), "data": 2.5}])
def test_a_number_is_a_tensor_without_dimensions(value: Any) -> None:
    assert same_array(round_trip("tensor", value), numpy.array(2.5))


@pytest.mark.parametrize("size", [3, 3000])
def test_what_is_read_is_an_array_whatever_its_size_and_whoever_set_it(size: int) -> None:
    whole, floats = numpy.arange(size), numpy.arange(size) / 4
    mixed = [*whole.tolist()[:-1], 0.5]
    for kind in ("embedding", "tensor"):
        assert same_array(round_trip(kind, whole.tolist()), whole)
        assert same_array(round_trip(kind, floats.tolist()), floats)
        assert same_array(round_trip(kind, mixed), numpy.array(mixed))
        assert not round_trip(kind, whole).flags.writeable
        assert not round_trip(kind, whole.tolist()).flags.writeable


def test_a_list_of_very_many_numbers_is_sent_in_raw_bytes_and_read_alike() -> None:
    size = values.MAX_JSON_NUMBERS + 1
    for array in (numpy.arange(size), numpy.arange(size) / 4):
        for kind in ("embedding", "tensor"):
            assert encode(kind, array.tolist()) == encode(kind, array)
            assert encode(kind, array[1:].tolist()).array == b""
        assert same_array(round_trip("tensor", {"shape": [1, size], "data": array.tolist()}), array[None])
    assert same_array(round_trip("embedding", [0.5, *range(size)]), numpy.array([0.5, *range(size)]))


def test_integers_of_64_bits_in_lists_keep_every_digit() -> None:
    numbers = [2**63 - 1, -(2**63), 2**53 + 1]
    assert round_trip("embedding", numbers).tolist() == numbers


# Arrays


@pytest.mark.parametrize(
    ("dtype", "read"),
    [
        ("float16", "float32"),
        ("float32", "float32"),
        ("float64", "float64"),
        ("longdouble", "float64"),
        ("int8", "int32"),
        ("int16", "int32"),
        ("int32", "int32"),
        ("int64", "int64"),
        ("uint8", "int32"),
        ("uint16", "int32"),
        ("uint32", "int64"),
        ("uint64", "int64"),
    ],
)
@pytest.mark.parametrize("size", [3, 3000])
@pytest.mark.parametrize("order", ["<", ">"])
def test_an_array_keeps_its_dtype_or_gets_the_next_larger_one(
    dtype: str, read: str, size: int, order: str
) -> None:
    array = (numpy.arange(2 * size) % 100).astype(numpy.dtype(dtype).newbyteorder(order))
    for value in (array[::2], array[::-1], array.reshape(2, size).T):
        if value.ndim == 1:
            assert same_array(round_trip("embedding", value), value.astype(read))
        assert same_array(round_trip("tensor", value), value.astype(read))


@pytest.mark.parametrize("size", [4, 4000])
@pytest.mark.parametrize("make", [lambda array: array, lambda array: array.tolist()], ids=["array", "list"])
def test_a_tensor_with_nan_is_sent_whatever_its_size(size: int, make: Callable[[Any], Any]) -> None:
    array = numpy.arange(size) / 4
    array[1], array[2] = math.nan, -math.inf
    assert same_array(round_trip("tensor", make(array)), array)
    assert same_array(round_trip("tensor", make(array.reshape(2, -1))), array.reshape(2, -1))
    shaped = {"shape": (2, size // 2), "data": make(array)}
    assert same_array(round_trip("tensor", shaped), array.reshape(2, -1))


class Foreign:
    """An array of another library, which numpy can read."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return numpy.array([1.5, 2.5], "float32")


def test_an_array_of_another_library_is_an_array() -> None:
    expected = numpy.array([1.5, 2.5], "float32")
    assert same_array(round_trip("embedding", Foreign()), expected)
    assert same_array(round_trip("tensor", Foreign()), expected)


@pytest.mark.parametrize(("value", "dtype"), [([0.5, 1], "float32"), ([1, 2], "int32"), ([1, 2], "float64")])
def test_a_list_is_read_with_the_agreed_dtype(value: list[float], dtype: str) -> None:
    message = pb.Variable(type="tensor", constraints_json=json.dumps({"dtype": dtype}))
    message.value.CopyFrom(to_any(encode("tensor", value)))
    assert same_array(Variable(message).value, numpy.array(value, dtype))


def test_an_agreed_dtype_that_cannot_represent_the_numbers_does_not_change_them() -> None:
    message = pb.Variable(type="tensor", constraints_json='{"dtype": "float32"}')
    message.value.CopyFrom(to_any(encode("tensor", [1e300])))
    assert Variable(message).value.tolist() == [1e300]


@pytest.mark.parametrize("size", [3, 3000])
def test_the_agreed_dtype_is_the_same_for_small_and_large_values(session: Session, size: int) -> None:
    numbers = numpy.arange(size) / 4
    session.register("w", "tensor", numbers.astype("float32"), constraints={"dtype": "float32"})
    with pytest.raises(BridgeError, match="float32"):
        session.set("w", numbers)
    assert (session.get("w").version, session.get("w").value.dtype) == (1, "float32")
    session.set("w", numbers.tolist())
    assert same_array(session.get("w").value, numbers.astype("float32"))


# Arguments and results of tools


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (numpy.zeros(2), "embedding"),
        (numpy.array([math.nan]), "tensor"),
        (numpy.array([]), "tensor"),
        (numpy.zeros((1, 2)), "tensor"),
        (numpy.float32(1), "float"),
        (numpy.int8(1), "integer"),
        (numpy.bool_(True), "boolean"),
        ([numpy.zeros(2)], "json"),
    ],
)
def test_an_argument_of_numpy_has_the_type_of_its_content(value: Any, kind: str) -> None:
    assert values.kind_of(value) == kind


def test_an_array_in_a_request_without_raw_bytes_is_sent_as_json() -> None:
    assert sent(tool_values.encode(numpy.array([1.5]), as_json=True)) == [1.5]
    tensor = tool_values.encode(numpy.array([[1, 2]]), as_json=True)
    assert sent(tensor) == {"shape": [1, 2], "data": [[1, 2]]}


def test_arguments_of_numpy_reach_a_tool(session: Session) -> None:
    assert session.execute("add", {"a": numpy.float32(0.5), "b": numpy.int64(2)}) == 2.5
    with pytest.raises(TypeError, match="^a: an object of the type set cannot be sent"):
        session.execute("add", {"a": {1}, "b": 2})


def test_a_result_that_snakepit_labels_as_a_string_value_is_its_json() -> None:
    label = "type.googleapis.com/google.protobuf.StringValue"
    for text, value in ((b'{"a": [1, 2.5]}', {"a": [1, 2.5]}), (b'"a"', "a"), (b"null", None)):
        assert tool_values.decode(AnyMessage(type_url=label, value=text)) == value


# What cannot be sent


class Colour(enum.Enum):
    """A value that JSON does not have."""

    RED = "red"


endless: list[Any] = []
endless.append(endless)
deep: list[Any] = []
for _ in range(100_000):
    deep = [deep]


@pytest.mark.parametrize(
    ("kind", "value", "error", "words"),
    [
        pytest.param(
            "integer", 10**5000, ValueError, "an integer of thousands of digits cannot be sent", id="10**5000"
        ),
        ("embedding", [10**5000], ValueError, "an integer of thousands of digits cannot be sent"),
        ("float", Decimal(1), TypeError, "an object of the type Decimal cannot be sent"),
        ("float", 1j, TypeError, "an object of the type complex cannot be sent"),
        (
            "float",
            numpy.zeros(3),
            TypeError,
            "an array of shape (3,) cannot be sent as a value of type",
        ),
        ("string", b"a", TypeError, "an object of the type bytes cannot be sent"),
        ("choice", Colour.RED, TypeError, "an object of the type Colour cannot be sent"),
        ("embedding", {1, 2}, TypeError, "an object of the type set cannot be sent"),
        ("embedding", iter([1]), TypeError, "an object of the type list_iterator cannot be sent"),
        ("embedding", b"ab", TypeError, "an object of the type bytes cannot be sent"),
        ("embedding", [math.nan, "a"], TypeError, "must have numbers only"),
        ("tensor", [[1, 2], [3]], ValueError, "nested lists must have the same length at each level"),
        ("tensor", [1, [2]], ValueError, "nested lists must have either numbers or lists at each level"),
        ("tensor", {"shape": "2", "data": [1]}, TypeError, "a shape must be a list of whole numbers"),
        ("tensor", {"shape": [2], "data": numpy.zeros(3)}, ValueError, "cannot reshape array of size 3"),
        ("tensor", {"shape": [2], "data": [math.nan]}, ValueError, "the data do not match the shape [2]"),
        ("tensor", numpy.array([2**63], "uint64"), ValueError, "convert it with astype('float64')"),
        ("tensor", numpy.array(["a"]), TypeError, "an array of dtype <U1 cannot be sent"),
        ("tensor", numpy.array([True]), TypeError, "to one of float32, float64, int32, int64"),
        ("tensor", numpy.array([1j]), TypeError, "an array of dtype complex128 cannot be sent"),
        ("tensor", numpy.array([None]), TypeError, "an array of dtype object cannot be sent"),
        ("tensor", numpy.ma.masked_array([1, 2], [0, 1]), TypeError, "replace its masked items"),
        ("json", {"a": [math.nan]}, ValueError, "NaN and infinities inside of a list or dict"),
        ("json", numpy.array([math.nan]), ValueError, "NaN and infinities inside of a list or dict"),
        ("json", {(1,): 2}, TypeError, "keys must be str"),
        ("json", endless, ValueError, "a list that contains itself cannot be sent"),
        ("json", deep, ValueError, "lists nested so deep cannot be sent"),
    ],
)
def test_a_value_that_cannot_be_sent_is_an_error_that_names_it(
    kind: str, value: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error) as refused:
        encode(kind, value, "weights")
    assert str(refused.value).startswith("weights: ")
    assert words in str(refused.value)


def test_a_value_that_cannot_be_sent_changes_nothing(session: Session) -> None:
    session.register("x", "float", 0.5)
    session.register("y", "float", 0.5)
    with pytest.raises(TypeError, match="^x: "):
        session.set("x", Decimal(1))
    with pytest.raises(TypeError, match="^y: "):
        session.set_many({"x": 1.0, "y": Decimal(1)})
    with pytest.raises(TypeError, match="^z: "):
        session.register("z", "float", Decimal(1))
    assert [(v.name, v.value, v.version) for v in session.list()] == [("x", 0.5, 1), ("y", 0.5, 1)]


# Without numpy

WITHOUT_NUMPY = """
import sys
sys.modules["numpy"] = None
from varbridge.values import decode, encode, to_any
for kind, value in (("embedding", [1, 2.5]), ("tensor", [[float("nan")]]), ("tensor", ((1, 2), (3, 4)))):
    raw = encode(kind, value)
    try:
        decode(kind, to_any(raw), raw.array)
    except ModuleNotFoundError as error:
        print(error)
print(decode("float", to_any(encode("float", 1))))
"""


def test_lists_are_sent_without_numpy_and_reading_them_says_what_to_install() -> None:
    command = [sys.executable, "-c", WITHOUT_NUMPY]
    lines = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split("\n")
    words = "the value of type {} is a numpy array: pip install 'varbridge[arrays]'"
    assert lines == [*map(words.format, ("embedding", "tensor", "tensor")), "1.0", ""]


def test_raw_bytes_are_little_endian_whatever_sends_them() -> None:
    raw = encode("tensor", [math.inf, 1])
    assert raw.array == struct.pack("<2d", math.inf, 1.0)
