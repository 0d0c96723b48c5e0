"""Tests of the judge's own conversion of values: what it sends, and the form in which it reads."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import numpy
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage

from varbridge import Update, Variable
from varbridge.conformance.vocabulary.encoding import (
    decode,
    encode,
    encode_arguments,
    raw_array,
    read_previous,
    read_value,
)
from varbridge.errors import MalformedReplyError
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.wire import PREFIX, Raw, to_any


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("float", 1.5, b"1.5"),
        ("float", -0.0, b"-0.0"),
        ("float", 3, b"3"),
        ("float", math.nan, b'"NaN"'),
        ("float", -math.inf, b'"-Infinity"'),
        ("integer", 2**63, b"9223372036854775808"),
        ("string", 'é"\ud800', b'"\xc3\xa9\\"\xed\xa0\x80"'),
        ("json", {"a": [1, None, True]}, b'{"a":[1,null,true]}'),
        ("json", [math.nan], b"[NaN]"),
    ],
)
def test_a_value_is_sent_as_its_json(kind: str, value: Any, text: bytes) -> None:
    assert encode(kind, value) == Raw(PREFIX + kind, text)


@pytest.mark.parametrize("size", [2, 3000])
def test_a_list_is_sent_as_json_whatever_its_size(size: int) -> None:
    numbers = [0.5] * size
    assert json.loads(encode("embedding", numbers).data) == numbers


def test_an_argument_of_a_tool_has_the_type_of_its_json() -> None:
    raw = Raw("anything", b"{")
    arguments = {"a": 1, "b": 0.5, "c": True, "d": "x", "e": [1], "f": None, "g": raw}
    kinds = {name: sent.type_url.removeprefix(PREFIX) for name, sent in encode_arguments(arguments).items()}
    assert [*kinds.values()] == ["integer", "float", "boolean", "string", "json", "json", "anything"]
    assert encode_arguments(arguments)["g"] is raw


def test_an_array_is_sent_as_raw_bytes() -> None:
    raw = raw_array("tensor", numpy.array([[1, 2]], ">i4"))
    header = b'{"type":"tensor","shape":[1,2],"dtype":"int32","binary_format":"raw"}'
    assert raw == Raw(PREFIX + "tensor.binary", header, struct.pack("<2i", 1, 2))


@pytest.mark.parametrize(
    ("kind", "value"),
    [("embedding", [1, 2.5]), ("tensor", {"shape": [1], "data": [1]}), ("float", 1.0), ("integer", 1)],
)
def test_a_value_in_json_is_read_as_its_json(kind: str, value: Any) -> None:
    message = pb.Variable(type=kind, value=to_any(encode(kind, value)))
    assert repr(read_value(Variable(message))) == repr(value)
    update = pb.VariableUpdate(variable=message, previous_value=message.value)
    assert repr(read_previous(Update(update))) == repr(value)
    assert read_previous(Update(pb.VariableUpdate(variable=message))) is None


def test_a_zero_keeps_its_sign_without_a_fraction() -> None:
    zero = decode("float", AnyMessage(type_url=PREFIX + "float", value=b"-0"))
    _, in_array = decode("embedding", AnyMessage(type_url=PREFIX + "embedding", value=b"[0.5,-0]"))
    assert [math.copysign(1.0, number) for number in (zero, in_array)] == [-1.0, -1.0]


def test_an_array_in_raw_bytes_is_read_as_an_array() -> None:
    raw = raw_array("embedding", numpy.array([1, 2], "float32"))
    message = pb.Variable(type="embedding", value=to_any(raw), binary_value=raw.array)
    value = read_value(Variable(message))
    assert (value.dtype.name, value.tolist()) == ("float32", [1.0, 2.0])


@pytest.mark.parametrize(
    ("kind", "type_url", "text", "array"),
    [
        ("float", "", b"1", b""),
        ("float", PREFIX + "integer", b"1", b""),
        ("json", "type.googleapis.com/google.protobuf.StringValue", b"1", b""),
        ("float", PREFIX + "float", b"NaN", b""),
        ("float", PREFIX + "float", b"1e400", b""),
        ("float", PREFIX + "float", b"-1.5E+0309", b""),
        ("float", PREFIX + "float", b"9" * 309, b""),
        ("json", PREFIX + "json", b"[1, " + b"9" * 299 + b"e99]", b""),
        ("float", PREFIX + "float", b"true", b""),
        ("float", PREFIX + "float", b"1", b"\0"),
        ("integer", PREFIX + "integer", b"1.0", b""),
        ("string", PREFIX + "string", b"1", b""),
        ("embedding", PREFIX + "embedding", b"[true]", b""),
        ("tensor", PREFIX + "tensor", b"[1]", b""),
        ("tensor", PREFIX + "tensor.binary", b"{}", b""),
    ],
)
def test_a_reply_without_a_value_of_the_type_is_malformed(
    kind: str, type_url: str, text: bytes, array: bytes
) -> None:
    with pytest.raises(MalformedReplyError):
        decode(kind, AnyMessage(type_url=type_url, value=text), array)
