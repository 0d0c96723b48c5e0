"""The invariants across all replies and watches of a scenario.

A version of a variable is one state, made by one change. The name, type and constraints of a variable never
change. A sequence of a session is one update. The updates of an atomic batch are consecutive.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from varbridge import Update, Variable
from varbridge.conformance.invariants.times import same_time, show_time
from varbridge.conformance.invariants.updates import CHANGES
from varbridge.conformance.invariants.variables import FIXED, differ
from varbridge.conformance.vocabulary.encoding import decode, read_previous, read_value
from varbridge.conformance.vocabulary.literals import same
from varbridge.conformance.vocabulary.updates import describe
from varbridge.errors import MalformedReplyError
from varbridge.messages import snakepit_bridge_pb2 as pb

READ = ("changed_by", "source", "optimizer_id")
"""The keys of metadata that a bridge reads, and need not send back."""


class _Maker(NamedTuple):
    """The provenance of a version, from an update or the history."""

    changed_by: str
    metadata: Mapping[str, str]


class Versions:
    """The store of all versions that clients of a scenario received, which compares them with each other.

    Args:
        current: True if messages have the fields with numbers from 100, which SnakepitBridge lacks: with it,
            sequences, previous values and the arrays in a history are compared as well.
    """

    def __init__(self, current: bool = True) -> None:
        self.current = current
        self._values: dict[tuple[str, int], Variable] = {}
        self._updates: dict[tuple[str, int], Update] = {}
        self._batches: list[tuple[str, Mapping[str, int]]] = []
        # The keys contain the bridge as well, since a restarted bridge may assign the same ids again.
        self._states: dict[tuple[str, str, int], Variable] = {}
        self._newest: dict[str, dict[str, int]] = {}
        self._metadata: dict[tuple[str, str, int], Mapping[str, str]] = {}
        self._first: dict[tuple[str, str], Variable] = {}
        self._registered: set[tuple[str, str, str]] = set()
        self._makers: dict[tuple[str, str, int], _Maker] = {}
        self._ids: dict[tuple[str, str, str], str] = {}

    def add_batch(self, session_id: str, versions: Mapping[str, int]) -> None:
        """Record the answer of an accepted atomic batch: the new versions by id or name."""
        if len(versions) > 1:
            self._batches.append((session_id, dict(versions)))

    def violations_of(self, variable: Variable) -> list[str]:
        """Return a sentence if this version was received with another value before; empty otherwise."""
        before = self._values.setdefault((variable.id, variable.version), variable)
        if _wire(before) == _wire(variable):
            return []
        try:
            agrees = same(read_value(before), read_value(variable))
        except MalformedReplyError:
            return []  # variable_faults reports it
        return [] if agrees else [f"{before!r} was also sent as {variable!r}: a version has one value (W3)"]

    def violations_of_state(self, bridge: str, variable: Variable, *, metadata: bool = True) -> Iterator[str]:
        """Yield sentences about other fields of this version that differ from those received before.

        Args:
            bridge: the name of the bridge's state, which is its address or a name shared with other bridges.
            variable: the variable in a reply.
            metadata: True if the request asked for the metadata.
        """
        key = (bridge, variable.id, variable.version)
        first = self._first.setdefault(key[:2], variable)
        for name in FIXED:
            first_value, value = getattr(first.message, name), getattr(variable.message, name)
            if differ(name, first, variable):
                yield (
                    f"{first!r} was sent with the {name} {first_value!r}, and {variable!r} with {value!r}:"
                    " it never changes (K5)"
                )
        before = self._states.setdefault(key, variable)
        newest = self._newest.setdefault(bridge, {})
        newest[variable.id] = max(newest.get(variable.id, 0), variable.version)
        if before.message.source != variable.message.source:
            yield f"the source of {variable!r} was sent as {_source(before)} and as {_source(variable)} (A14)"
        if not same_time(before.message.last_updated_at, variable.message.last_updated_at):
            yield (
                f"{variable!r} was sent with last_updated_at {show_time(before.message.last_updated_at)} and"
                f" {show_time(variable.message.last_updated_at)}: a version has one time (A14)"
            )
        first_metadata = self._metadata.setdefault(key, variable.metadata) if metadata else {}
        if metadata and first_metadata != variable.metadata:
            yield (
                f"{variable!r} was sent with the metadata {dict(first_metadata)}"
                f" and with {dict(variable.metadata)}:"
                " only a change adds to it (A3)"
            )

    def _contradictions(self, bridge: str, variable: Variable) -> Iterator[str]:
        """Yield sentences about fields of an update that contradict a read; an update may omit fields."""
        before = self._states.get((bridge, variable.id, variable.version))
        if before is None:
            return
        for name in FIXED:
            first_value, value = getattr(before.message, name), getattr(variable.message, name)
            if (value or self._is_complete(variable)) and differ(name, before, variable):
                yield (
                    f"an update of {variable!r} has the {name} {value!r}, but a read has {first_value!r} (K5)"
                )
        expected = self._metadata.get((bridge, variable.id, variable.version), {})
        metadata = variable.metadata
        if wrong := sorted(key for key in metadata if key in expected and expected[key] != metadata[key]):
            yield f"an update of {variable!r} has another {' and '.join(wrong)} than a read (A3)"
        if not variable.message.HasField("last_updated_at"):
            return  # it does not have the complete variable
        if self.current and (lacking := sorted(expected.keys() - metadata.keys())):
            yield f"an update of {variable!r} lacks the metadata {' and '.join(lacking)} of a read (A1)"
        if before.message.source != variable.message.source:
            yield f"an update of {variable!r} has another source than a read (A14)"
        if not same_time(before.message.last_updated_at, variable.message.last_updated_at):
            yield f"an update of {variable!r} has another last_updated_at than a read (A14)"

    def _is_complete(self, variable: Variable) -> bool:
        """Return True if an update has the complete variable, which older bridges do not send."""
        return self.current and variable.message.HasField("last_updated_at")

    def violations_of_registration(self, bridge: str, session_id: str, variable_id: str) -> Iterator[str]:
        """Yield a sentence if a registration was answered an id that another one had in the same session."""
        key = bridge, session_id, variable_id
        if variable_id and key in self._registered:
            yield f"two registrations were answered the id {variable_id!r} (A5)"
        self._registered.add(key)

    def newest(self, bridge: str) -> Mapping[str, int]:
        """Return the newest version of each variable, by id, that a client has received until now."""
        return dict(self._newest.get(bridge, {}))

    def learn_id(self, bridge: str, session_id: str, variable: Variable) -> None:
        """Record the id of a variable, for requests that name the variable by its name or its id.

        If a name is also an id of another variable, which of the two a request means depends on deletions;
        then neither is recorded.
        """
        for identifier in (variable.name, variable.id):
            known = self._ids.setdefault((bridge, session_id, identifier), variable.id)
            if known != variable.id:
                either = identifier in (known, variable.id) or not known
                self._ids[bridge, session_id, identifier] = "" if either else variable.id

    def violations_of_history(
        self, bridge: str, request: pb.GetVariableHistoryRequest, reply: pb.GetVariableHistoryResponse
    ) -> Iterator[str]:
        """Yield sentences about entries of a history that contradict earlier replies and updates."""
        variable_id = self._ids.get((bridge, request.session_id, request.variable_identifier), "")
        for entry in reply.entries:
            state = self._states.get((bridge, variable_id, entry.version))
            if state is not None and not _holds(state, entry) and (self.current or not state.raw.array):
                yield f"{state!r} has the value {entry.value.value[:60]!r} in the history (A11)"
            if state is not None and not same_time(state.message.last_updated_at, entry.timestamp):
                yield (
                    f"{state!r} was last updated at {show_time(state.message.last_updated_at)},"
                    f" but has the time {show_time(entry.timestamp)} in the history (A11)"
                )
            maker = _Maker(entry.changed_by, dict(entry.metadata))
            yield from self._maker_violations((bridge, variable_id, entry.version), maker)

    def _maker_violations(self, key: tuple[str, str, int], maker: _Maker) -> Iterator[str]:
        if not key[1]:
            return
        before = self._makers.setdefault(key, maker)
        subject = f"version {key[2]} of {key[1]}"
        if before.changed_by != maker.changed_by:
            yield f"{subject} was sent as made by {before.changed_by!r} and by {maker.changed_by!r} (A11)"
        for name in sorted(before.metadata.keys() & maker.metadata.keys()):
            if before.metadata[name] != maker.metadata[name]:
                values_sent = f"{before.metadata[name]!r} and as {maker.metadata[name]!r}"
                yield f"the {name} of {subject} was sent as {values_sent} (A11)"
        # A bridge may have entries of its own, but not those of other changes.
        ambiguous = (before.metadata.keys() ^ maker.metadata.keys()) & self._metadata.get(key, {}).keys()
        if names := sorted(ambiguous - {*READ}):
            yield f"{subject} was sent with and without {' and '.join(names)} in its own metadata (A11)"

    def violations_of_update(self, session_id: str, update: Update, bridge: str = "") -> list[str]:
        """Return sentences if this sequence or this version was received with other content before."""
        if update.variable is None:
            return []
        if self._updates.get((session_id, update.sequence)) is update:  # another watch received it as well
            return [*self._previous_violations(update, update.variable)]
        sentences = self.violations_of(update.variable)
        sentences.extend(self._contradictions(bridge, update.variable))
        if update.kind in CHANGES:
            maker = _Maker(update.source, update.metadata)
            key = (bridge, update.variable_id, update.variable.version)
            sentences.extend(self._maker_violations(key, maker))
        if not self.current:
            return sentences
        sentences.extend(self._previous_violations(update, update.variable))
        if update.kind == "initial_value":
            return sentences  # it has the sequence of the session, not one of its own
        before = self._updates.setdefault((session_id, update.sequence), update)
        content = (update.kind, update.variable_id, update.variable.version)
        assert before.variable is not None
        if (before.kind, before.variable_id, before.variable.version) != content:
            sentences.append(
                f"sequence {update.sequence} was sent as {describe(before)} and as {describe(update)}:"
                " all watches of a session see one order (W4)"
            )
        return sentences

    def _previous_violations(self, update: Update, variable: Variable) -> Iterator[str]:
        if update.kind != "value_change":
            return
        before = self._values.get((variable.id, variable.version - 1))
        try:
            agrees = before is None or same(read_value(before), read_previous(update))
        except MalformedReplyError:
            agrees = False
        if not agrees:
            yield f"{describe(update)} was sent with another previous value than that of {before!r} (W3)"

    def violations_of_batches(self) -> list[str]:
        """Return sentences about atomic batches whose updates were not consecutive.

        Dependency changes are ignored: they follow from changes, including those of the batch.
        """
        orders = {session_id: self._order_of(session_id) for session_id, _ in self._batches}
        indices = {session_id: _places(order) for session_id, order in orders.items()}
        sentences = []
        for session_id, versions in self._batches:
            fitting = [indices[session_id].get(entry, []) for entry in versions.items()]
            if any(len(places) > 1 for places in fitting):
                continue  # the name belonged to two variables, one after the other, so the place is ambiguous
            own = sorted(place for places in fitting for place in places)
            between = range(own[0], own[-1]) if own else ()
            if foreign := [place for place in between if place not in own]:
                sentences.append(
                    f"{describe(orders[session_id][foreign[0]])} was sent between the updates of an atomic"
                    f" batch with the new versions {versions}, which must be consecutive (W4)"
                )
        return sentences

    def _order_of(self, session_id: str) -> list[Update]:
        """Return all updates of a session that any watch received, in order."""
        sequences = sorted(sequence for session, sequence in self._updates if session == session_id)
        updates = [self._updates[session_id, sequence] for sequence in sequences]
        return [update for update in updates if update.kind != "dependency_change"]


def _wire(variable: Variable) -> tuple[str, bytes, bytes]:
    """Return the value of a variable as it was sent, which is faster to compare than to parse."""
    message = variable.message
    return message.value.type_url, message.value.value, message.binary_value


def _holds(state: Variable, entry: pb.VariableHistoryEntry) -> bool:
    try:
        return same(read_value(state), decode(state.type, entry.value, entry.binary_value))
    except MalformedReplyError:
        return False


def _source(variable: Variable) -> str:
    """Return the source of a variable, or its number if there is no such source."""
    try:
        return variable.source
    except MalformedReplyError:
        return str(variable.message.source)


def _places(order: Sequence[Update]) -> Mapping[tuple[str, int], list[int]]:
    """Return the indexes of the value changes, by the variable's id and name, each with the version."""
    places: dict[tuple[str, int], list[int]] = defaultdict(list)
    for place, update in enumerate(order):
        if update.kind == "value_change" and (variable := update.variable) is not None:
            places[variable.id, variable.version].append(place)
            places[variable.name, variable.version].append(place)
    return places
