"""A data directory: claimed by one process, recognised, and opened."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from ...core.errors import StartupError
from .loader import CorruptDataError
from .tables import APPLICATION, FORMAT, SCHEMA

FILE = "bridge.sqlite3"

RESERVED = 1100 * (4096 + 24)
"""Bytes that SQLite's log grows to before it begins anew, and a little more."""

LOST_AND_FOUND = "lost+found"
"""What a file system of its own has at its root."""


class DataDirectory:
    """A directory that belongs to this process while it runs; the system frees it, however it ends.

    Args:
        path: an existing bridge's data, or an empty or new directory.

    Raises:
        StartupError: it is another process's, not a bridge's, damaged, or not writable.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._claim = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise StartupError(f"cannot use the data directory {path}: {error.strerror}") from None
        try:
            # On the directory itself: there is no file to be left behind.
            fcntl.flock(self._claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.connection = self._open(path / FILE)
        except BlockingIOError:
            os.close(self._claim)
            raise StartupError(f"the data directory {path} is in use by another process") from None
        except BaseException:
            os.close(self._claim)
            raise

    def close(self) -> None:
        """Write back what is in SQLite's log, and give the directory up."""
        self.connection.close()
        os.close(self._claim)

    def _open(self, file: Path) -> sqlite3.Connection:
        is_new = not file.exists()
        if is_new and (others := sorted(p.name for p in self.path.iterdir() if p.name != LOST_AND_FOUND)):
            raise StartupError(
                f"the directory {self.path} holds other files ({others[0]}) and no bridge's data:"
                " name an empty or a new one"
            )
        if not is_new and not os.access(file, os.R_OK | os.W_OK):
            raise StartupError(f"cannot use {file}: permission denied")
        connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=0.0)
        try:
            # Nobody else opens it, so no memory needs to be shared: there is no -shm file.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            if is_new or not self._recognise(connection):
                self._create(connection)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA journal_size_limit = 67108864")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # opens SQLite's log
            _reserve(file.with_name(file.name + "-wal"))
        except (sqlite3.Error, UnicodeDecodeError) as error:  # where even its message is damaged
            connection.close()
            raise StartupError(f"cannot use {file}: {error}; restore it, or name another directory") from None
        except CorruptDataError:
            connection.close()
            raise
        except StartupError:
            connection.close()
            raise
        return connection

    def _recognise(self, connection: sqlite3.Connection) -> bool:
        """Whether the file is a bridge's of this format; False where it is empty."""
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if not application and not version and not tables:
            return False
        if application != APPLICATION:
            raise StartupError(f"{self.path / FILE} is no bridge's data: name another directory")
        if version != FORMAT:
            raise StartupError(
                f"{self.path / FILE} has format {version} and this bridge reads {FORMAT}: use the bridge that"
                " wrote it"
            )
        return True

    def _create(self, connection: sqlite3.Connection) -> None:
        connection.executescript(
            f"BEGIN; PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {FORMAT}; {SCHEMA} COMMIT;"
        )


def _reserve(log: Path) -> None:
    """Let SQLite's log have its size from the beginning.

    A commit that makes a file longer waits for the file system's own journal as well, which takes as long
    again. Zeros at the end are no frames: SQLite does not look at them.
    """
    with suppress(OSError), log.open("ab", buffering=0) as file:  # on a full disk it is as well without
        if (missing := RESERVED - file.tell()) > 0:
            file.write(bytes(missing))
            os.fdatasync(file.fileno())
