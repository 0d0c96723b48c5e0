"""The accepted changes of each variable, as far as they are kept."""

from __future__ import annotations

from .change_log import REGISTERED, Change
from .changes import CLIENT
from .errors import OutOfRangeError, invalid
from .variables import Variable


def registration(variable: Variable) -> Change:
    """The change that made version 1 of a variable, from that version: all but its place in the log."""
    return Change(
        sequence=0,
        kind=REGISTERED,
        variable=variable,
        previous=None,
        changed_by=variable.metadata.get("changed_by") or CLIENT,
        metadata=variable.metadata,
        at=variable.updated_at,
    )


class Histories:
    """The histories of a session's variables, by id.

    A variable that was never set has none here: it tells of its registration itself.

    Args:
        limit: how many changes of one variable are kept; the oldest are dropped.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._changes: dict[str, list[Change]] = {}

    def restore(self, changes: list[Change]) -> None:
        """Begin with changes of one variable, oldest first."""
        if changes[-1].variable.version > 1:
            self._changes[changes[0].variable.id] = changes[-self._limit :]

    def add(self, change: Change, before: Variable) -> None:
        """Keep a change that made a version above 1 of a variable that was ``before``."""
        kept = self._changes.get(change.variable.id)
        if kept is None:
            kept = self._changes[change.variable.id] = [registration(before)]
        kept.append(change)
        if len(kept) > self._limit:
            del kept[0]

    def newest(self, variable: Variable, limit: int) -> list[Change]:
        """At most ``limit`` changes of a variable, newest first; 0 for all that are kept."""
        if limit < 0:
            raise invalid("limit", f"must not be negative, not {limit}")
        return self._of(variable)[::-1][: limit or None]

    def version(self, variable: Variable, version: int) -> Variable:
        """A variable as it was at a version.

        Raises:
            OutOfRangeError: that version is not kept.
        """
        kept = self._of(variable)
        for change in kept:
            if change.variable.version == version:
                return change.variable
        raise OutOfRangeError(
            f"version {version} of {variable.name} is not in its history:"
            f" {kept[0].variable.version} to {variable.version} are"
        )

    def oldest(self, variable_id: str) -> int | None:
        """The oldest version that is kept of a variable; None where it is deleted or was never set."""
        kept = self._changes.get(variable_id)
        return kept[0].variable.version if kept else None

    def drop(self, variable_id: str) -> None:
        """Forget a variable that is deleted."""
        self._changes.pop(variable_id, None)

    def _of(self, variable: Variable) -> list[Change]:
        return self._changes.get(variable.id) or [registration(variable)]
