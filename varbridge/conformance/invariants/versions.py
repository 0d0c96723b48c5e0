"""What holds for everyone in a scenario at once, whoever looks.

One version of a variable is one state, made by one change; its name, type and constraints are those of all
of its versions. One sequence of a session is one update, and between the updates of one atomic batch there
is no other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from varbridge import Update, Variable, values
from varbridge.conformance.invariants.times import at_once, in_words
from varbridge.conformance.invariants.updates import CHANGES
from varbridge.conformance.vocabulary.literals import same
from varbridge.conformance.vocabulary.updates import describe
from varbridge.errors import MalformedReplyError
from varbridge.messages import snakepit_bridge_pb2 as pb


class _Maker(NamedTuple):
    """Who made a version and why, as an update or the history told it."""

    changed_by: str
    metadata: Mapping[str, str]


class Versions:
    """What everyone in one scenario was told, held against each other."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, int], Variable] = {}
        self._updates: dict[tuple[str, int], Update] = {}
        self._batches: list[tuple[str, Mapping[str, int]]] = []
        # By the bridge as well: one that was started anew may give the same ids again.
        self._states: dict[tuple[str, str, int], Variable] = {}
        self._metadata: dict[tuple[str, str, int], Mapping[str, str]] = {}
        self._first: dict[tuple[str, str], Variable] = {}
        self._makers: dict[tuple[str, str, int], _Maker] = {}
        self._ids: dict[tuple[str, str, str], str] = {}

    def add_batch(self, session_id: str, versions: Mapping[str, int]) -> None:
        """Keep what an atomic batch that was accepted answered: the new versions by id or name."""
        if len(versions) > 1:
            self._batches.append((session_id, dict(versions)))

    def violations_of(self, variable: Variable) -> list[str]:
        """Say whether this version was told with another value before."""
        before = self._values.setdefault((variable.id, variable.version), variable)
        try:
            agrees = same(before.value, variable.value)
        except MalformedReplyError:
            return []  # which is complained about elsewhere
        return [] if agrees else [f"{before!r} was also told as {variable!r}: a version has one value (W3)"]

    def violations_of_state(self, bridge: str, variable: Variable, *, metadata: bool = True) -> Iterator[str]:
        """Say what else of this version was told otherwise before.

        Args:
            metadata: whether it was asked for.
        """
        key = (bridge, variable.id, variable.version)
        first = self._first.setdefault(key[:2], variable)
        for name in ("name", "type", "constraints_json"):
            one, other = getattr(first.message, name), getattr(variable.message, name)
            if one != other and (name != "constraints_json" or first.constraints != variable.constraints):
                yield (
                    f"{first!r} was told with the {name} {one!r}, and {variable!r} with {other!r}:"
                    " it never changes (K5)"
                )
        before = self._states.setdefault(key, variable)
        if before.source != variable.source:
            yield f"the source of {variable!r} was told as {before.source} and as {variable.source} (A14)"
        if not at_once(before.message.last_updated_at, variable.message.last_updated_at):
            yield (
                f"{variable!r} was told as last updated at {in_words(before.message.last_updated_at)} and at"
                f" {in_words(variable.message.last_updated_at)}: a version has one time (A14)"
            )
        if metadata and (told := self._metadata.setdefault(key, variable.metadata)) != variable.metadata:
            yield (
                f"{variable!r} was told with the metadata {dict(told)} and with {dict(variable.metadata)}:"
                " only a change adds to it (A3)"
            )

    def _contradictions(self, bridge: str, variable: Variable) -> Iterator[str]:
        """Say what an update tells otherwise than a read did; it need not tell all of a variable."""
        before = self._states.get((bridge, variable.id, variable.version))
        if before is None:
            return
        for name in ("name", "type", "constraints_json"):
            one, other = getattr(before.message, name), getattr(variable.message, name)
            if (
                one != other
                and other
                and (name != "constraints_json" or before.constraints != variable.constraints)
            ):
                yield f"an update told {variable!r} with the {name} {other!r}, and a read with {one!r} (K5)"
        told, metadata = before.metadata, variable.metadata
        if wrong := sorted(key for key in metadata if key in told and told[key] != metadata[key]):
            yield f"an update told {variable!r} with another {' and '.join(wrong)} than a read (A3)"

    def learn_id(self, bridge: str, session_id: str, variable: Variable) -> None:
        """Keep which variable a name stands for, and an id."""
        self._ids[bridge, session_id, variable.name] = variable.id
        self._ids[bridge, session_id, variable.id] = variable.id

    def violations_of_history(
        self, bridge: str, request: pb.GetVariableHistoryRequest, reply: pb.GetVariableHistoryResponse
    ) -> Iterator[str]:
        """Say which entries tell of a version otherwise than others did."""
        variable_id = self._ids.get((bridge, request.session_id, request.variable_identifier), "")
        for entry in reply.entries:
            state = self._states.get((bridge, variable_id, entry.version))
            if state is not None and not _holds(state, entry):
                yield f"{state!r} stands in the history with {entry.value.value[:60]!r} (A11)"
            if state is not None and not at_once(state.message.last_updated_at, entry.timestamp):
                yield (
                    f"{state!r} was last updated at {in_words(state.message.last_updated_at)},"
                    f" but stands in the history at {in_words(entry.timestamp)} (A11)"
                )
            maker = _Maker(entry.changed_by, dict(entry.metadata))
            yield from self._maker_violations((bridge, variable_id, entry.version), maker)

    def _maker_violations(self, key: tuple[str, str, int], maker: _Maker) -> Iterator[str]:
        if not key[1]:
            return
        before = self._makers.setdefault(key, maker)
        what = f"version {key[2]} of {key[1]}"
        if before.changed_by != maker.changed_by:
            yield f"{what} was told as made by {before.changed_by!r} and by {maker.changed_by!r} (A11)"
        for name in sorted(before.metadata.keys() & maker.metadata.keys()):
            if before.metadata[name] != maker.metadata[name]:
                told = f"{before.metadata[name]!r} and as {maker.metadata[name]!r}"
                yield f"the {name} of {what} was told as {told} (A11)"

    def violations_of_update(self, session_id: str, update: Update, bridge: str = "") -> list[str]:
        """Say whether this sequence, or this version, was told to anyone as something else."""
        if update.variable is None:
            return []
        found = self.violations_of(update.variable)
        found.extend(self._contradictions(bridge, update.variable))
        if update.kind in CHANGES:
            maker = _Maker(update.source, update.metadata)
            key = (bridge, update.variable_id, update.variable.version)
            found.extend(self._maker_violations(key, maker))
        if update.kind == "value_change":
            found.extend(self._previous_violations(update, update.variable))
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

    def _previous_violations(self, update: Update, variable: Variable) -> Iterator[str]:
        before = self._values.get((variable.id, variable.version - 1))
        try:
            agrees = before is None or same(before.value, update.previous)
        except MalformedReplyError:
            agrees = False
        if not agrees:
            yield f"{describe(update)} was told with another previous value than that of {before!r} (W3)"

    def violations_of_batches(self) -> list[str]:
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


def _holds(state: Variable, entry: pb.VariableHistoryEntry) -> bool:
    try:
        return same(state.value, values.decode(state.type, entry.value, entry.binary_value))
    except MalformedReplyError:
        return False


def _places(order: Sequence[Update]) -> Mapping[tuple[str, int], list[int]]:
    """Where in an order the value changes are, by id and by name, each with the version."""
    places: dict[tuple[str, int], list[int]] = defaultdict(list)
    for place, update in enumerate(order):
        if update.kind == "value_change" and (variable := update.variable) is not None:
            places[variable.id, variable.version].append(place)
            places[variable.name, variable.version].append(place)
    return places
