"""The tables in SQLite, and the rows that each record writes.

Ids of sessions and variables may be long, so rows refer to each other by numbers. A version is stored once,
although the history, the log and the next change (as its previous value) may all need it. Each row has a
checksum, because SQLite stores none.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ...core import change_log
from ...core.change_log import Change
from ...core.variables import Optimization
from ..records import Changed, Compacted, Depended, Ended, Held, Opened, Record, ToolsRegistered
from ..tool_text import text_of_tool

APPLICATION = 0x42524447
"""The ``PRAGMA application_id`` of a bridge's database: "BRDG"."""

FORMAT = 2
"""The ``PRAGMA user_version`` of the database, which is increased with each change of the tables."""

SCHEMA = """
CREATE TABLE sessions (
    number INTEGER PRIMARY KEY, id TEXT UNIQUE, metadata TEXT NOT NULL, created_at INTEGER NOT NULL,
    ttl REAL NOT NULL, base INTEGER NOT NULL, checksum INTEGER NOT NULL
);
CREATE TABLE variables (
    number INTEGER PRIMARY KEY, session INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
    type TEXT NOT NULL, constraints TEXT NOT NULL, deleted INTEGER NOT NULL, holder TEXT, held_since INTEGER,
    checksum INTEGER NOT NULL
);
CREATE INDEX variables_of_session ON variables (session);
CREATE TABLE versions (
    variable INTEGER NOT NULL, version INTEGER NOT NULL, sequence INTEGER NOT NULL, at INTEGER NOT NULL,
    changed_by TEXT NOT NULL, edit TEXT NOT NULL, metadata TEXT NOT NULL, from_elixir INTEGER NOT NULL,
    holder TEXT, held_since INTEGER, kind TEXT NOT NULL, data BLOB NOT NULL, array BLOB NOT NULL,
    checksum INTEGER NOT NULL, PRIMARY KEY (variable, version)
) WITHOUT ROWID;
CREATE TABLE log (
    session INTEGER NOT NULL, sequence INTEGER NOT NULL, kind TEXT NOT NULL, variable INTEGER NOT NULL,
    version INTEGER NOT NULL, at INTEGER NOT NULL, changed_by TEXT NOT NULL, edit TEXT NOT NULL,
    holder TEXT, held_since INTEGER, checksum INTEGER NOT NULL, PRIMARY KEY (session, sequence)
) WITHOUT ROWID;
CREATE TABLE dependencies (
    session INTEGER NOT NULL, followed INTEGER NOT NULL, follower INTEGER NOT NULL, type TEXT NOT NULL,
    checksum INTEGER NOT NULL, PRIMARY KEY (session, followed, follower)
) WITHOUT ROWID;
CREATE TABLE answers (
    number INTEGER PRIMARY KEY, session INTEGER NOT NULL, request_id TEXT NOT NULL, version INTEGER NOT NULL,
    checksum INTEGER NOT NULL
);
CREATE UNIQUE INDEX answers_of_session ON answers (session, request_id);
CREATE TABLE tools (
    number INTEGER PRIMARY KEY, session INTEGER NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
    checksum INTEGER NOT NULL, UNIQUE (session, name)
);
CREATE TABLE ended (
    number INTEGER PRIMARY KEY, session TEXT NOT NULL UNIQUE, last INTEGER NOT NULL, checksum INTEGER NOT NULL
);
CREATE TABLE floor (value INTEGER NOT NULL);
INSERT INTO floor VALUES (0);
"""

MAX_SWEPT_VARIABLES = 50
"""The maximum number of variables of ended sessions whose rows are deleted in one transaction."""

MAX_CACHED_VARIABLES = 10_000
"""The maximum number of variables whose row numbers are cached."""


def checksum(*columns: Any) -> int:
    """Return the CRC-32 of a row's columns."""
    crc = 0
    values = []
    for column in columns:
        if isinstance(column, bytes):
            crc = zlib.crc32(column, crc)
            values.append((len(column),))
        else:
            values.append(column)
    return zlib.crc32(repr(values).encode("utf-8", "surrogatepass"), crc)


