"""Tests that a long refusal arrives with its own status at a client with gRPC's default limits.

A client refuses the headers of an answer at random from 8 KiB on, and always from 16 KiB on.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from varbridge import BridgeError, Session
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.values import encode, to_any

TRIES = int(os.environ.get("TRIES", "20"))
"""The number of refusals of each kind; a long run is `TRIES=1000 pytest tests/live/test_refusals.py`."""

LONG = "東京%" * 200_000
"""A text each of whose characters takes up to nine bytes in a status."""


def names(count: int) -> list[str]:
    return [f"a-model-with-a-rather-long-name-{number:07}" for number in range(count)]


def refusals(session: Session, refused: Callable[[], object]) -> list[Any]:
    """Make a call ``TRIES`` times and return the errors; each must be INVALID_ARGUMENT."""
    errors = []
    for _ in range(TRIES):
        with pytest.raises(BridgeError) as raised:
            refused()
        assert raised.value.code is grpc.StatusCode.INVALID_ARGUMENT, str(raised.value)[:200]
        errors.append(raised.value)
    return errors


@pytest.mark.parametrize("count", [10, 70, 100, 130, 1_000, 100_000])
def test_the_refusal_of_a_value_that_is_not_one_of_many_choices_is_invalid(
    session: Session, count: int
) -> None:
    session.register("model", "choice", names(1)[0], constraints={"choices": names(count)})
    for error in refusals(session, lambda: session.set("model", "another")):
        assert "must be one of a-model" in error.message
        assert [field for field, _ in error.violations] == ["value"]
        assert count == 10 or f"and {count - error.message.count('a-model-with')} more" in error.message
    assert (session.get("model").value, session.get("model").version) == (names(1)[0], 1)


REFUSED: dict[str, Callable[[Session], object]] = {
    "module": lambda session: session.register(
        "x", "module", "os", constraints={"allowed_modules": names(1_000)}
    ),
    "enum": lambda session: session.register(
        "x", "string", "os", constraints={"enum": [LONG, *names(1_000)]}
    ),
    "pattern": lambda session: session.register(
        "x", "string", "os", constraints={"pattern": "^" + "東" * 900 + "$"}
    ),
    "not a pattern": lambda session: session.register(
        "x", "string", "os", constraints={"pattern": LONG + "("}
    ),
    "unknown keys": lambda session: session.register(
        "x", "string", "os", constraints={f"東京%{name}": 1 for name in names(1_000)}
    ),
    "unknown parameters": lambda session: session.execute("echo", dict.fromkeys(names(1000), "")),
    "wrong parameters": lambda session: session.connection.call(
        "ExecuteTool",
        pb.ExecuteToolRequest(
            session_id=session.id,
            tool_name="echo",
            parameters={f"{LONG[:200]}{name}": to_any(encode("string", "")) for name in names(1_000)},
        ),
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_long_refusal_is_invalid(session: Session, kind: str) -> None:
    for error in refusals(session, lambda: REFUSED[kind](session)):
        assert error.violations
    assert not session.list()


def test_a_refusal_that_names_a_long_text_is_not_found(session: Session) -> None:
    for _ in range(TRIES):
        with pytest.raises(BridgeError) as raised:
            session.get(LONG[:256])
        assert raised.value.code is grpc.StatusCode.NOT_FOUND
