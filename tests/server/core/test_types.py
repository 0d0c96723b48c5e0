"""The eight types: what each accepts, in which form it keeps it, and what it refuses with which words."""

from __future__ import annotations

import json
import math
import struct
import tracemalloc
from typing import Any

import numpy
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from server.core.constraints import NoConstraints
from server.core.errors import InvalidArgumentError
from server.core.types import TYPES, type_named
from server.core.values import BINARY, LEGACY_PREFIX, PREFIX, Value, read_value
from tests.server.core.builders import Sent, sent, sent_binary

FORMATS = {"float32": "<f4", "float64": "<f8", "int32": "<i4", "int64": "<i8"}

dtypes = st.sampled_from([*FORMATS])
shapes = st.lists(st.integers(0, 4), max_size=4)


def read(kind: str, given: Sent | None, array: bytes = b"") -> Value:
    return read_value(given, array, TYPES[kind], NoConstraints(), "value")


def read_text(kind: str, text: str) -> Value:
    return read(kind, Sent(PREFIX + kind, text.encode()))


def bits(number: float) -> bytes:
    return struct.pack("<d", number)


def test_there_are_eight_types() -> None:
    assert [*TYPES] == ["float", "integer", "string", "boolean", "choice", "module", "embedding", "tensor"]


@pytest.mark.parametrize("name", ["", "int", "Float", "list"])
def test_another_type_is_refused_with_the_eight_named(name: str) -> None:
    with pytest.raises(InvalidArgumentError, match="float, integer, .* tensor") as refused:
        type_named(name)
    assert [violation.field for violation in refused.value.violations] == ["type"]


@pytest.mark.parametrize(
    ("kind", "text", "kept"),
    [
        ("float", "0.1", "0.1"),
        ("float", "1", "1.0"),
        ("float", " 1e0 ", "1.0"),
        ("float", "-0.0", "-0.0"),
        ("float", "-0", "-0.0"),
        ("float", "5e-324", "5e-324"),
        ("float", "9007199254740993", "9007199254740992.0"),
        ("float", '"NaN"', '"NaN"'),
        ("float", '"Infinity"', '"Infinity"'),
        ("float", r'"-Infinit\u0079"', '"-Infinity"'),
        ("integer", "42", "42"),
        ("integer", "42.0", "42"),
        ("integer", "4.2e1", "42"),
        ("integer", "-0", "0"),
        ("integer", "-0.0", "0"),
        ("integer", "9007199254740993.0", "9007199254740993"),
        ("integer", "9223372036854775807.0", "9223372036854775807"),
        ("integer", "-9223372036854775808", "-9223372036854775808"),
        ("string", '""', '""'),
        ("string", r'"\u00e9\n"', '"é\\n"'),
        ("string", '"NaN"', '"NaN"'),
        ("boolean", "true", "true"),
        ("boolean", " false", "false"),
        ("choice", '"gpt-4"', '"gpt-4"'),
        ("module", '"json.tool"', '"json.tool"'),
        ("embedding", "[1, 2.0]", "[1, 2.0]"),
        ("tensor", '{"shape": [2, 1], "data": [[1], [2]]}', '{"shape": [2, 1], "data": [[1], [2]]}'),
        ("tensor", '{"shape":[2,1],"data":[1,2]}', '{"shape":[2,1],"data":[1,2]}'),
        ("tensor", '{"shape":[],"data":1.5}', '{"shape":[],"data":1.5}'),
        ("tensor", '{"shape":[2,0],"data":[[],[]]}', '{"shape":[2,0],"data":[[],[]]}'),
        (
            "tensor",
            '{"shape":[1],"data":[3],"dtype":"int32"}',
            '{"shape":[1],"data":[3],"dtype":"int32"}',
        ),
    ],
)
def test_what_is_accepted_and_how_it_is_kept(kind: str, text: str, kept: str) -> None:
    assert read_text(kind, text) == Value(kind, kept.encode())


