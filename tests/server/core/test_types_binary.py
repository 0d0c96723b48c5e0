"""Arrays as raw bytes: accepted values, and the messages of refusals."""

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

from server.core.errors import InvalidArgumentError
from server.core.types import TYPES
from server.core.values import BINARY, PREFIX, Value
from tests.server.core.builders import Sent, sent, sent_binary
from tests.server.core.type_builders import read, shapes

FORMATS = {"float32": "<f4", "float64": "<f8", "int32": "<i4", "int64": "<i8"}

dtypes = st.sampled_from([*FORMATS])


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
def test_a_binary_header_that_is_not_an_object_is_refused(header: bytes) -> None:
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
