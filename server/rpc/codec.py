"""The core's objects as protobuf bytes.

A variable and a change are serialized once, and every reader and watcher gets those bytes: a message
around them is put together by hand, as a tag, a length and the bytes (protobuf's wire format,
https://protobuf.dev/programming-guides/encoding).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.timestamp_pb2 import Timestamp

from varbridge.messages import snakepit_bridge_pb2 as pb

from ..core import change_log
from ..core.change_log import Change
from ..core.values import LEGACY_PREFIX, PREFIX, Value
from ..core.variables import Variable

# Numbers of the fields that are put together by hand.
_REPLY_VARIABLE = pb.GetVariableResponse.DESCRIPTOR.fields_by_name["variable"].number
_LISTED = pb.ListVariablesResponse.DESCRIPTOR.fields_by_name["variables"].number
_FOUND = pb.BatchGetVariablesResponse.DESCRIPTOR.fields_by_name["variables"].number
_UPDATE_VARIABLE = pb.VariableUpdate.DESCRIPTOR.fields_by_name["variable"].number
_KEY, _ENTRY = 1, 2  # of a map's entry

_PLACES = {PREFIX: "encoded", LEGACY_PREFIX: "encoded_legacy"}
"""Where a variable and a change keep their bytes in each form."""


def any_of(value: Value | Variable, prefix: str = PREFIX) -> AnyMessage:
    """The ``Any`` of a value, or of what a variable holds; the array goes into a field of its own."""
    return AnyMessage(type_url=prefix + value.kind, value=value.data)


def timestamp(nanoseconds: int) -> Timestamp:
    """A time in ns since the epoch."""
    seconds, nanos = divmod(nanoseconds, 1_000_000_000)
    return Timestamp(seconds=seconds, nanos=nanos)


def variable_message(variable: Variable, prefix: str, *, metadata: bool = True) -> pb.Variable:
    """A variable as a message."""
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
    """A variable serialized; the bytes are kept with it."""
    kept: bytes = getattr(variable, _PLACES[prefix])
    if not kept:
        kept = variable_message(variable, prefix).SerializeToString()
        setattr(variable, _PLACES[prefix], kept)
    return kept


def get_reply(variable: Variable, prefix: str) -> bytes:
    """A ``GetVariableResponse``."""
    return _field(_REPLY_VARIABLE, variable_bytes(variable, prefix))


def list_reply(variables: Iterable[Variable], prefix: str) -> bytes:
    """A ``ListVariablesResponse``."""
    return b"".join(_field(_LISTED, variable_bytes(variable, prefix)) for variable in variables)


def batch_get_reply(found: Mapping[str, Variable], missing: list[str], prefix: str) -> bytes:
    """A ``BatchGetVariablesResponse`` with metadata."""
    entries = (
        _field(_FOUND, _field(_KEY, name.encode()) + _field(_ENTRY, variable_bytes(variable, prefix)))
        for name, variable in found.items()
    )
    return b"".join(entries) + pb.BatchGetVariablesResponse(missing_variables=missing).SerializeToString()


def change_bytes(change: Change, prefix: str) -> bytes:
    """A change as a ``VariableUpdate``; the bytes are kept with it, and are the same for all watches."""
    kept: bytes = getattr(change, _PLACES[prefix])
    if kept:
        return kept
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
    kept = update.SerializeToString() + _field(_UPDATE_VARIABLE, variable_bytes(change.variable, prefix))
    setattr(change, _PLACES[prefix], kept)
    return kept


def initial_bytes(variable: Variable, sequence: int, at: int, prefix: str) -> bytes:
    """A present value as the ``VariableUpdate`` that a watch begins with."""
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
    """The ``VariableUpdate`` of an idle watch."""
    return pb.VariableUpdate(
        update_type="heartbeat", sequence=sequence, timestamp=timestamp(at)
    ).SerializeToString()


def _field(number: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 0x80 and number < 0x10:  # the usual case: a byte each
        return bytes((number << 3 | 2, size)) + payload
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