@pytest.mark.parametrize(
    ("kind", "text", "phrase"),
    [
        ("float", "true", "must be a number"),
        ("float", "null", "must be a number"),
        ("float", '"0.5"', "must be a number"),
        ("float", '"nan"', "must be a number"),
        ("float", '"inf"', "must be a number"),
        ("float", "[1]", "must be a number"),
        ("integer", "42.5", "must be a whole number"),
        ("integer", "5e-324", "must be a whole number"),
        ("integer", "1e-999999999999999999999", "must be a whole number"),
        ("integer", "9223372036854775808", "must be an integer"),
        ("integer", "-9223372036854775809", "must be an integer"),
        ("integer", "9223372036854775808.0", "must be an integer"),
        ("integer", "1e300", "must be an integer"),
        ("integer", "true", "must be an integer"),
        ("integer", '"42"', "must be an integer"),
        ("integer", '"NaN"', "must be an integer"),
        ("integer", "null", "must be an integer"),
        ("string", "null", "must be a string"),
        ("string", "42", "must be a string"),
        ("string", '["a"]', "must be a string"),
        ("boolean", "0", "must be a boolean"),
        ("boolean", "1", "must be a boolean"),
        ("boolean", '"true"', "must be a boolean"),
        ("boolean", "null", "must be a boolean"),
        ("choice", "1", "must be one of"),
        ("choice", "null", "must be one of"),
        ("module", "1", "must be one of the allowed modules"),
        ("module", "null", "must be one of the allowed modules"),
        ("embedding", "[]", "must be a list of numbers"),
        ("embedding", "[true]", "must be a list of numbers"),
        ("embedding", '["1"]', "must be a list of numbers"),
        ("embedding", '["NaN"]', "must be a list of numbers"),
        ("embedding", "[[1]]", "must be a list of numbers"),
        ("embedding", "1", "must be a list of numbers"),
        ("embedding", '{"shape":[1],"data":[1]}', "must be a list of numbers"),
        ("embedding", "[1, 1e400]", "beyond the range of a double"),
        ("tensor", "[1]", "must be a tensor with shape and data"),
        ("tensor", "null", "must be a tensor with shape and data"),
        ("tensor", '{"shape":[1]}', "must be a tensor with shape and data"),
        ("tensor", '{"data":[1]}', "must be a tensor with shape and data"),
        ("tensor", '{"shape":[1],"data":[1],"more":1}', "must be a tensor with shape and data"),
        ("tensor", '{"shape":1,"data":[1]}', "must be a tensor with shape and data"),
        ("tensor", '{"shape":[-1],"data":[1]}', "must be a tensor with shape and data"),
        ("tensor", '{"shape":[1.0],"data":[1]}', "must be a tensor with shape and data"),
        ("tensor", '{"shape":[true],"data":[1]}', "must be a tensor with shape and data"),
        ("tensor", '{"shape":[1],"data":[true]}', "must be a tensor with shape and data"),
        ("tensor", '{"shape":[1],"data":["NaN"]}', "must be a tensor with shape and data"),
        ("tensor", '{"shape":[1],"data":null}', "must be a tensor with shape and data"),
        ("tensor", '{"shape":[1],"data":1}', "must be a tensor with shape and data"),
        ("tensor", '{"shape":[],"data":true}', "must be a tensor with shape and data"),
        ("tensor", '{"shape":[2],"data":[1]}', "data size doesn't match shape"),
        ("tensor", '{"shape":[0],"data":[1]}', "data size doesn't match shape"),
        ("tensor", '{"shape":[],"data":[1,2]}', "data size doesn't match shape"),
        ("tensor", '{"shape":[2,2],"data":[[1,2],[3]]}', "data size doesn't match shape"),
        ("tensor", '{"shape":[2,2],"data":[[1,2],[3,[4]]]}', "tensor|data size doesn't match shape"),
        ("tensor", '{"shape":[2,3],"data":[[1,2],[3,4],[5,6]]}', "data size doesn't match shape"),
        ("tensor", '{"shape":[1],"data":[[1]]}', "data size doesn't match shape"),
        ("tensor", '{"shape":[4611686018427387904,4],"data":[]}', "data size doesn't match shape"),
        ("tensor", '{"shape":[1],"data":[1],"dtype":"int8"}', "dtype must be"),
        ("tensor", '{"shape":[1],"data":[1],"dtype":["int32"]}', "dtype must be"),
        ("tensor", '{"shape":[1],"data":[1.5],"dtype":"int32"}', "each number a int32"),
        ("tensor", '{"shape":[1],"data":[2147483648],"dtype":"int32"}', "each number a int32"),
        ("string", '"a', "not valid JSON"),
        ("boolean", "True", "not valid JSON"),
        ("float", "NaN", "bare NaN"),
    ],
)
def test_what_is_refused_and_with_which_phrase(kind: str, text: str, phrase: str) -> None:
    with pytest.raises(InvalidArgumentError, match=phrase) as refused:
        read_text(kind, text)
    assert [violation.field for violation in refused.value.violations] == ["value"]
    assert str(refused.value).startswith("value: ")


