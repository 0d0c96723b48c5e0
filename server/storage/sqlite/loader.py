"""Loading sessions from the tables of a SQLite database, with checks for damaged data."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

from ...core import change_log
from ...core.change_log import Change
from ...core.variables import Optimization, Rules, Variable, rules_of
from ..records import Opened, SessionState, StoreContent
from ..tool_text import tool_of_text
from .tables import checksum


class CorruptDataError(Exception):
    """The stored data is damaged; the message has the details."""


def load(connection: sqlite3.Connection) -> StoreContent:
    """Load all sessions and tombstones.

    Raises:
        CorruptDataError: the checksum of a row is wrong, or the row to which another refers is missing.
    """
    # The checksums of rows do not reveal rows that are lost.
    if (result := _single_row(connection, "PRAGMA integrity_check(1)")) != ("ok",):
        raise CorruptDataError(str(result[0]).replace("\n", "; "))
    content = StoreContent()
    (content.min_next_sequence,) = _single_row(connection, "SELECT value FROM floor")
    for session, last in _rows(connection, "SELECT session, last, checksum FROM ended ORDER BY number"):
        content.ended[session] = last
    for (session,) in connection.execute("SELECT id FROM sessions WHERE id IS NOT NULL ORDER BY number"):
        state = load_session(connection, session)
        assert state is not None
        content.sessions.append(state)
    return content


def load_session(connection: sqlite3.Connection, session_id: str) -> SessionState | None:
    """Load one session; return None if it is not open."""
    row_found = connection.execute("SELECT number FROM sessions WHERE id = ?", (session_id,)).fetchone()
    if row_found is None:
        return None
    (number,) = row_found
    query = "SELECT id, metadata, created_at, ttl, base, checksum FROM sessions WHERE number = ?"
    ((_, metadata, created_at, ttl, start_sequence),) = _rows(connection, query, number)
    return _SessionReader(connection, number).state(
        Opened(session_id, _mapping(metadata), created_at, ttl, start_sequence)
    )


class _SessionReader:
    """A reader of one session's rows."""

    def __init__(self, connection: sqlite3.Connection, session: int) -> None:
        self._connection = connection
        self._session = session
        self._definitions: dict[int, tuple[str, str, Rules]] = {}  # id, name and rules
        self._versions: dict[int, dict[int, Change]] = {}  # by variable and version

    def state(self, opened: Opened) -> SessionState:
        state = SessionState(opened)
        present = self._read_definitions()
        self._read_versions()
        for number, holder in present.items():
            changes = self._versions.get(number)
            if not changes:
                raise CorruptDataError(f"variable {self._definitions[number][0]} has no version")
            newest = changes[max(changes)].variable
            state.variables.append((newest.held_by(holder), [changes[v] for v in sorted(changes)]))
        state.log = [*self._read_log()]
        for followed, follower, kind in self._of_session("followed, follower, type", "dependencies"):
            names = self._definitions
            state.dependencies.append((names[followed][0], names[follower][0], kind))
        for request_id, version in self._of_session("request_id, version", "answers", "ORDER BY number"):
            state.answers[request_id] = version
        for _, body in self._of_session("name, body", "tools", "ORDER BY number"):
            state.tools.append(tool_of_text(body))
        return state

    def _of_session(self, columns: str, table: str, order: str = "") -> Iterator[tuple[Any, ...]]:
        rows = _rows(
            self._connection,
            f"SELECT session, {columns}, checksum FROM {table} WHERE session = ? {order}",
            self._session,
        )
        return (row[1:] for row in rows)

    def _read_definitions(self) -> dict[int, Optimization | None]:
        """Read the definitions of variables; return the lock holders by row number, without deleted
        variables."""
        present: dict[int, Optimization | None] = {}
        query = (
            "SELECT number, session, id, name, type, constraints, deleted, holder, held_since, checksum"
            " FROM variables WHERE session = ? ORDER BY number"
        )
        for number, *row in self._connection.execute(query, (self._session,)):
            _, variable_id, name, type_name, text, deleted, holder, since = _checked(row)
            self._definitions[number] = variable_id, name, rules_of(type_name, text)
            if not deleted:
                present[number] = None if holder is None else Optimization(holder, since)
        return present

    def _read_versions(self) -> None:
        query = (
            "SELECT * FROM versions WHERE variable IN (SELECT number FROM variables WHERE session = ?)"
            " ORDER BY variable, version"
        )
        metadata: dict[str, Mapping[str, str]] = {}  # by its text: many versions have the same
        for row in _rows(self._connection, query, self._session):
            number, version, sequence, at, by, edit, text, from_elixir, holder, since, kind, data, array = row
            variable_id, name, rules = self._definitions[number]
            variable = Variable(
                id=variable_id,
                name=name,
                rules=rules,
                kind=kind,
                data=data,
                array=array,
                metadata=metadata.get(text) or metadata.setdefault(text, _mapping(text)),
                from_elixir=bool(from_elixir),
                updated_at=at,
                version=version,
                optimization=None if holder is None else Optimization(holder, since),
            )
            versions = self._versions.setdefault(number, {})
            before = versions.get(version - 1)
            versions[version] = Change(
                sequence=sequence,
                kind=change_log.REGISTERED if version == 1 else change_log.VALUE_CHANGE,
                variable=variable,
                previous=None if before is None else before.variable.value,
                changed_by=by,
                metadata=_mapping(edit),
                at=at,
            )

    def _read_log(self) -> Iterator[Change]:
        expected = None
        columns = "sequence, kind, variable, version, at, changed_by, edit, holder, held_since"
        rows = self._of_session(columns, "log", "ORDER BY sequence")
        for sequence, kind, number, version, at, by, edit, holder, since in rows:
            if sequence != (expected or sequence):
                raise CorruptDataError(f"the log has sequence {sequence} in place of {expected}")
            expected = sequence + 1
            try:
                change = self._versions[number][version]
            except KeyError:
                raise CorruptDataError(f"the log refers to a missing version (sequence {sequence})") from None
            if kind in change_log.VERSIONS:
                yield change
            else:
                held = None if holder is None else Optimization(holder, since)
                yield Change(
                    sequence=sequence,
                    kind=kind,
                    variable=change.variable.held_by(held),
                    previous=None,
                    changed_by=by,
                    metadata=_mapping(edit),
                    at=at,
                )


def _single_row(connection: sqlite3.Connection, query: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(query).fetchone()
    if row is None:
        raise CorruptDataError("a row is missing")
    return row


def _rows(connection: sqlite3.Connection, query: str, *parameters: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a query whose last column is their checksum, without it."""
    return map(_checked, connection.execute(query, parameters))


def _checked(row: Any) -> tuple[Any, ...]:
    *columns, stored_checksum = row
    if checksum(*columns) != stored_checksum:
        raise CorruptDataError("a row is damaged: its checksum does not match its content")
    return tuple(columns)


def _mapping(text: str) -> Mapping[str, str]:
    return dict(json.loads(text)) if text else {}
