"""Calls of every method that names a session, each repeated in a session of its own."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import grpc

from varbridge import Connection
from varbridge.messages import snakepit_bridge_pb2 as pb

ENDING = "CleanupSession"
"""The method that ends its session."""


def methods_of(service: str) -> list[str]:
    """Return the names of a service's methods that name a session and do not end it."""
    return [
        method.name
        for method in pb.DESCRIPTOR.services_by_name[service].methods
        if "session_id" in method.input_type.fields_by_name and method.name != ENDING
    ]


def call_each(connection: Connection, session_ids: Mapping[str, str]) -> None:
    """Call each method once in its session; most calls are refused, as their requests name nothing else.

    Args:
        connection: the connection of the calls.
        session_ids: the id of the session of each method.
    """
    methods = pb.DESCRIPTOR.services_by_name[connection.service].methods_by_name
    calls: list[Any] = []
    for method, session_id in session_ids.items():
        request = getattr(pb, methods[method].input_type.name)(session_id=session_id)
        begin = connection.stream if methods[method].server_streaming else connection.start
        calls.append(begin(method, request, timeout=connection.timeout))
    for call in calls:
        with suppress(grpc.RpcError):
            call.initial_metadata()
        call.cancel()  # streams; the others have been answered