@pytest.mark.parametrize("kind", [*TYPES])
def test_a_missing_value_is_refused(kind: str) -> None:
    for nothing in (None, Sent("", b"")):
        with pytest.raises(InvalidArgumentError, match="value: a value is required"):
            read(kind, nothing)
    with pytest.raises(InvalidArgumentError, match="not valid JSON"):
        read(kind, Sent(PREFIX + kind, b""))


@pytest.mark.parametrize(
    ("type_url", "reason"),
    [
        ("", "type_url must be"),
        ("float", "type_url must be"),
        ("type.googleapis.com/google.protobuf.StringValue", "type_url must be"),
        (PREFIX, "names no type"),
        (PREFIX + "number", "names no type"),
        (PREFIX + "Float", "names no type"),
        (PREFIX + "float ", "names no type"),
        (PREFIX + "integer", "the value is of type integer, the variable of type float"),
        (LEGACY_PREFIX + "string", "the value is of type string, the variable of type float"),
        (PREFIX + "tensor.binary", "the value is of type tensor.binary, the variable of type float"),
        (PREFIX + "float.binary", "cannot be binary"),
    ],
)
def test_a_type_url_that_names_another_type_or_none_is_refused(type_url: str, reason: str) -> None:
    with pytest.raises(InvalidArgumentError, match=reason):
        read("float", Sent(type_url, b"1.0"))


def test_the_older_form_of_a_type_url_is_read() -> None:
    assert read("float", Sent(LEGACY_PREFIX + "float", b"1")) == Value("float", b"1.0")


@given(st.floats())
def test_every_double_comes_back_bit_for_bit(number: float) -> None:
    special = {math.inf: "Infinity", -math.inf: "-Infinity"}
    back = read("float", sent("float", "NaN" if math.isnan(number) else special.get(number, number))).native()
    assert type(back) is float
    assert math.isnan(back) if math.isnan(number) else bits(back) == bits(number)


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["{:.17g}", "{:.16e}", "{:.1100f}"]))
def test_a_double_comes_back_however_it_is_written(number: float, form: str) -> None:
    # C's and Go's way to write -0.0 is -0, which is an integer to Python.
    assert bits(read_text("float", form.format(number)).native()) == bits(number)


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from(["{}", "{}.0", "{}e0", "{}.00E+0"]))
def test_every_64_bit_integer_comes_back_however_it_is_written(number: int, form: str) -> None:
    value = read_text("integer", form.format(number))
    assert value.data == str(number).encode()
    assert value.native() == number
    assert type(value.native()) is int


@given(st.integers(2**63, 2**70) | st.integers(-(2**70), -(2**63) - 1))
def test_an_integer_beyond_64_bits_is_refused(number: int) -> None:
    for form in ("{}", "{}.0"):
        with pytest.raises(InvalidArgumentError, match="must be an integer"):
            read_text("integer", form.format(number))


