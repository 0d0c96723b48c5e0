"""The requests of the benchmarks, encoded beforehand so that their encoding is not measured."""

from __future__ import annotations

from collections.abc import Sequence

from varbridge.messages import snakepit_bridge_pb2 as pb

SESSION = "bench"
TYPE = "type.googleapis.com/snakepit."

OPTIONS = (
    ("grpc.max_receive_message_length", 100 * 2**20),
    ("grpc.max_send_message_length", 100 * 2**20),
)


def register(session_id: str, name: str) -> bytes:
    """Return a request that registers a string variable."""
    request = pb.RegisterVariableRequest(session_id=session_id, name=name, type="string")
    request.initial_value.type_url = TYPE + "string"
    request.initial_value.value = b'"first"'
    return request.SerializeToString()


def get(session_id: str, name: str) -> bytes:
    """Return a request that reads a variable."""
    return pb.GetVariableRequest(session_id=session_id, variable_identifier=name).SerializeToString()


def set_text(session_id: str, text: str, name: str = "x") -> bytes:
    """Return a request that sets a string variable."""
    request = pb.SetVariableRequest(session_id=session_id, variable_identifier=name)
    request.value.type_url = TYPE + "string"
    request.value.value = f'"{text}"'.encode()
    return request.SerializeToString()


def get_many(session_id: str, names: Sequence[str]) -> bytes:
    """Return a request that reads several variables."""
    return pb.BatchGetVariablesRequest(
        session_id=session_id, variable_identifiers=names, include_metadata=True
    ).SerializeToString()


def set_many(session_id: str, names: Sequence[str], text: str) -> bytes:
    """Return a request that sets several variables in an atomic batch."""
    request = pb.BatchSetVariablesRequest(session_id=session_id, atomic=True)
    for name in names:
        request.updates[name].type_url = TYPE + "string"
        request.updates[name].value = f'"{text}"'.encode()
    return request.SerializeToString()


def watch(session_id: str, names: Sequence[str] = ("x",)) -> bytes:
    """Return a request that watches variables."""
    return pb.WatchVariablesRequest(session_id=session_id, variable_identifiers=names).SerializeToString()


GET = get(SESSION, "x")
SET = set_text(SESSION, "0.25")
