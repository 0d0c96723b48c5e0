"""Builders for the tests of blocking tools."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest

from tests.server.tools.process_tree import within
from varbridge import Connection, Session
from varbridge.errors import ToolFailedError
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.values import encode, to_any


def start(session: Session, tool: str, **parameters: Any) -> grpc.Future[Any]:
    """Begin a call of a tool, and return its future."""
    request = pb.ExecuteToolRequest(session_id=session.id, tool_name=tool)
    for name, value in parameters.items():
        kind = {float: "float", int: "integer", str: "string"}[type(value)]
        request.parameters[name].CopyFrom(to_any(encode(kind, value)))
    connection = session.connection
    assert isinstance(connection, Connection)
    return connection.start("ExecuteTool", request, timeout=60.0)


@contextmanager
def running(session: Session, tool: str, **parameters: Any) -> Iterator[grpc.Future[Any]]:
    """Run a call of a tool during the block, at whose end it is cancelled."""
    call = start(session, tool, **parameters)
    try:
        yield call
    finally:
        call.cancel()


def failure(session: Session, tool: str, **parameters: Any) -> str:
    with pytest.raises(ToolFailedError) as failed:
        session.execute(tool, parameters, timeout=60.0)
    return str(failed.value)


def free_again(session: Session, places: int = 4) -> bool:
    """Return True if ``places`` tools can run at a time, once ended ones are gone."""

    def take() -> bool:
        calls = [start(session, "block", seconds=0.05) for _ in range(places)]
        return all(call.exception() is None for call in calls)

    return within(20.0, take)
