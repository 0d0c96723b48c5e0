"""Tests of replies that the client reads: both forms of values, malformed ones, and variables."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from varbridge.errors import MalformedReplyError
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.values import Raw, decode
from varbridge.variable import Variable
from varbridge.wire import LEGACY_PREFIX, PREFIX


def reply(kind: str, text: str | bytes, prefix: str = PREFIX) -> AnyMessage:
    return AnyMessage(type_url=prefix + kind, value=text.encode() if isinstance(text, str) else text)


def header(kind: str = "tensor", shape: Any = (2,), dtype: Any = "float32", **more: Any) -> AnyMessage:
    fields = {"type": kind, "shape": shape, "dtype": dtype, "binary_format": "raw"} | more
    return reply(kind + ".binary", json.dumps(fields))


# Replies


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("float", "1", 1.0),
        ("float", "1e2", 100.0),
        ("float", '"Infinity"', math.inf),
        ("integer", "9223372036854775807", 2**63 - 1),
        ("string", ' "a" ', "a"),
    ],
)
@pytest.mark.parametrize("prefix", [PREFIX, LEGACY_PREFIX])
def test_a_reply_in_either_form_is_read(kind: str, text: str, value: Any, prefix: str) -> None:
    decoded = decode(kind, reply(kind, text, prefix))
    assert decoded == value
    assert type(decoded) is type(value)


@pytest.mark.parametrize(
    ("kind", "text", "numbers", "dtype"),
    [
        ("embedding", "[1, 2.5]", [1.0, 2.5], "float64"),
        ("embedding", "[1, -2]", [1, -2], "int64"),
        ("embedding", "[9223372036854775808]", [2.0**63], "float64"),
        ("embedding", "[]", [], "float64"),
        ("tensor", '{"shape":[2,1],"data":[[1],[2]]}', [[1], [2]], "int64"),
        ("tensor", '{"shape":[2,1],"data":[1,2]}', [[1], [2]], "int64"),
        ("tensor", '{"shape":[],"data":1.5}', 1.5, "float64"),
        ("tensor", '{"shape":[0],"data":[]}', [], "float64"),
        ("tensor", '{"shape":[1],"data":[1],"dtype":"float32"}', [1.0], "float32"),
    ],
)
@pytest.mark.parametrize("prefix", [PREFIX, LEGACY_PREFIX])
def test_an_array_in_json_is_read_as_an_array(
    kind: str, text: str, numbers: Any, dtype: str, prefix: str
) -> None:
    decoded = decode(kind, reply(kind, text, prefix))
    assert (decoded.tolist(), decoded.dtype.name) == (numbers, dtype)
    assert repr(decoded.tolist()) == repr(numbers)


@pytest.mark.parametrize(
    ("kind", "message"),
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
        ("tensor", reply("tensor", '{"shape":1,"data":[1]}')),
        ("tensor", reply("tensor", '{"shape":[-1],"data":[1]}')),
        ("tensor", reply("tensor", '{"shape":[2],"data":[1]}')),
        ("tensor", reply("tensor", '{"shape":[2,2],"data":[[1,2],[3]]}')),
        ("tensor", reply("tensor", '{"shape":[1],"data":[true]}')),
        ("tensor", reply("tensor", '{"shape":[1],"data":1}')),
        ("embedding", reply("embedding", "[[1]]")),
        ("tensor", reply("tensor", '{"shape":[1],"data":[Infinity]}')),
        ("tensor", reply("tensor", "[" * 100_000)),
        ("json", reply("json", '{"a": NaN}')),
    ],
)
def test_a_reply_without_a_value_of_the_type_is_malformed(kind: str, message: AnyMessage) -> None:
    with pytest.raises(MalformedReplyError):
        decode(kind, message)


@pytest.mark.parametrize(
    ("message", "array"),
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
def test_an_inconsistent_binary_reply_is_malformed(message: AnyMessage, array: bytes) -> None:
    with pytest.raises(MalformedReplyError):
        decode("tensor", message, array)


kinds = st.sampled_from(["float", "integer", "string", "boolean", "embedding", "tensor"])


@given(kinds, st.sampled_from(["", ".binary"]), st.binary(max_size=20))
def test_a_reply_of_any_bytes_is_a_value_or_malformed(kind: str, form: str, data: bytes) -> None:
    with contextlib.suppress(MalformedReplyError):
        decode(kind, reply(kind + form, data))


# Variables


def test_a_variable_has_the_contents_of_its_message() -> None:
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
    ("message", "read"),
    [
        (pb.Variable(source=7), lambda variable: variable.source),  # type: ignore[arg-type]  # an unknown number
        (pb.Variable(constraints_json="{"), lambda variable: variable.constraints),
        (pb.Variable(last_updated_at=Timestamp(nanos=-1)), lambda variable: variable.updated_at),
        (pb.Variable(last_updated_at=Timestamp(seconds=2**62)), lambda variable: variable.updated_at),
    ],
)
def test_a_malformed_field_of_a_variable_is_refused(
    message: pb.Variable, read: Callable[[Variable], object]
) -> None:
    with pytest.raises(MalformedReplyError):
        read(Variable(message))
