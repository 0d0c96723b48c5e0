"""The accepted changes of each variable, as far as they are kept."""

from __future__ import annotations

from server.errors import OutOfRange, invalid
from server.log import Change
from server.variables import Variable


class Histories:
    """The histories of a session's variables, by id.

    Args:
        limit: how many changes of one variable are kept; the oldest are dropped.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._changes: dict[str, list[Change]] = {}

    def add(self, change: Change) -> None:
        """Keep a change that made a version."""
        kept = self._changes.setdefault(change.variable.id, [])
        kept.append(change)
        if len(kept) > self._limit:
            del kept[0]

    def newest(self, variable: Variable, limit: int) -> list[Change]:
        """At most ``limit`` changes of a variable, newest first; 0 for all that are kept."""
        if limit < 0:
            raise invalid("limit", f"must not be negative, not {limit}")
        return self._changes[variable.id][::-1][: limit or None]

    def version(self, variable: Variable, version: int) -> Variable:
        """A variable as it was at a version.

        Raises:
            OutOfRange: that version is not kept.
        """
        kept = self._changes[variable.id]
        for change in kept:
            if change.variable.version == version:
                return change.variable
        raise OutOfRange(
            f"version {version} of {variable.name} is not in its history:"
            f" {kept[0].variable.version} to {variable.version} are"
        )

    def oldest(self, variable_id: str) -> int | None:
        """The oldest version that is kept of a variable; None where it is deleted."""
        kept = self._changes.get(variable_id)
        return kept[0].variable.version if kept else None

    def drop(self, variable_id: str) -> None:
        """Forget a variable that is deleted."""
        del self._changes[variable_id]
