"""Builders for the tests of the core: a clock, values in the form of requests, sessions and variables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from server.core.changes import ChangeContext, ReadValue
from server.core.constraints import Constraints
from server.core.limits import Limits
from server.core.session import Session
from server.core.types import VariableType
from server.core.values import BINARY, PREFIX, Value, read_value
from server.core.variables import Variable
from server.storage.records import Opened

SECOND = 1_000_000_000
"""The nanoseconds in a second."""


class FakeClock:
    """A clock that stands still until a test advances it."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.nanoseconds = 1_700_000_000 * SECOND

    def elapsed(self) -> float:
        return self.seconds

    def utc(self) -> int:
        return self.nanoseconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds
        self.nanoseconds += round(seconds * SECOND)


class Sent(NamedTuple):
    """The two fields of the ``Any`` in a request."""

    type_url: str
    value: bytes


def sent(kind: str, value: Any) -> Sent:
    """Return a value in JSON."""
    return Sent(PREFIX + kind, json.dumps(value).encode())


def sent_binary(kind: str, shape: list[int], dtype: str) -> Sent:
    """Return the header of a binary value."""
    return sent(kind + BINARY, {"type": kind, "shape": shape, "dtype": dtype, "binary_format": "raw"})


def reader(kind: str, value: Any) -> ReadValue:
    """Return a reader of a value in JSON, which checks it against its variable."""

    def read(declared: VariableType, constraints: Constraints) -> Value:
        return read_value(sent(kind, value), b"", declared, constraints, "value")

    return read


def a_session(clock: FakeClock | None = None, *, start_sequence: int = 0, **limits: int) -> Session:
    clock = clock or FakeClock()
    return Session(Opened("tuning", {}, clock.utc(), 60.0, start_sequence), clock, Limits(**limits))


def register(
    session: Session,
    name: str,
    value: Any = 0.5,
    *,
    kind: str = "float",
    constraints: Mapping[str, Any] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Variable:
    text = json.dumps(constraints) if constraints else ""
    return session.register(name, kind, text, reader(kind, value), ChangeContext(metadata or {}))


def put(
    session: Session,
    identifier: str,
    value: Any,
    *,
    kind: str = "float",
    metadata: Mapping[str, str] | None = None,
    expected: int | None = None,
    request_id: str = "",
) -> int:
    return session.set(identifier, reader(kind, value), ChangeContext(metadata or {}, expected), request_id)
