"""The state of the model: variables, changes, the updates that a watch must receive, sessions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from varbridge.conformance.model.values import Value


@dataclass(eq=False)
class Moment:
    """The time of a change, which is known once a reply has it.

    Attributes:
        time: the seconds and nanoseconds; None while they are unknown.
    """

    time: tuple[int, int] | None = None


@dataclass(frozen=True)
class Holder:
    """An optimizer that holds the lock of a variable, and the moment of the lock."""

    optimizer: str
    moment: Moment


@dataclass(frozen=True)
class VariableState:
    """The state of a variable at one version.

    Attributes:
        holder: the holder of the lock; None if the variable is not locked.
        open_keys: keys of the metadata that the contract leaves open.
        open_lock: True if the contract leaves open if the variable is still locked.
    """

    id: str
    name: str
    kind: str
    constraints: Mapping[str, Any]
    value: Value
    version: int
    metadata: Mapping[str, str]
    source: str
    moment: Moment
    holder: Holder | None = None
    open_keys: frozenset[str] = frozenset()
    open_lock: bool = False


@dataclass(eq=False)
class Entry:
    """An update that watches must receive, and perhaps an entry of a history.

    Attributes:
        kind: the kind of the update.
        variable: the variable as of the update.
        previous: the value before a value change; None in other updates.
        author: the author of the change; None if the contract names none.
        metadata: the metadata of the update.
        more_metadata: True if the update may also have metadata of other changes.
        moment: the time of the change; None if the contract does not say what the update's time is.
        optional: True if the contract leaves open if the update is sent.
        sequence: the sequence; None while no watch has received it.
    """

    kind: str
    variable: VariableState
    previous: Value | None = None
    author: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    more_metadata: bool = False
    moment: Moment | None = None
    optional: bool = False
    sequence: int | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """The kind, the variable and the cause, which identify an update among those of the same time."""
        return self.kind, self.variable.id, self.metadata.get("cause_id", "")


Phase = list[Entry]
"""Updates that may come in any order."""


@dataclass(eq=False)
class ModelWatch:
    """A watch: the ids of its variables (None for all), and the updates that it has not received yet.

    Attributes:
        initial: the initial values that it must receive first; in this order unless it is of all variables.
        last_sequence: the sequence of the last update that it received.
    """

    ids: frozenset[str] | None
    initial: list[Entry] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    last_sequence: int | None = None

    def expect(self, phase: Iterable[Entry]) -> None:
        """Add the updates of a phase that concern the watch."""
        mine = [entry for entry in phase if self.ids is None or entry.variable.id in self.ids]
        if mine:
            self.phases.append(mine)

    @property
    def count(self) -> int:
        """The number of updates that must come."""
        required = sum(not entry.optional for phase in self.phases for entry in phase)
        return len(self.initial) + required

    def take(self, kind: str, variable_id: str, cause_id: str) -> Entry | None:
        """Remove and return the expected update that a received one is; None if none is expected now."""
        if self.initial:
            places = range(len(self.initial)) if self.ids is None else range(1)
            for place in places:
                if self.initial[place].key == (kind, variable_id, ""):
                    return self.initial.pop(place)
            return None
        while self.phases:
            phase = self.phases[0]
            for place, entry in enumerate(phase):
                if entry.key == (kind, variable_id, cause_id):
                    del phase[place]
                    if not phase:
                        del self.phases[0]
                    return entry
            if not all(entry.optional for entry in phase):
                return None
            del self.phases[0]
        return None

    def overdue(self) -> Entry | None:
        """Return an update that must come next; None if none must."""
        if self.initial:
            return self.initial[0]
        return next((e for phase in self.phases for e in phase if not e.optional), None)


@dataclass(frozen=True)
class Parameter:
    """A parameter of a tool."""

    name: str
    kind: str
    required: bool


@dataclass(frozen=True)
class ToolState:
    """A registered tool."""

    name: str
    description: str
    parameters: Sequence[Parameter]


@dataclass(eq=False)
class SessionState:
    """The state of a session.

    Attributes:
        metadata: the metadata with which it was opened; None if it is not open.
        ttl: the time to live with which it was opened, in seconds; 0 for the default.
        variables: the variables by id, in the order of their registration.
        histories: the changes of each variable by id, the oldest first.
        answers: the versions that were answered to sets with a request id, by request id.
        dependencies: the types of dependencies by the ids of the follower and the followed variable.
        old_ids: the first id that each name had since the session's id was used first.
        log: every update since it was opened, by phases.
        sequence: the last sequence that is known.
        latest: the latest time that is known.
    """

    id: str
    metadata: Mapping[str, str] | None = None
    ttl: int = 0
    variables: dict[str, VariableState] = field(default_factory=dict)
    histories: dict[str, list[Entry]] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    dependencies: dict[tuple[str, str], str] = field(default_factory=dict)
    old_ids: dict[str, str] = field(default_factory=dict)
    tools: dict[str, ToolState] = field(default_factory=dict)
    log: list[Phase] = field(default_factory=list)
    watches: list[ModelWatch] = field(default_factory=list)
    cancelled: int = 0
    sequence: int = -1
    latest: tuple[int, int] = (0, 0)

    @property
    def open(self) -> bool:
        return self.metadata is not None

    def find(self, identifier: str) -> VariableState | None:
        """Return the variable with an id or a name; an id takes precedence."""
        if identifier in self.variables:
            return self.variables[identifier]
        return next((state for state in self.variables.values() if state.name == identifier), None)

    def named(self, name: str) -> VariableState | None:
        """Return the variable with a name."""
        return next((state for state in self.variables.values() if state.name == name), None)

    def start(self, metadata: Mapping[str, str], ttl: int = 0) -> None:
        """Open the session, empty."""
        self.metadata = metadata
        self.ttl = ttl

    def end(self) -> None:
        """Close the session, with all that it holds."""
        self.metadata = None
        self.ttl = 0
        for content in (self.variables, self.histories, self.answers, self.dependencies, self.tools):
            content.clear()
        self.log.clear()
        self.watches.clear()
        self.cancelled = 0

    def append(self, phase: Phase) -> None:
        """Add updates to the log, and to what watches must receive."""
        if phase:
            self.log.append([*phase])
            for watch in self.watches:
                watch.expect(phase)

    def depends(self, follower: str, followed: str) -> bool:
        """Return True if a variable depends on another one, directly or through others."""
        ahead = [follower]
        seen: set[str] = set()
        while ahead:
            variable = ahead.pop()
            if variable == followed:
                return True
            if variable not in seen:
                seen.add(variable)
                ahead += [above for below, above in self.dependencies if below == variable]
        return False
