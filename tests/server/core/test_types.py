"""The eight types in JSON: accepted values, their canonical form, and refusals."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from server.core.errors import InvalidArgumentError, ResourceExhaustedError
from server.core.types import TYPES, type_named
from server.core.values import LEGACY_PREFIX, PREFIX, Value
from tests.server.core.builders import Sent, sent
from tests.server.core.type_builders import read, shapes


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
    ("kind", "text", "canonical"),
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
def test_accepted_values_and_their_canonical_form(kind: str, text: str, canonical: str) -> None:
    assert read_text(kind, text) == Value(kind, canonical.encode())


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
    # C and Go write -0.0 as -0, which Python parses as an integer.
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
    tensor = {"shape": shape, "data": data}
    assert read("tensor", sent("tensor", tensor)).native() == tensor


@given(shapes, shapes)
def test_nested_data_of_another_shape_is_refused(shape: list[int], other: list[int]) -> None:
    data = numpy.zeros(other).tolist()
    assume(data != numpy.zeros(shape).tolist())
    assume(data != [0.0] * math.prod(shape))  # flat
    with pytest.raises(InvalidArgumentError, match="data size doesn't match shape|must be a tensor"):
        read("tensor", sent("tensor", {"shape": shape, "data": data}))


@pytest.mark.parametrize("content", ["", "é" * 30_000, "\x7f\u2028" * 20_000])
def test_a_large_plain_text_is_read_without_parsing(content: str) -> None:
    data = f'"{content}{"x" * 60_000}"'
    assert read_text("string", data).data == data.encode()


@pytest.mark.parametrize("fault", ["\n", "\x00", '"', "\\x", "\\ud800", b"\xff", b"\xed\xa0\x80"])
def test_a_large_text_that_is_not_json_is_refused(fault: str | bytes) -> None:
    content = fault if isinstance(fault, bytes) else fault.encode()
    with pytest.raises(InvalidArgumentError):
        read("string", Sent(PREFIX + "string", b'"' + content + b"x" * 60_000 + b'"'))


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("string", b'"' + b"\\n" * 2**23 + b'x"'),
        ("embedding", b"[" + b"1," * 2**21 + b"1]"),
        ("tensor", b'{"shape":[1],"data":[' + b" " * 2**22 + b"1]}"),
        ("float", b"[" + b"[]," * 2**20 + b"[]]"),
    ],
)
def test_what_would_take_long_to_parse_is_refused(kind: str, data: bytes) -> None:
    with pytest.raises(
        ResourceExhaustedError, match="send it as raw bytes|send large arrays|a text with escapes"
    ):
        read(kind, Sent(PREFIX + kind, data))
