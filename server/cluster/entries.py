"""The core's objects as messages of ``kept.proto``, and back."""

from __future__ import annotations

from collections.abc import Mapping

from server import log
from server.cluster import kept_pb2 as kept
from server.log import Change
from server.records import Opened
from server.variables import Optimization, Rules, Variable, rules_of

VERSIONS = (log.REGISTERED, log.VALUE_CHANGE)
"""Kinds of changes that make a version."""


def session_message(opened: Opened) -> kept.Session:
    """How a session was opened."""
    return kept.Session(
        id=opened.session_id,
        metadata=opened.metadata,
        created_at=opened.created_at,
        ttl=opened.ttl,
        base=opened.base,
    )


def opened_of(message: kept.Session) -> Opened:
    """How a session was opened, read back."""
    return Opened(message.id, dict(message.metadata), message.created_at, message.ttl, message.base)


def definition_message(variable: Variable, sequence: int, *, deleted: bool = False) -> kept.Definition:
    """What registration fixed."""
    return kept.Definition(
        id=variable.id,
        name=variable.name,
        type=variable.rules.type.name,
        constraints_json=variable.rules.constraints_json,
        sequence=sequence,
        deleted=deleted,
    )


def holder_message(holder: Optimization | None) -> kept.Holder | None:
    """Who optimizes."""
    return holder and kept.Holder(optimizer_id=holder.optimizer_id, started_at=holder.started_at)


def holder_of(message: kept.Holder) -> Optimization:
    """Who optimizes, read back."""
    return Optimization(message.optimizer_id, message.started_at)


def change_message(change: Change) -> kept.Change:
    """A change; what is fixed of its variable stands elsewhere."""
    variable = change.variable
    message = kept.Change(
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
            kept.State(
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
    """What registration fixed of a variable, read back; the same objects for all of its versions."""

    __slots__ = ("_id", "_name", "_rules", "deleted", "sequence")

    def __init__(self, message: kept.Definition) -> None:
        self._id = message.id
        self._name = message.name
        self._rules: Rules = rules_of(message.type, message.constraints_json)
        self.deleted = message.deleted
        self.sequence = message.sequence

    def version(self, change: kept.Change) -> Variable:
        """The version that a change made."""
        state = change.state
        return Variable(
            self._id,
            self._name,
            self._rules,
            *(state.kind, state.data, state.array),
            _words(state.metadata),
            state.from_elixir,
            change.at,
            change.version,
            holder_of(state.holder) if state.HasField("holder") else None,
        )


def change_of(message: kept.Change, variable: Variable, before: Variable | None) -> Change:
    """A change read back.

    Args:
        message: what is kept of it.
        variable: the version that it made or tells of.
        before: the version before, where there is one.
    """
    if message.kind in VERSIONS:
        previous = None if before is None else before.value
    else:
        previous = None
        holder = holder_of(message.holder) if message.HasField("holder") else None
        variable = variable.held_by(holder)
    return Change(
        message.sequence,
        message.kind,
        variable,
        previous,
        message.changed_by,
        _words(message.metadata),
        message.at,
    )


def _words(given: Mapping[str, str]) -> Mapping[str, str]:
    return dict(given)
