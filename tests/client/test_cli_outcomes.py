"""Tests of the exit code and the message of a command for each exception of the client library."""

from __future__ import annotations

import builtins
import errno
import inspect
import os
import re
from argparse import Namespace
from io import StringIO
from pathlib import Path
from unittest.mock import Mock

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

import varbridge
from tests.client.cli_builders import client, refused
from varbridge import (
    BridgeError,
    Connection,
    Session,
    ToolFailedError,
    WorkerError,
    cli,
    commands,
    errors,
    jsontext,
)
from varbridge.errors import IdleTimeoutError, MalformedReplyError
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.output import Out
from varbridge.values import encode, to_any

MALFORMED = "the bridge sent a malformed answer: "

OUTCOMES: list[tuple[Exception, int, str]] = [
    (BridgeError(grpc.StatusCode.NOT_FOUND, "no x"), cli.REFUSED, "NOT_FOUND: no x"),
    (BridgeError(grpc.StatusCode.INTERNAL, ""), cli.REFUSED, "INTERNAL: "),
    (BridgeError(grpc.StatusCode.UNAVAILABLE, "gone"), cli.UNANSWERED, "UNAVAILABLE: gone"),
    (BridgeError(grpc.StatusCode.DEADLINE_EXCEEDED, "late"), cli.UNANSWERED, "DEADLINE_EXCEEDED: late"),
    (MalformedReplyError("no JSON"), cli.REFUSED, f"{MALFORMED}no JSON"),
    (ToolFailedError("no disk"), cli.REFUSED, "the tool failed: no disk"),
    (WorkerError("no server"), cli.REFUSED, "no server"),
    (IdleTimeoutError("nothing came"), cli.UNANSWERED, "nothing came"),
    (TimeoutError("not confirmed"), cli.UNANSWERED, "not confirmed"),
    (ModuleNotFoundError("pip install it"), cli.REFUSED, "pip install it"),
    (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), cli.REFUSED, "cannot write: No space left on device"),
    (TypeError("x: a set cannot be sent"), cli.MISUSED, "x: a set cannot be sent"),
    (ValueError("x: not of this shape"), cli.MISUSED, "x: not of this shape"),
    (jsontext.NotFiniteError("x: NaN"), cli.MISUSED, "x: NaN"),
    (RecursionError(), cli.REFUSED, "the bridge sent a value that is nested too deep to be shown"),
    (cli.UsageError("cannot read ca.pem"), cli.MISUSED, "cannot read ca.pem"),
    (Exception("of a callback"), cli.REFUSED, "internal error: Exception: of a callback"),
]
"""An exception, and the exit code and the message of a command that meets it."""


@pytest.mark.parametrize(("error", "code", "message"), OUTCOMES, ids=lambda value: repr(value)[:40])
def test_an_exception_is_an_exit_code_and_a_message(error: Exception, code: int, message: str) -> None:
    assert cli.outcome(error) == (code, message)


def test_the_outcomes_cover_every_exception_that_the_library_documents() -> None:
    tested = {type(error) for error, _, _ in OUTCOMES}
    defined = {kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)}
    assert defined <= tested
    assert {name for name in documented() if name not in {kind.__name__ for kind in tested}} == set()


def documented() -> set[str]:
    """Return the names of the exceptions in the sections Raises of the library's docstrings."""
    folder = Path(varbridge.__file__).parent
    names: set[str] = set()
    for path in [*folder.glob("*.py"), *folder.glob("aio/*.py")]:
        for section in re.findall(r"\n +Raises:\n(.*?)(?:\n\n|\"\"\")", path.read_text(), re.DOTALL):
            for line in re.findall(r"^ +([A-Z]\w+(?:, [A-Z]\w+)*): ", section, re.MULTILINE):
                names.update(line.split(", "))
    assert {"BridgeError", "ToolFailedError", "OSError"} <= names
    assert all(hasattr(errors, name) or hasattr(builtins, name) for name in names - {"NotFiniteError"}), names
    return names


VALUES: dict[str, tuple[str, str]] = {
    "lists of two lengths": ("[[1], [1, 2]]", "nested lists must have the same length at each level"),
    "a shape that is a number": (
        '{"shape": 1, "data": [1]}',
        "a shape must be a list of whole numbers, not 1",
    ),
    "lists and numbers": ("[1, [2]]", "nested lists must have either numbers or lists at each level"),
}
"""A value that cannot be sent as a tensor, as JSON, and a part of the message."""


@pytest.mark.parametrize("name", VALUES)
def test_a_value_that_cannot_be_sent_is_wrong_usage(address: str, session: Session, name: str) -> None:
    value, reason = VALUES[name]
    refused(client(address, "register", session.id, "x", "tensor", value), cli.MISUSED, f"x: {reason}")
    session.register("t", "tensor", [1])
    refused(client(address, "set", session.id, "t", value), cli.MISUSED, f"t: {reason}")


NEVER = Timestamp(seconds=10**15)


@pytest.mark.parametrize(
    ("command", "method", "reply"),
    [
        (commands.session, "describe", pb.GetSessionResponse(created_at=NEVER)),
        (
            commands.history,
            "history",
            [pb.VariableHistoryEntry(timestamp=NEVER, value=to_any(encode("float", 1)))],
        ),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_a_time_that_no_calendar_has_is_a_malformed_answer(
    command: cli.Work, method: str, reply: object, as_json: bool
) -> None:
    connection = Mock(Connection)
    getattr(connection.session.return_value, method).return_value = reply
    arguments = Namespace(session="s", name="x", limit=0)
    with pytest.raises(MalformedReplyError, match=r"a time came as 1000000000000000 s") as raised:
        command(connection, arguments, Out(StringIO(), as_json=as_json))
    assert cli.outcome(raised.value)[0] == cli.REFUSED
