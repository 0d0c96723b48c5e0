"""Failpoints: moments at which a test makes the server kill itself; see ``config.FAILPOINTS``."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable

from .records import Changed, Record


def may_fail(failpoint: str, moment: str, records: Iterable[Record]) -> None:
    """Kill the process if ``failpoint`` is ``moment`` and the metadata of a change also names it."""
    if failpoint != moment:
        return
    for record in records:
        if isinstance(record, Changed):
            for change in record.changes:
                if change.metadata.get("failpoint") == moment:
                    os.kill(os.getpid(), signal.SIGKILL)