class Writer:
    """A writer of records, for use inside a transaction.

    Args:
        connection: the connection to the database.
        half_written: the callback that is called in the middle of writing a record of several changes, for
            failpoints.
    """

    def __init__(self, connection: sqlite3.Connection, half_written: Callable[[Changed], object]) -> None:
        self._do = connection.execute
        self._half_written = half_written
        self._write: dict[type[Record], Callable[[Any], Iterator[None] | None]] = {
            Opened: self._opened,
            Ended: self._ended,
            Changed: self._changed,
            Depended: self._depended,
            Held: self._held,
            ToolsRegistered: self._tools_registered,
            Compacted: self._compacted,
        }
        self.unswept = True
        """True if there may be rows of ended sessions."""
        self._numbers: dict[str, tuple[int, int]] = {}  # by variable id: the session's and its own row number

    def forget(self) -> None:
        """Clear the cache of row numbers, some of which a rollback may have removed."""
        self._numbers.clear()

    def write(self, records: Iterable[Record]) -> Iterator[None]:
        """Write records to the tables; yield wherever the caller may pause."""
        for record in records:
            if (steps := self._write[type(record)](record)) is not None:
                yield from steps
            yield

    def sweep(self) -> None:
        """Delete some rows of ended sessions; set ``unswept`` to False when none is left."""
        variables = self._do(
            "SELECT number FROM variables WHERE session IN (SELECT number FROM sessions WHERE id IS NULL)"
            " LIMIT ?",
            (MAX_SWEPT_VARIABLES,),
        ).fetchall()
        for (variable,) in variables:
            self._forget(variable)
        self.unswept = bool(variables)
        if not variables:
            ended_sessions = "(SELECT number FROM sessions WHERE id IS NULL)"
            for table in ("log", "dependencies", "answers", "tools"):
                self._do(f"DELETE FROM {table} WHERE session IN {ended_sessions}")
            self._do("DELETE FROM sessions WHERE id IS NULL")

    def _opened(self, record: Opened) -> None:
        row = (
            record.session_id,
            _text(record.metadata),
            record.created_at,
            float(record.ttl),
            record.start_sequence,
        )
        self._do(
            "INSERT INTO sessions (id, metadata, created_at, ttl, base, checksum) VALUES (?, ?, ?, ?, ?, ?)",
            (*row, checksum(*row)),
        )
        self._do("DELETE FROM ended WHERE session = ?", (record.session_id,))

    def _ended(self, record: Ended) -> None:
        self._do("UPDATE sessions SET id = NULL WHERE id = ?", (record.session_id,))
        self.unswept = True
        row = record.session_id, record.last
        self._do("INSERT INTO ended (session, last, checksum) VALUES (?, ?, ?)", (*row, checksum(*row)))
        if record.forgotten:
            self._do("DELETE FROM ended WHERE session = ?", (record.forgotten,))
            self._do("UPDATE floor SET value = ?", (record.min_next_sequence,))

    def _changed(self, record: Changed) -> Iterator[None]:
        changes = record.changes
        for number, change in enumerate(changes):
            if number and number == len(changes) // 2:
                self._half_written(record)
            self._change(record.session_id, change)
            yield
        if record.request_id:
            session = self._session(record.session_id)
            row = session, record.request_id, changes[0].variable.version
            self._do(
                "INSERT INTO answers (session, request_id, version, checksum) VALUES (?, ?, ?, ?)",
                (*row, checksum(*row)),
            )
            if record.forgotten:
                self._do(
                    "DELETE FROM answers WHERE session = ? AND request_id = ?", (session, record.forgotten)
                )

    def _change(self, session_id: str, change: Change) -> None:
        variable = change.variable
        if change.kind == change_log.REGISTERED:
            session, number = self._session(session_id), self._registered(session_id, change)
        else:
            session, number = self._variable(variable.id)
        at, by, edit = change.at, change.changed_by, _text(change.metadata)
        held = variable.optimization
        holder = (held.optimizer_id, held.started_at) if held else (None, None)
        if change.kind in change_log.VERSIONS:
            row = (
                *(number, variable.version, change.sequence, at, by, edit, _text(variable.metadata)),
                int(variable.from_elixir),
                *holder,
                *variable.value,
            )
            self._do(
                "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, checksum(*row)),
            )
            # The row of the log has no copy of these: they are in the row of the version.
            at, by, edit, holder = 0, "", "", (None, None)
        elif change.kind == change_log.DELETED:
            self._amend(number, deleted=True, holder=None)
            self._do("DELETE FROM dependencies WHERE session = ? AND followed = ?", (session, number))
            self._do("DELETE FROM dependencies WHERE session = ? AND follower = ?", (session, number))
        entry = session, change.sequence, change.kind, number, variable.version, at, by, edit, *holder
        self._do("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*entry, checksum(*entry)))

    def _registered(self, session_id: str, change: Change) -> int:
        variable = change.variable
        row = (
            *(self._session(session_id), variable.id, variable.name, variable.rules.type.name),
            *(variable.rules.constraints_json, 0, None, None),
        )
        number = self._do(
            "INSERT INTO variables VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, checksum(*row))
        ).lastrowid
        assert number is not None
        return number

    def _depended(self, record: Depended) -> None:
        session, followed = self._variable(record.followed)
        row = session, followed, self._variable(record.follower)[1], record.dependency_type
        self._do("INSERT OR REPLACE INTO dependencies VALUES (?, ?, ?, ?, ?)", (*row, checksum(*row)))

    def _held(self, record: Held) -> None:
        _, number = self._variable(record.variable_id)
        self._amend(number, deleted=False, holder=record.holder)

    def _amend(self, number: int, *, deleted: bool, holder: Optimization | None) -> None:
        """Update the columns of a variable's row that can change: its deletion and the holder of its lock."""
        fixed = self._do(
            "SELECT session, id, name, type, constraints FROM variables WHERE number = ?", (number,)
        ).fetchone()
        changed = int(deleted), *((holder.optimizer_id, holder.started_at) if holder else (None, None))
        self._do(
            "UPDATE variables SET deleted = ?, holder = ?, held_since = ?, checksum = ? WHERE number = ?",
            (*changed, checksum(*fixed, *changed), number),
        )

    def _tools_registered(self, record: ToolsRegistered) -> None:
        session = self._session(record.session_id)
        for tool in record.tools:
            row = session, tool.name, text_of_tool(tool)
            self._do(
                "INSERT INTO tools (session, name, body, checksum) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET body = excluded.body, checksum = excluded.checksum",
                (*row, checksum(*row)),
            )

    def _compacted(self, record: Compacted) -> Iterator[None]:
        # The session may have ended since, and some of its rows may be deleted.
        for (session,) in self._do("SELECT number FROM sessions WHERE id = ?", (record.session_id,)):
            self._do("DELETE FROM log WHERE session = ? AND sequence < ?", (session, record.oldest))
        for variable_id, oldest in record.versions.items():
            row = self._do("SELECT number FROM variables WHERE id = ?", (variable_id,)).fetchone()
            if row is None:
                continue
            (number,) = row
            if oldest is None:
                self._forget(number)
            else:
                self._do("DELETE FROM versions WHERE variable = ? AND version < ?", (number, oldest))
            yield

    def _forget(self, variable: int) -> None:
        self._do("DELETE FROM versions WHERE variable = ?", (variable,))
        self._do("DELETE FROM variables WHERE number = ?", (variable,))

    def _session(self, session_id: str) -> int:
        (number,) = self._do("SELECT number FROM sessions WHERE id = ?", (session_id,)).fetchone()
        return int(number)

    def _variable(self, variable_id: str) -> tuple[int, int]:
        numbers = self._numbers.get(variable_id)
        if numbers is None:
            if len(self._numbers) >= MAX_CACHED_VARIABLES:
                self._numbers.clear()
            numbers = self._do(
                "SELECT session, number FROM variables WHERE id = ?", (variable_id,)
            ).fetchone()
            self._numbers[variable_id] = numbers
        return numbers


def _text(mapping: Any) -> str:
    return json.dumps(dict(mapping)) if mapping else ""
