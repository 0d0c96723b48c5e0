"""The codec: conversion of the core's objects to protobuf messages and bytes.

A variable and a change are serialized once, and every reader and watch gets those bytes. A message that
contains them is assembled by hand from a tag, a length and the bytes (protobuf's wire format,
https://protobuf.dev/programming-guides/encoding).
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.timestamp_pb2 import Timestamp
from google.protobuf.wrappers_pb2 import BytesValue

from varbridge.messages import snakepit_bridge_pb2 as pb

from ..core import change_log
from ..core.change_log import Change
from ..core.values import BYTES, LEGACY_PREFIX, PREFIX, Value
from ..core.variables import Variable

# Numbers of the fields that are assembled by hand.
_REPLY_VARIABLE = pb.GetVariableResponse.DESCRIPTOR.fields_by_name["variable"].number
_LISTED = pb.ListVariablesResponse.DESCRIPTOR.fields_by_name["variables"].number
_FOUND = pb.BatchGetVariablesResponse.DESCRIPTOR.fields_by_name["variables"].number
_INITIAL = pb.InitializeSessionResponse.DESCRIPTOR.fields_by_name["initial_variables"].number
_UPDATE_VARIABLE = pb.VariableUpdate.DESCRIPTOR.fields_by_name["variable"].number
_KEY, _ENTRY = 1, 2  # the fields of a map's entry

_CACHES = {PREFIX: "encoded", LEGACY_PREFIX: "encoded_legacy"}
"""The attribute of a variable or change that caches its bytes, by the prefix of type URLs."""


def any_of(value: Value | Variable, prefix: str = PREFIX) -> AnyMessage:
    """Return the ``Any`` of a value or of a variable's value; its array belongs in another field."""
    return AnyMessage(type_url=prefix + value.kind, value=value.data)


def result_message(result: Value, prefix: str) -> AnyMessage:
    """Return the ``Any`` of a tool's result; for bytes, which none of the types has, a ``BytesValue``."""
    if result.kind != BYTES:
        return any_of(result, prefix)
    message = AnyMessage()
    message.Pack(BytesValue(value=result.data))
    return message


def chunk_message(chunk_id: str, chunk: Value) -> pb.ToolChunk:
    """Return the message of a chunk, whose data are JSON: bytes are a string in base64."""
    if chunk.kind != BYTES:
        return pb.ToolChunk(chunk_id=chunk_id, data=chunk.data)
    return pb.ToolChunk(
        chunk_id=chunk_id, data=b'"%b"' % b64encode(chunk.data), metadata={"encoding": "base64"}
    )


def timestamp(nanoseconds: int) -> Timestamp:
    """Return the message for a time in ns since the epoch."""
    seconds, nanos = divmod(nanoseconds, 1_000_000_000)
    return Timestamp(seconds=seconds, nanos=nanos)


def variable_message(variable: Variable, prefix: str, *, metadata: bool = True) -> pb.Variable:
    """Return the message for a variable."""
    message = pb.Variable(
        id=variable.id,
        name=variable.name,
        type=variable.rules.type.name,
        value=any_of(variable, prefix),
        constraints_json=variable.rules.constraints_json,
        metadata=variable.metadata if metadata else None,
        source=pb.Variable.ELIXIR if variable.from_elixir else pb.Variable.PYTHON,
        last_updated_at=timestamp(variable.updated_at),
        version=variable.version,
        binary_value=variable.array,
    )
    if (held := variable.optimization) is not None:
        message.optimization_status.optimizing = True
        message.optimization_status.optimizer_id = held.optimizer_id
        message.optimization_status.started_at.CopyFrom(timestamp(held.started_at))
    return message


def variable_bytes(variable: Variable, prefix: str) -> bytes:
    """Return a serialized variable; the bytes are cached in the variable."""
    data: bytes = getattr(variable, _CACHES[prefix])
    if not data:
        data = variable_message(variable, prefix).SerializeToString()
        setattr(variable, _CACHES[prefix], data)
    return data


def get_reply(variable: Variable, prefix: str) -> bytes:
    """Return a serialized ``GetVariableResponse``."""
    return _field(_REPLY_VARIABLE, variable_bytes(variable, prefix))


def list_reply(variables: Iterable[Variable], prefix: str) -> bytes:
    """Return a serialized ``ListVariablesResponse``."""
    return b"".join(_field(_LISTED, variable_bytes(variable, prefix)) for variable in variables)


def batch_get_reply(variables: Mapping[str, Variable], missing: list[str], prefix: str) -> bytes:
    """Return a serialized ``BatchGetVariablesResponse`` with metadata."""
    entries = (
        _field(_FOUND, _field(_KEY, name.encode()) + _field(_ENTRY, variable_bytes(variable, prefix)))
        for name, variable in variables.items()
    )
    return b"".join(entries) + pb.BatchGetVariablesResponse(missing_variables=missing).SerializeToString()


def opening_reply(reply: pb.InitializeSessionResponse, variables: Mapping[str, bytes]) -> bytes:
    """Return a serialized reply to the opening of a session, with serialized variables by name."""
    entries = (
        _field(_INITIAL, _field(_KEY, name.encode()) + _field(_ENTRY, data))
        for name, data in variables.items()
    )
    return reply.SerializeToString() + b"".join(entries)


def change_bytes(change: Change, prefix: str) -> bytes:
    """Return a change as a serialized ``VariableUpdate``; the bytes are cached in it for all watches."""
    data: bytes = getattr(change, _CACHES[prefix])
    if data:
        return data
    previous = change.previous if change.kind == change_log.VALUE_CHANGE else None
    update = pb.VariableUpdate(
        variable_id=change.variable.id,
        update_source=change.changed_by,
        update_metadata=change.metadata or None,
        timestamp=timestamp(change.at),
        update_type=change.kind,
        sequence=change.sequence,
        previous_value=None if previous is None else any_of(previous, prefix),
        previous_binary_value=b"" if previous is None else previous.array,
    )
    data = update.SerializeToString() + _field(_UPDATE_VARIABLE, variable_bytes(change.variable, prefix))
    setattr(change, _CACHES[prefix], data)
    return data


def initial_bytes(variable: Variable, sequence: int, at: int, prefix: str) -> bytes:
    """Return a serialized ``VariableUpdate`` with the initial value of a watched variable."""
    update = pb.VariableUpdate(
        variable_id=variable.id,
        update_source="bridge",
        update_metadata={"initial": "true"},
        timestamp=timestamp(at),
        update_type="initial_value",
        sequence=sequence,
    )
    return update.SerializeToString() + _field(_UPDATE_VARIABLE, variable_bytes(variable, prefix))


def heartbeat_bytes(sequence: int, at: int) -> bytes:
    """Return a serialized ``VariableUpdate`` with a heartbeat."""
    return pb.VariableUpdate(
        update_type="heartbeat", sequence=sequence, timestamp=timestamp(at)
    ).SerializeToString()


def _field(number: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 0x80 and number < 0x10:  # the usual case: both fit into a byte
        return bytes((number << 3 | 2, size)) + payload
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
