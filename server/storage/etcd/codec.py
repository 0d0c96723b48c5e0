"""Conversion between the core's objects and the messages of ``storage.proto``."""

from __future__ import annotations

from ...core.change_log import VERSIONS, Change
from ...core.variables import Optimization, Rules, Variable, rules_of
from ..records import Opened
from . import storage_pb2 as stored


def session_message(opened: Opened) -> stored.Session:
    """Return the message for a session's opening."""
    return stored.Session(
        id=opened.session_id,
        metadata=opened.metadata,
        created_at=opened.created_at,
        ttl=opened.ttl,
        base=opened.start_sequence,
    )


def opened_of(message: stored.Session) -> Opened:
    """Return the session's opening in a message."""
    return Opened(message.id, dict(message.metadata), message.created_at, message.ttl, message.base)


def definition_message(variable: Variable, sequence: int, *, deleted: bool = False) -> stored.Definition:
    """Return the message for a variable's definition: its id, name, type and constraints."""
    return stored.Definition(
        id=variable.id,
        name=variable.name,
        type=variable.rules.type.name,
        constraints_json=variable.rules.constraints_json,
        sequence=sequence,
        deleted=deleted,
    )


def holder_message(holder: Optimization | None) -> stored.Holder | None:
    """Return the message for the holder of an optimization lock."""
    return holder and stored.Holder(optimizer_id=holder.optimizer_id, started_at=holder.started_at)


def holder_of(message: stored.Holder) -> Optimization:
    """Return the holder of an optimization lock in a message."""
    return Optimization(message.optimizer_id, message.started_at)


def change_message(change: Change) -> stored.Change:
    """Return the message for a change, without its variable's definition."""
    variable = change.variable
    message = stored.Change(
        sequence=change.sequence,
        kind=change.kind,
        variable_id=variable.id,
        version=variable.version,
        at=change.at,
        changed_by=change.changed_by,
        metadata=change.metadata,
    )
    holder = holder_message(variable.optimization)
    if change.kind in VERSIONS:
        message.state.CopyFrom(
            stored.State(
                kind=variable.kind,
                data=variable.data,
                array=variable.array,
                metadata=variable.metadata,
                from_elixir=variable.from_elixir,
                holder=holder,
            )
        )
    elif holder is not None:
        message.holder.CopyFrom(holder)
    return message


class Definition:
    """The definition of a variable in a message; all versions of the variable share its objects."""

    __slots__ = ("_id", "_name", "_rules", "deleted", "sequence")

    def __init__(self, message: stored.Definition) -> None:
        self._id = message.id
        self._name = message.name
        self._rules: Rules = rules_of(message.type, message.constraints_json)
        self.deleted = message.deleted
        self.sequence = message.sequence

    def version(self, change: stored.Change) -> Variable:
        """Return the version that a change created."""
        state = change.state
        return Variable(
            id=self._id,
            name=self._name,
            rules=self._rules,
            kind=state.kind,
            data=state.data,
            array=state.array,
            metadata=dict(state.metadata),
            from_elixir=state.from_elixir,
            updated_at=change.at,
            version=change.version,
            optimization=holder_of(state.holder) if state.HasField("holder") else None,
        )


def change_of(message: stored.Change, variable: Variable, before: Variable | None) -> Change:
    """Return the change in a message.

    Args:
        message: the stored change.
        variable: the version that the change created or refers to.
        before: the version before it, if there is one.
    """
    if message.kind not in VERSIONS:
        variable = variable.held_by(holder_of(message.holder) if message.HasField("holder") else None)
    return Change(
        sequence=message.sequence,
        kind=message.kind,
        variable=variable,
        previous=before.value if message.kind in VERSIONS and before is not None else None,
        changed_by=message.changed_by,
        metadata=dict(message.metadata),
        at=message.at,
    )
