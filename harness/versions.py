"""One version of a variable has one value, and one sequence of a session is one update, whoever looks."""

from __future__ import annotations

from client import Update, Variable
from client.errors import MalformedReply
from harness.literals import same
from harness.matchers import describe


class Versions:
    """What everyone in one scenario was told, held against each other."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, int], Variable] = {}
        self._updates: dict[tuple[str, int], Update] = {}

    def complaints_about(self, variable: Variable) -> list[str]:
        """Say whether this version was told with another value before."""
        before = self._values.setdefault((variable.id, variable.version), variable)
        try:
            agrees = same(before.value, variable.value)
        except MalformedReply:
            return []  # which is complained about elsewhere
        return [] if agrees else [f"{before!r} was also told as {variable!r}: a version has one value (W3)"]

    def complaints_about_update(self, session_id: str, update: Update) -> list[str]:
        """Say whether this sequence, or this version, was told to anyone as something else."""
        if update.variable is None:
            return []
        found = self.complaints_about(update.variable)
        if update.kind == "initial_value":
            return found  # it bears the sequence of the session, not one of its own
        before = self._updates.setdefault((session_id, update.sequence), update)
        told = (update.kind, update.variable_id, update.variable.version)
        assert before.variable is not None
        if (before.kind, before.variable_id, before.variable.version) != told:
            found.append(
                f"sequence {update.sequence} was told as {describe(before)} and as {describe(update)}:"
                " all watches of a session see one order (W4)"
            )
        return found
