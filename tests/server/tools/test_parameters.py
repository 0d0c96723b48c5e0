"""Reading parameters and writing results."""

from __future__ import annotations

import math
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.errors import FieldViolation, InvalidArgumentError, ResourceExhaustedError
from server.core.jsontext import MAX_ITEMS
from server.core.parameters import STRING_VALUE, bind
from server.core.values import BYTES, JSON, LEGACY_PREFIX, PREFIX, Value
from server.tools.builtin import TOOLS
from server.tools.registry import Registry
from server.tools.results import chunk_of, result_of, value_of
from server.tools.signature import signature_of
from tests.server.core.builders import Sent, sent, sent_binary
from tests.server.tools.builders import train
from varbridge.decorator import Tool


def bound(
    values: dict[str, Sent], arrays: dict[str, bytes] | None = None, of: Tool = train
) -> dict[str, Any]:
    return bind(signature_of(of), values, arrays or {})


def violations(values: dict[str, Sent], arrays: dict[str, bytes] | None = None) -> list[FieldViolation]:
    with pytest.raises(InvalidArgumentError, match="^train: parameter ") as refused:
        bound({"rate": sent("float", 1), "steps": sent("integer", 1)} | values, arrays)
    for violation in refused.value.violations:
        assert f"parameter {violation.field} {violation.description}" in refused.value.message
    return [*refused.value.violations]


# Parameters


def test_parameters_are_read_and_defaults_filled() -> None:
    arguments = bound({"rate": sent("float", 0.5), "steps": sent("integer", 3), "dry": sent("boolean", True)})
    assert arguments == {"rate": 0.5, "steps": 3, "name": "run", "dry": True, "extra": None}


@pytest.mark.parametrize(
    ("kind", "name", "value", "argument"),
    [
        ("integer", "rate", 2, 2.0),
        ("json", "rate", 2, 2.0),
        ("float", "steps", 2.0, 2),
        ("json", "steps", 2, 2),
        ("integer", "steps", 2**63 - 1, 2**63 - 1),
        ("float", "rate", "Infinity", math.inf),
        ("float", "rate", "-Infinity", -math.inf),
        ("json", "rate", "Infinity", math.inf),
        ("choice", "name", "fast", "fast"),
        ("json", "dry", True, True),
        ("json", "extra", {"a": [1, None]}, {"a": [1, None]}),
        ("json", "extra", None, None),
        ("float", "extra", "Infinity", math.inf),
        ("float", "extra", 1, 1.0),
        ("string", "extra", "Infinity", "Infinity"),
        ("embedding", "extra", [1, 2.5], [1, 2.5]),
        ("integer", "extra", "1", "1"),
        ("boolean", "extra", 0, 0),
        ("string", "extra", {"a": 1}, {"a": 1}),
        ("tensor", "extra", {"shape": [1], "data": [1]}, {"shape": [1], "data": [1]}),
    ],
)
def test_what_counts_is_whether_the_value_fits(kind: str, name: str, value: Any, argument: Any) -> None:
    values = {"rate": sent("float", 1), "steps": sent("integer", 1)} | {name: sent(kind, value)}
    argument_read = bound(values)[name]
    assert argument_read == argument
    assert type(argument_read) is type(argument)


def test_a_parameter_that_is_not_a_number_may_come_as_nan() -> None:
    assert math.isnan(bound({"rate": sent("float", "NaN"), "steps": sent("integer", 1)})["rate"])


def test_the_older_form_of_a_type_url_is_read() -> None:
    values = {"rate": Sent(LEGACY_PREFIX + "float", b"1"), "steps": Sent(LEGACY_PREFIX + "integer", b"1")}
    assert bound(values)["rate"] == 1.0


