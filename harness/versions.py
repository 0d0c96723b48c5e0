"""What holds for everyone in a scenario at once, whoever looks.

One version of a variable has one value, one sequence of a session is one update, and between the updates
of one atomic batch there is no other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from client import Update, Variable
from client.errors import MalformedReply
from harness.literals import same
from harness.updates import describe


class Versions:
    """What everyone in one scenario was told, held against each other."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, int], Variable] = {}
        self._updates: dict[tuple[str, int], Update] = {}
        self._batches: list[tuple[str, Mapping[str, int]]] = []

    def add_batch(self, session_id: str, versions: Mapping[str, int]) -> None:
        """Keep what an atomic batch that was accepted answered: the new versions by id or name."""
        if len(versions) > 1:
            self._batches.append((session_id, dict(versions)))

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

    def complaints_about_batches(self) -> list[str]:
        """Say which atomic batches had another update among theirs, of all updates that were looked at.

        Dependency changes are left out: they follow from changes, a batch's own included.
        """
        orders = {session_id: self._order_of(session_id) for session_id, _ in self._batches}
        indices = {session_id: _places(order) for session_id, order in orders.items()}
        found = []
        for session_id, versions in self._batches:
            fitting = [indices[session_id].get(entry, []) for entry in versions.items()]
            if any(len(places) > 1 for places in fitting):
                continue  # a name that stood for two variables, one after the other: no telling which
            own = sorted(place for places in fitting for place in places)
            between = range(own[0], own[-1]) if own else ()
            if strangers := [place for place in between if place not in own]:
                found.append(
                    f"{describe(orders[session_id][strangers[0]])} was told among the updates of an atomic"
                    f" batch that answered the versions {versions}: those follow each other (W4)"
                )
        return found

    def _order_of(self, session_id: str) -> list[Update]:
        """The updates of a session that were told to anyone, in order."""
        sequences = sorted(sequence for session, sequence in self._updates if session == session_id)
        updates = [self._updates[session_id, sequence] for sequence in sequences]
        return [update for update in updates if update.kind != "dependency_change"]


def _places(order: Sequence[Update]) -> Mapping[tuple[str, int], list[int]]:
    """Where in an order the value changes are, by id and by name, each with the version."""
    places: dict[tuple[str, int], list[int]] = defaultdict(list)
    for place, update in enumerate(order):
        if update.kind == "value_change" and (variable := update.variable) is not None:
            places[variable.id, variable.version].append(place)
            places[variable.name, variable.version].append(place)
    return places
