"""Moments at which a server can be made to kill itself, for tests; see ``config.FAILPOINTS``."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable

from .records import Changed, Record


def may_fail(failpoint: str, moment: str, records: Iterable[Record]) -> None:
    """Die where that is the moment, and one of the records' changes is marked with it."""
    if failpoint != moment:
        return
    for record in records:
        if isinstance(record, Changed):
            for change in record.changes:
                if change.metadata.get("failpoint") == moment:
                    os.kill(os.getpid(), signal.SIGKILL)