@pytest.mark.parametrize(
    ("name", "message", "description"),
    [
        ("rate", sent("string", "fast"), "must be a number"),
        ("rate", sent("boolean", True), "must be a number"),
        ("rate", sent("json", None), "must be a number"),
        ("rate", sent("json", [1]), "must be a number"),
        ("steps", sent("float", 1.5), "must be a whole number"),
        ("steps", sent("integer", 2**63), "must be an integer"),
        ("steps", sent("boolean", True), "must be an integer"),
        ("name", sent("integer", 1), "must be a string"),
        ("dry", sent("integer", 1), "must be a boolean"),
        ("rate", Sent(PREFIX + "float", b"NaN"), "the value has a bare NaN"),
        ("extra", Sent(PREFIX + "json", b'{"a":1,"a":2}'), "the value has the key 'a' twice"),
        ("extra", Sent(PREFIX + "json", b""), "the value is not valid JSON"),
        ("rate", Sent("", b"1"), "type_url must be"),
        ("rate", Sent("", b""), "type_url must be"),
        ("rate", sent("real", 1), "type_url names no type"),
        ("extra", sent("real", 1), "type_url names no type"),
        ("extra", sent("json.binary", {}), "type_url names no type"),
        ("extra", sent_binary("float", [1], "float64"), "cannot be binary"),
        ("rate", sent_binary("tensor", [1], "float64"), "the value is of type tensor.binary"),
        ("extra", sent_binary("tensor", [1], "float64"), "data size doesn't match shape"),
    ],
)
def test_a_parameter_of_another_type_is_refused(name: str, message: Sent, description: str) -> None:
    (violation,) = violations({name: message})
    assert violation.field == name
    assert description in violation.description


@pytest.mark.parametrize("name", ["rate", "dry", "extra"])
def test_bytes_with_a_value_in_json_are_refused(name: str) -> None:
    assert violations({name: sent("json", name != "rate" or 1)}, {name: b"x"}) == [
        FieldViolation(name, "bytes need a type_url that ends in .binary")
    ]


def test_bytes_without_a_value_are_for_parameters_of_any_type() -> None:
    assert violations({}, {"name": b"x"}) == [FieldViolation("name", "has bytes and no value")]
    required = {"rate": sent("float", 1.5), "steps": sent("integer", 1)}
    assert bound(required, {"extra": b"\x80\x04"})["extra"] == b"\x80\x04"


@pytest.mark.parametrize(
    ("name", "json", "value"),
    [("rate", b"2", 2.0), ("name", b'"x"', "x"), ("extra", b'{"a": [1]}', {"a": [1]})],
)
def test_arguments_labelled_as_by_snakepit_are_json(name: str, json: bytes, value: object) -> None:
    required = {"rate": sent("float", 1.5), "steps": sent("integer", 1)}
    assert bound(required | {name: Sent(STRING_VALUE, json)})[name] == value


def test_arguments_labelled_as_by_snakepit_are_checked() -> None:
    (violation,) = violations({"rate": Sent(STRING_VALUE, b'"fast"')})
    assert violation == FieldViolation("rate", "must be a number")


def test_everything_that_is_wrong_is_reported_at_once() -> None:
    with pytest.raises(InvalidArgumentError) as refused:
        bound(
            {"rate": sent("string", "x"), "dry": sent("integer", 0), "step": sent("integer", 1)},
            {"speed": b"x"},
        )
    assert [(violation.field, violation.description) for violation in refused.value.violations] == [
        ("speed", "is unknown"),
        ("step", "is unknown"),
        ("rate", "must be a number"),
        ("steps", "is required"),
        ("dry", "must be a boolean"),
    ]


def test_a_binary_array_arrives_as_an_array() -> None:
    array = numpy.array([[1.5, math.nan]], "<f4")
    values = {"rate": sent("float", 1), "steps": sent("integer", 1)}
    values["extra"] = sent_binary("tensor", [1, 2], "float32")
    received = bound(values, {"extra": array.tobytes()})["extra"]
    assert (received.dtype, received.shape, received.tobytes()) == (array.dtype, array.shape, array.tobytes())


