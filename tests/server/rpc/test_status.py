"""The statuses of refusals: within the size that every client accepts, with whole names."""

from __future__ import annotations

from typing import Any, cast

import grpc
import pytest

from server.core.errors import FailedPreconditionError, InvalidArgumentError, header_bytes, invalid
from server.core.types import TYPES
from server.core.values import read_value
from server.rpc import status
from varbridge.messages import snakepit_bridge_pb2 as pb

NAME = "🚀" * 256


class Context:
    """A call that records the status that is set."""

    def __init__(self) -> None:
        self.message = ""
        self.trailers: tuple[tuple[str, Any], ...] = ()

    def set_code(self, code: grpc.StatusCode) -> None: ...

    def set_details(self, message: str) -> None:
        self.message = message

    def set_trailing_metadata(self, trailers: tuple[tuple[str, Any], ...]) -> None:
        self.trailers = trailers

    def headers_bytes(self) -> int:
        """Return the size of the message and the details as headers; encoded, details take a third more."""
        return header_bytes(self.message) + sum(len(value) * 4 // 3 for _, value in self.trailers)


def refused(error: Any) -> Context:
    context = Context()
    status.refuse(cast(Any, context), error)
    assert context.headers_bytes() < 7_800
    return context


def test_a_message_has_two_names_of_any_characters_in_full() -> None:
    message = f"variable_locked_for_optimization: {NAME} is held by {NAME}"
    assert refused(FailedPreconditionError(message)).message == message


def test_a_message_that_leaves_no_room_for_details_comes_without_them() -> None:
    context = refused(
        InvalidArgumentError(
            f"updates: {NAME} and {NAME} name the same variable", invalid("x", "y").violations
        )
    )
    assert context.message == f"updates: {NAME} and {NAME} name the same variable"
    assert context.trailers == ()


def test_a_longer_message_is_cut_and_the_rest_counted() -> None:
    assert (
        refused(FailedPreconditionError("n" * 10_000)).message == "n" * 6_960 + "... and 3040 more characters"
    )


def test_a_refusal_has_every_violated_constraint_however_long_the_texts_are() -> None:
    pattern, text = "東" * 500, "京" * 500
    constraints = TYPES["string"].parse_constraints(
        f'{{"pattern": "{pattern}", "enum": ["{text}", "{text}"], "min_length": 3, "max_length": 1000}}'
    )
    message = pb.SetVariableRequest().value
    message.type_url, message.value = "type.googleapis.com/snakepit.string", b'"ab"'
    with pytest.raises(InvalidArgumentError) as refusal:
        read_value(message, b"", TYPES["string"], constraints, "value")
    context = refused(refusal.value)
    assert context.trailers
    for phrase in ("must be at least 3 characters", "must match pattern", "must be one of", "and 1 more"):
        assert phrase in context.message
