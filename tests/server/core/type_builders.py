"""Builders for the tests of the types: reading values in the form of requests."""

from __future__ import annotations

from hypothesis import strategies as st

from server.core.constraints import NoConstraints
from server.core.types import TYPES
from server.core.values import Value, read_value
from tests.server.core.builders import Sent

shapes = st.lists(st.integers(0, 4), max_size=4)


def read(kind: str, message: Sent | None, array: bytes = b"") -> Value:
    return read_value(message, array, TYPES[kind], NoConstraints(), "value")
