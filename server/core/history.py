"""The history of each variable: its retained accepted changes."""

from __future__ import annotations

from .change_log import REGISTERED, Change
from .changes import CLIENT
from .errors import OutOfRangeError, invalid
from .variables import Variable


def registration(variable: Variable) -> Change:
    """Return the change that created version 1 of a variable, with 0 in place of its unknown sequence."""
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

    A variable that was never set has no entry here: its registration is derived from the variable.

    Args:
        limit: the maximum number of retained changes per variable; the oldest are dropped.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._changes: dict[str, list[Change]] = {}

    def restore(self, changes: list[Change]) -> None:
        """Set the history of one variable from its changes, oldest first."""
        if changes[-1].variable.version > 1:
            self._changes[changes[0].variable.id] = changes[-self._limit :]

    def add(self, change: Change, before: Variable) -> Change | None:
        """Add a change that created a version above 1 of a variable; ``before`` is the version before it.

        Returns:
            The oldest change if the history would have too many, which drops it; None otherwise.
        """
        changes = self._changes.get(change.variable.id)
        if changes is None:
            changes = self._changes[change.variable.id] = [registration(before)]
        changes.append(change)
        return changes.pop(0) if len(changes) > self._limit else None

    def retained(self, variable: Variable) -> list[Change]:
        """Return all retained changes of a variable, oldest first."""
        return self._of(variable)

    def newest(self, variable: Variable, limit: int) -> list[Change]:
        """Return at most ``limit`` retained changes of a variable, newest first; 0 for all."""
        if limit < 0:
            raise invalid("limit", f"must not be negative, not {limit}")
        return self._of(variable)[::-1][: limit or None]

    def version(self, variable: Variable, version: int) -> Variable:
        """Return a variable as it was at a version.

        Raises:
            OutOfRangeError: the version is not retained.
        """
        changes = self._of(variable)
        for change in changes:
            if change.variable.version == version:
                return change.variable
        raise OutOfRangeError(
            f"version {version} of {variable.name} is not in its history:"
            f" {changes[0].variable.version} to {variable.version} are"
        )

    def oldest(self, variable_id: str) -> int | None:
        """Return the oldest retained version of a variable; None if it is deleted or was never set."""
        changes = self._changes.get(variable_id)
        return changes[0].variable.version if changes else None

    def drop(self, variable_id: str) -> None:
        """Remove the history of a deleted variable."""
        self._changes.pop(variable_id, None)

    def _of(self, variable: Variable) -> list[Change]:
        return self._changes.get(variable.id) or [registration(variable)]