@given(st.text())
def test_every_text_comes_back(text: str) -> None:
    for kind in ("string", "choice", "module"):
        assert read(kind, sent(kind, text)).native() == text


@given(st.lists(st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_an_embedding_comes_back_as_it_was_given(numbers: list[float]) -> None:
    assert repr(read("embedding", sent("embedding", numbers)).native()) == repr(numbers)


def filled(shape: list[int], numbers: Any) -> Any:
    return [filled(shape[1:], numbers) for _ in range(shape[0])] if shape else next(numbers)


@given(shapes, st.booleans())
def test_a_tensor_keeps_its_nesting(shape: list[int], flat: bool) -> None:
    count = math.prod(shape)
    data = [*range(count)] if flat else filled(shape, iter(range(count)))
    given = {"shape": shape, "data": data}
    assert read("tensor", sent("tensor", given)).native() == given


@given(shapes, shapes)
def test_nested_data_of_another_shape_is_refused(shape: list[int], other: list[int]) -> None:
    data = numpy.zeros(other).tolist()
    assume(data != numpy.zeros(shape).tolist())
    assume(data != [0.0] * math.prod(shape))  # flat
    with pytest.raises(InvalidArgumentError, match="data size doesn't match shape|must be a tensor"):
        read("tensor", sent("tensor", {"shape": shape, "data": data}))


@given(shapes, dtypes, st.data())
def test_a_binary_tensor_comes_back_byte_for_byte(shape: list[int], dtype: str, data: st.DataObject) -> None:
    size = math.prod(shape) * numpy.dtype(dtype).itemsize
    array = data.draw(st.binary(min_size=size, max_size=size))
    header = sent_binary("tensor", shape, dtype)
    value = read("tensor", header, array)
    assert value == Value("tensor" + BINARY, header.value, array)
    native = value.native()
    assert (native.dtype, [*native.shape], native.tobytes()) == (numpy.dtype(FORMATS[dtype]), shape, array)


@given(dtypes, st.data())
def test_a_binary_embedding_is_accepted_if_all_of_it_is_finite(dtype: str, data: st.DataObject) -> None:
    form = {"float32": "f", "float64": "d", "int32": "i", "int64": "q"}[dtype]
    size = data.draw(st.integers(1, 5)) * struct.calcsize("<" + form)
    array = data.draw(st.binary(min_size=size, max_size=size) | st.just(b"\x00\x00\x80\x7f" * (size // 4)))
    length = size // struct.calcsize("<" + form)
    header = sent_binary("embedding", [length], dtype)
    if all(math.isfinite(number) for number in struct.unpack(f"<{length}{form}", array)):
        assert read("embedding", header, array) == Value("embedding" + BINARY, header.value, array)
    else:
        with pytest.raises(InvalidArgumentError, match="must be a list of numbers, all of them finite"):
            read("embedding", header, array)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_binary_tensor_may_hold_what_an_embedding_may_not(dtype: str, number: float) -> None:
    array = numpy.array([0, number], FORMATS[dtype]).tobytes()
    assert read("tensor", sent_binary("tensor", [2], dtype), array).array == array
    with pytest.raises(InvalidArgumentError, match="finite"):
        read("embedding", sent_binary("embedding", [2], dtype), array)


@pytest.mark.parametrize("shape", [[], [0], [2, 2], [4, 1]])
def test_a_binary_embedding_of_another_shape_than_one_dimension_is_refused(shape: list[int]) -> None:
    array = bytes(4 * math.prod(shape))
    assert read("tensor", sent_binary("tensor", shape, "float32"), array).array == array
    with pytest.raises(InvalidArgumentError, match="must be a list of numbers: one dimension, not empty"):
        read("embedding", sent_binary("embedding", shape, "float32"), array)


@given(shapes, dtypes, st.integers(-9, 9).filter(bool))
def test_a_wrong_number_of_bytes_is_refused(shape: list[int], dtype: str, error: int) -> None:
    length = math.prod(shape) * numpy.dtype(dtype).itemsize + error
    assume(length >= 0)
    with pytest.raises(InvalidArgumentError, match=f"data size doesn't match shape: {length} bytes given"):
        read("tensor", sent_binary("tensor", shape, dtype), bytes(length))


@pytest.mark.parametrize(
    "shape",
    [
        [2**61, 8],  # 2^64 items: 0 in 64 bits
        [2**62, 1],  # 2^64 bytes: 0 in 64 bits
        [2**63 - 1] * 64,
        [10**12],
        [65536, 65536, 65536, 65536],
    ],
)
@pytest.mark.parametrize("array", [b"", bytes(8)])
def test_a_huge_shape_is_refused_before_anything_is_allocated(shape: list[int], array: bytes) -> None:
    header = sent_binary("tensor", shape, "float32")
    tracemalloc.start()
    try:
        with pytest.raises(InvalidArgumentError, match="data size doesn't match shape"):
            read("tensor", header, array)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"binary_format": "pickle"}, "binary_format must be 'raw'"),
        ({"binary_format": "erlang_binary"}, "binary_format must be 'raw'"),
        ({"binary_format": "RAW"}, "binary_format must be 'raw'"),
        ({"binary_format": None}, "binary_format must be 'raw'"),
        ({"binary_format": ["raw"]}, "binary_format must be 'raw'"),
        ({"type": "embedding"}, "must have type 'tensor'"),
        ({"type": None}, "must have type 'tensor'"),
        ({"dtype": "int8"}, "dtype must be one of"),
        ({"dtype": "<f4"}, "dtype must be one of"),
        ({"dtype": "object"}, "dtype must be one of"),
        ({"dtype": ["float32"]}, "dtype must be one of"),
        ({"shape": [2.0]}, "shape must be a list"),
        ({"shape": [-2]}, "shape must be a list"),
        ({"shape": [True, 2]}, "shape must be a list"),
        ({"shape": [2**63]}, "shape must be a list"),
        ({"shape": 2}, "shape must be a list"),
        ({"shape": None}, "shape must be a list"),
        ({"shape": [1] * 65}, "shape must be a list"),
        ({"order": "F"}, "unknown key 'order'"),
    ],
)
def test_a_binary_header_that_says_something_else_is_refused(change: dict[str, Any], reason: str) -> None:
    header = json.loads(sent_binary("tensor", [2], "float32").value) | change
    with pytest.raises(InvalidArgumentError, match=reason):
        read("tensor", sent("tensor.binary", header), bytes(8))


@pytest.mark.parametrize(
    "header", [b"", b"[]", b"null", b"{", b"\x80\x04N.", b'{"type":"tensor","type":"x"}']
)
def test_a_binary_header_that_is_no_object_is_refused(header: bytes) -> None:
    with pytest.raises(InvalidArgumentError, match="the binary header"):
        read("tensor", Sent(PREFIX + "tensor.binary", header), b"")


@pytest.mark.parametrize("missing", ["type", "shape", "dtype", "binary_format"])
def test_a_binary_header_without_one_of_its_keys_is_refused(missing: str) -> None:
    header = json.loads(sent_binary("tensor", [2], "float32").value)
    del header[missing]
    with pytest.raises(InvalidArgumentError):
        read("tensor", sent("tensor.binary", header), bytes(8))


@pytest.mark.parametrize("kind", [kind for kind in TYPES if kind not in ("embedding", "tensor")])
def test_only_embeddings_and_tensors_are_binary(kind: str) -> None:
    with pytest.raises(InvalidArgumentError, match=f"a value of type {kind} cannot be binary"):
        read(kind, sent_binary(kind, [2], "float32"), bytes(8))


@pytest.mark.parametrize("kind", [*TYPES])
def test_bytes_beside_a_value_in_json_are_refused(kind: str) -> None:
    with pytest.raises(InvalidArgumentError, match=r"bytes need a type_url that ends in \.binary"):
        read(kind, sent(kind, [1]), bytes(8))