# Results


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (1.0, "float", "1.0"),
        (-0.0, "float", "-0.0"),
        (math.nan, "float", '"NaN"'),
        (math.inf, "float", '"Infinity"'),
        (-math.inf, "float", '"-Infinity"'),
        (1, "integer", "1"),
        (2**63 - 1, "integer", "9223372036854775807"),
        (-(2**63), "integer", "-9223372036854775808"),
        (2**63, "json", "9223372036854775808"),
        (True, "boolean", "true"),
        ("é", "string", '"é"'),
        (None, "json", "null"),
        ([1, "a"], "json", '[1,"a"]'),
        ({"a": 1.5}, "json", '{"a":1.5}'),
    ],
)
def test_a_result_is_of_a_type_where_there_is_one_and_json_else(answer: Any, kind: str, text: str) -> None:
    value = result_of(answer)
    assert (value.kind, value.data.decode(), value.array) == (kind, text, b"")


@pytest.mark.parametrize(
    ("answer", "kind", "data"),
    [
        (numpy.float32(0.5), "float", b"0.5"),
        (numpy.float64("nan"), "float", b'"NaN"'),
        (numpy.longdouble(0.5), "float", b"0.5"),
        (numpy.int8(1), "integer", b"1"),
        (numpy.bool_(True), "boolean", b"true"),
        (numpy.array(0.5), "float", b"0.5"),
        (numpy.array([[1, 2]]), "json", b"[[1,2]]"),
        (numpy.array([1.5], "longdouble"), "json", b"[1.5]"),
        ([numpy.float32(0.5)], "json", b"[0.5]"),
        ({"loss": numpy.float32(0.5), "steps": numpy.arange(2)}, "json", b'{"loss":0.5,"steps":[0,1]}'),
    ],
)
def test_a_result_of_numpy_is_that_of_its_numbers(answer: Any, kind: str, data: bytes) -> None:
    assert result_of(answer) == Value(kind, data)


def test_a_chunk_of_numpy_is_that_of_its_numbers() -> None:
    chunk = chunk_of({"loss": numpy.float32(0.5), "steps": numpy.arange(2)})
    assert chunk == Value(JSON, b'{"loss":0.5,"steps":[0,1]}')


@pytest.mark.parametrize("answer", [b"0.5", bytearray(b"0.5"), memoryview(b"0.5")])
def test_bytes_are_a_result_and_a_chunk_as_they_are_and_no_value(answer: Any) -> None:
    assert result_of(answer) == chunk_of(answer) == Value(BYTES, b"0.5")
    with pytest.raises(TypeError, match="not JSON serializable"):
        value_of(answer)


@given(st.floats() | st.integers(-(2**70), 2**70) | st.text() | st.booleans() | st.none())
def test_a_result_is_what_a_parameter_takes(answer: Any) -> None:
    value = result_of(answer)
    values = {"rate": sent("float", 1), "steps": sent("integer", 1)}
    values["extra"] = Sent(PREFIX + value.kind, value.data)
    assert repr(bound(values)["extra"]) == repr(answer)


@pytest.mark.parametrize("answer", [object(), {1, 2}, [b"raw"], [math.nan], {"a": math.inf}, "\ud800"])
def test_an_answer_that_json_cannot_say_fails(answer: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        result_of(answer)


@pytest.mark.parametrize("name", [tool.name for tool in TOOLS])
def test_the_defaults_of_the_tools_that_come_with_the_server_are_values(name: str) -> None:
    for parameter in Registry(TOOLS).find(name).parameters:
        if not parameter.required:
            assert value_of(parameter.default).native() == parameter.default


def test_arguments_whose_arrays_take_long_together_are_refused() -> None:
    values = {name: sent("json", [0] * (MAX_ITEMS // 2)) for name in ("a", "b", "c")}
    with pytest.raises(ResourceExhaustedError, match="commas and brackets"):
        bound(values)
    assert bound({"rate": sent("float", 1), "steps": sent("integer", 1), "extra": values["a"]})
