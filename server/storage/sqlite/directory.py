"""The data directory: locking it for one process, checking its format, and opening its database."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import closing, suppress

from ...core.errors import StartupError
from .tables import APPLICATION, FORMAT, SCHEMA

FILE = "bridge.sqlite3"

UNFINISHED = (f"{FILE}.new", f"{FILE}.new-journal")
"""The files of a database that is being created; a start that was killed leaves them behind."""

RESERVED_WAL_BYTES = 1100 * (4096 + 24)
"""The initial size of SQLite's write-ahead log, in bytes: a little more than it needs."""

LOST_AND_FOUND = "lost+found"
"""The directory that some file systems have in their root; a data directory may contain it."""


class DataDirectory:
    """A data directory that this process has locked; the system unlocks it, however the process ends.

    Args:
        path: the directory: an existing one with a bridge's data, or an empty or new one.

    Raises:
        StartupError: another process uses the directory, or it has other files, is damaged or not writable.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = path
        try:
            _create(path)
            self._claim = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise StartupError(f"cannot use the data directory {path}: {error.strerror}") from None
        try:
            # The lock is on the directory itself, so that no lock file can be left behind.
            fcntl.flock(self._claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.connection = self._open(os.path.join(path, FILE))
        except BlockingIOError:
            os.close(self._claim)
            raise StartupError(f"the data directory {path} is in use by another process") from None
        except OSError as error:
            os.close(self._claim)
            raise StartupError(f"cannot use the data directory {path}: {error.strerror}") from None
        except BaseException:
            os.close(self._claim)
            raise

    @property
    def size(self) -> int:
        """The size of the database and its write-ahead log, in bytes."""
        files = (os.path.join(self.path, name) for name in (FILE, FILE + "-wal"))
        return sum(os.path.getsize(file) for file in files if os.path.exists(file))

    def close(self) -> None:
        """Write SQLite's write-ahead log back to the database, and unlock the directory."""
        self.connection.close()
        os.close(self._claim)

    def _open(self, file: str) -> sqlite3.Connection:
        is_new = not os.path.exists(file)
        if is_new and (others := sorted({*os.listdir(self.path)} - {LOST_AND_FOUND, *UNFINISHED})):
            raise StartupError(
                f"the directory {self.path} holds other files ({others[0]}) and no bridge's data:"
                " name an empty or a new directory"
            )
        if not is_new and not os.access(file, os.R_OK | os.W_OK):
            raise StartupError(f"cannot use {file}: permission denied")
        if not is_new and not os.path.getsize(file):  # SQLite would take it for new, and delete its log
            raise StartupError(f"{file} is empty: restore it, or name another directory")
        try:
            if is_new:
                self._create_database(file)
            connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=0.0)
        except sqlite3.Error as error:
            raise StartupError(f"cannot use {file}: {error}") from None
        try:
            # No other process opens the database, so it needs no shared memory (-shm) file.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._recognise(connection, file)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA secure_delete = OFF")  # some builds write zeros over what is deleted
            connection.execute("PRAGMA journal_size_limit = 67108864")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # opens the write-ahead log
            _reserve(file + "-wal")
            for written in (file, file + "-wal"):
                os.chmod(written, os.stat(written).st_mode & 0o660)  # older servers let all users read them
        except (
            sqlite3.Error,
            UnicodeDecodeError,
        ) as error:  # UnicodeDecodeError: the message has damaged text
            connection.close()
            raise StartupError(f"cannot use {file}: {error}; restore it, or name another directory") from None
        except BaseException:
            connection.close()
            raise
        return connection

    def _recognise(self, connection: sqlite3.Connection, file: str) -> None:
        """Check that the database file is a bridge's and of this format.

        Raises:
            StartupError: the file is not a bridge's database, or has another format.
        """
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if application != APPLICATION:
            raise StartupError(f"{file} is not a bridge's database: name another directory")
        if version != FORMAT:
            raise StartupError(
                f"{file} has format {version} and this bridge reads format {FORMAT}: use the"
                " version of the bridge that wrote it"
            )

    def _create_database(self, file: str) -> None:
        """Create the database under another name and rename it, so that an empty one is a damaged one."""
        for name in UNFINISHED:
            with suppress(FileNotFoundError):
                os.unlink(os.path.join(self.path, name))
        unfinished = os.path.join(self.path, UNFINISHED[0])
        # SQLite would create it for all users to read; its other files get the same permissions.
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        with closing(sqlite3.connect(unfinished, isolation_level=None)) as connection:
            identity = f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {FORMAT};"
            connection.executescript(f"BEGIN; {identity} {SCHEMA} COMMIT;")
        os.rename(unfinished, file)
        os.fsync(self._claim)


def _create(path: str | os.PathLike[str]) -> None:
    """Create a directory for this user only, and make its entry in the directory above durable."""
    parent = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path):
        return
    if not os.path.isdir(parent):
        _create(parent)
    with suppress(FileExistsError):
        os.mkdir(path, 0o700)
    above = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(above)
    finally:
        os.close(above)


def _reserve(log: str) -> None:
    """Extend the file of SQLite's write-ahead log to ``RESERVED_WAL_BYTES`` with bytes of 255.

    A commit that makes the file longer also waits for the file system's journal, which doubles its duration.
    SQLite ignores these bytes at the end of the log. Zeros would complete a commit that has failed before it
    has written its last page, if that page is one of zeros.
    """
    with suppress(OSError), open(log, "ab", buffering=0) as file:  # on a full disk, go on without
        if (missing := RESERVED_WAL_BYTES - file.tell()) > 0:
            file.write(b"\xff" * missing)
            os.fdatasync(file.fileno())
