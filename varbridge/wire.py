"""The wire format of values: an ``Any`` with JSON or an array's header, and a bytes field for the array."""

from __future__ import annotations

from typing import NamedTuple

from google.protobuf.any_pb2 import Any as AnyMessage

from varbridge.errors import MalformedReplyError

PREFIX = "type.googleapis.com/snakepit."
LEGACY_PREFIX = "dspex.variables/"
BINARY = ".binary"

DTYPES = ("float32", "float64", "int32", "int64")
"""The dtypes of arrays in raw bytes."""


class Raw(NamedTuple):
    """A value in wire format, which the client neither checks nor converts."""

    type_url: str
    data: bytes
    array: bytes = b""


def to_any(raw: Raw) -> AnyMessage:
    """Return the ``Any`` of an encoded value. The value's array is not in it: messages have a bytes field."""
    return AnyMessage(type_url=raw.type_url, value=raw.data)


def split_url(type_url: str) -> tuple[str, bool]:
    """Return the type that a type_url names, and True if it is binary.

    Raises:
        MalformedReplyError: the type_url has no known prefix.
    """
    for prefix in (PREFIX, LEGACY_PREFIX):
        if type_url.startswith(prefix):
            named = type_url[len(prefix) :]
            return named.removesuffix(BINARY), named.endswith(BINARY)
    raise MalformedReplyError(f"a value came with an unknown type_url: {type_url!r}")
