"""The reserve of a data directory: room on the disk that is kept for changes that free room."""

from __future__ import annotations

import os
from collections.abc import Collection

from ...core import change_log
from ..records import Changed, Compacted, Ended, Record

FILE = "bridge.reserve"

RESERVE_BYTES = 8 * 2**20
"""The size of the reserve, in bytes: with it, SQLite can also write a full write-ahead log back."""

MAX_GROUP_BYTES = RESERVE_BYTES // 4
"""The maximum size of the other changes in a group that may use the reserve, in bytes."""


class Reserve:
    """A file that occupies room on the disk until that room is needed.

    Args:
        directory: the data directory.

    Attributes:
        is_held: True if the file occupies its room.
    """

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        self._path = os.path.join(directory, FILE)
        self._file = -1
        self.is_held = False

    def hold(self) -> None:
        """Occupy the room again; on a full disk, do nothing."""
        try:
            if self._file < 0:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.posix_fallocate(self._file, 0, RESERVE_BYTES)
            self.is_held = True
        except OSError:
            self.release()

    def release(self) -> None:
        """Give the room back to the disk."""
        self.is_held = False
        try:
            if self._file >= 0:
                os.ftruncate(self._file, 0)
        except OSError:
            pass  # the commit that needs the room shows if there is any

    def close(self) -> None:
        """Remove the file."""
        if self._file >= 0:
            os.close(self._file)
            os.unlink(self._path)


def may_use(records: Collection[Record]) -> bool:
    """Return True if records may use the reserve: some of them free room, and the others need little.

    No records are the deletion of rows of ended sessions, which frees room.
    """
    frees_room, size = not records, 0
    for record in records:
        if isinstance(record, Changed):
            if all(change.kind == change_log.DELETED for change in record.changes):
                frees_room = True
            else:
                size += sum(change.size for change in record.changes)
        elif isinstance(record, Ended | Compacted):
            frees_room = True
    return frees_room and size <= MAX_GROUP_BYTES
