"""One session: its variables, their history, and the log that watches read.

Every change is planned first and applied after: a plan that fails has touched nothing, and a batch is
several plans that are applied together.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from server import log
from server.clock import Clock
from server.config import Limits
from server.constraints import Constraints
from server.errors import (
    Aborted,
    AlreadyExists,
    InvalidArgument,
    NotFound,
    OutOfRange,
    Refusal,
    ResourceExhausted,
    invalid,
)
from server.log import Change, ChangeLog, Watch
from server.names import check_name
from server.types import VariableType, type_named
from server.values import Value
from server.variables import Definition, Variable

CLIENT = "client"

ReadValue = Callable[[VariableType, Constraints], Value]
"""Checks a value that a request gave against a type and constraints; raises ``InvalidArgument``."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What a request says of a change beside the value.

    Attributes:
        metadata: merged into the variable's; ``source`` and ``changed_by`` have a meaning.
        expected_version: the version that the variable must be at; None for any.
        made_by: who makes the change where the metadata does not say.
    """

    metadata: Mapping[str, str] = field(default_factory=dict)
    expected_version: int | None = None
    made_by: str = CLIENT

    @property
    def changed_by(self) -> str:
        return self.metadata.get("changed_by") or self.made_by

    @property
    def from_elixir(self) -> bool:
        return self.metadata.get("source") == "elixir"


class Session:
    """The state of one session. Its methods refuse by raising, and a refusal changes nothing."""

    def __init__(self, session_id: str, clock: Clock, limits: Limits, *, base: int = 0) -> None:
        """Make an empty session whose sequence goes on above ``base``."""
        self.id = session_id
        self.metadata: Mapping[str, str] = {}
        self.created_at = clock.utc()
        self.log = ChangeLog(base, limits.log_changes, limits.log_bytes)
        self._clock = clock
        self._limits = limits
        self._latest = self.created_at
        self._variables: dict[str, Variable] = {}
        self._ids: dict[str, str] = {}
        self._histories: dict[str, list[Change]] = {}
        self._answers: dict[str, int] = {}

    # Reading

    def __len__(self) -> int:
        return len(self._variables)

    def get(self, identifier: str) -> Variable:
        """Find a variable by id or name; an id wins over an equal name."""
        found = self._find(identifier)
        if found is None:
            check_name(identifier, "variable_identifier")
            raise NotFound(f"Variable not found: {identifier}")
        return found

    def get_many(self, identifiers: Iterable[str]) -> tuple[dict[str, Variable], list[str]]:
        """Find several: those found by the identifier asked for, and the missing in the order asked."""
        found: dict[str, Variable] = {}
        missing: list[str] = []
        for identifier in dict.fromkeys(identifiers):
            variable = self._find(identifier)
            if variable is None:
                missing.append(check_name(identifier, "variable_identifiers"))
            else:
                found[identifier] = variable
        return found, missing

    def matching(self, pattern: str = "") -> list[Variable]:
        """The variables whose whole name matches a glob (``*``, ``?``), in order of registration."""
        if not pattern or pattern == "*":
            return [*self._variables.values()]
        parts = {"*": ".*", "?": "."}
        glob = re.compile("".join(parts.get(c) or re.escape(c) for c in re.sub(r"\*+", "*", pattern)), re.S)
        return [v for v in self._variables.values() if glob.fullmatch(v.name)]

    def history(self, identifier: str, limit: int = 0) -> list[Change]:
        """The accepted changes of a variable that are kept, newest first; 0 for all."""
        if limit < 0:
            raise invalid("limit", f"must not be negative, not {limit}")
        kept = self._histories[self.get(identifier).id]
        return kept[::-1][: limit or None]

    # Changing

    def register(
        self, name: str, type_name: str, constraints_json: str, read: ReadValue, edit: Edit
    ) -> Variable:
        """Create a variable at version 1."""
        check_name(name, "name")
        kind = type_named(type_name)
        constraints = kind.parse_constraints(constraints_json)
        value = read(kind, constraints)
        self._check_metadata(edit.metadata)
        if name in self._ids:
            raise AlreadyExists(f"Variable already exists: {name}")
        if len(self._variables) >= self._limits.variables:
            raise ResourceExhausted(f"variables: a session holds at most {self._limits.variables}")
        variable = Variable(
            Definition(f"var_{name}_{secrets.token_hex(8)}", name, kind, constraints, constraints_json),
            value,
            dict(edit.metadata),
            edit.from_elixir,
            self._now(),
            version=1,
        )
        self._ids[name] = variable.id
        self._apply([self._change(log.REGISTERED, variable, None, edit)])
        return variable

    def set(self, identifier: str, read: ReadValue, edit: Edit, request_id: str = "") -> int:
        """Give a variable a new value; return its new version.

        A repeat with the ``request_id`` of an accepted set changes nothing and returns the same.
        """
        if request_id:
            check_name(request_id, "request_id")
            if (answer := self._answers.get(request_id)) is not None:
                return answer
        variable = self.get(identifier)
        planned = self._plan(variable, read(variable.definition.type, variable.definition.constraints), edit)
        self._apply([self._change(log.VALUE_CHANGE, planned, variable.value, edit)])
        if request_id:
            self._answers[request_id] = planned.version
            if len(self._answers) > self._limits.request_ids:
                del self._answers[next(iter(self._answers))]
        return planned.version

    def set_many(
        self, updates: Mapping[str, ReadValue], edit: Edit, *, atomic: bool
    ) -> tuple[dict[str, int], dict[str, str]]:
        """Set several variables; return the new versions and the errors, by identifier.

        Raises:
            InvalidArgument: one variable is named twice.
        """
        named: dict[str, str] = {}
        planned: dict[str, tuple[Variable, Variable]] = {}
        errors: dict[str, str] = {}
        for identifier, read in updates.items():
            try:
                variable = self.get(identifier)
                if (other := named.setdefault(variable.id, identifier)) != identifier:
                    raise InvalidArgument(f"updates: {other} and {identifier} name the same variable")
            except NotFound as refusal:
                errors[identifier] = refusal.message
                continue
            try:
                value = read(variable.definition.type, variable.definition.constraints)
                planned[identifier] = variable, self._plan(variable, value, edit)
            except Refusal as refusal:
                errors[identifier] = refusal.message
        if atomic and errors:
            return {}, errors
        self._apply(
            [
                self._change(log.VALUE_CHANGE, after, before.value, edit, ahead)
                for ahead, (before, after) in enumerate(planned.values())
            ]
        )
        return {identifier: after.version for identifier, (_, after) in planned.items()}, errors

    def roll_back(self, identifier: str, version: int, edit: Edit) -> Variable:
        """Write the value of an older version as a new one."""
        variable = self.get(identifier)
        kept = self._histories[variable.id]
        old = next((change.variable for change in kept if change.variable.version == version), None)
        if old is None:
            raise OutOfRange(
                f"version {version} of {variable.name} is not in its history:"
                f" {kept[0].variable.version} to {variable.version} are"
            )
        edit = replace(edit, made_by=f"rollback to version {version}")
        planned = self._plan(variable, old.value, edit)
        self._apply([self._change(log.VALUE_CHANGE, planned, variable.value, edit)])
        return planned

    def delete(self, identifier: str, edit: Edit) -> None:
        """Remove a variable; its name is free again."""
        variable = self.get(identifier)
        self._check_metadata(edit.metadata)
        del self._variables[variable.id], self._ids[variable.name], self._histories[variable.id]
        self._apply([self._change(log.DELETED, variable, None, edit)])

    # Watching

    def watch(
        self, identifiers: Sequence[str], wake: Callable[[], object], resume_after: int | None = None
    ) -> tuple[Watch, list[Variable]]:
        """Place a watch; return it and the variables watched, as of the same moment, in the order asked.

        Args:
            identifiers: ids or names, or none for every variable.
            wake: called when the watch has something to take.
            resume_after: the sequence after which to go on, rather than from now.
        """
        after = self.log.last if resume_after is None else resume_after
        self.log.check_resume(after)
        if not identifiers:
            watched = [*self._variables.values()]
        elif resume_after is None:
            watched = [self.get(identifier) for identifier in identifiers]
        else:
            watched = [self._get_since(identifier, after) for identifier in identifiers]
        watched = [*{variable.id: variable for variable in watched}.values()]
        if len(self.log.watches) >= self._limits.watches:
            raise ResourceExhausted(f"watches: a session has at most {self._limits.watches}")
        ids = {variable.id for variable in watched} if identifiers else None
        return Watch(self.log, ids, after, wake), watched

    def end(self, reason: Refusal) -> int:
        """End all watches with a reason; return how many variables and watches there were."""
        watches = [*self.log.watches]
        for watch in watches:
            watch.end(reason)
        return len(self._variables) + len(watches)

    # Within

    def _find(self, identifier: str) -> Variable | None:
        return self._variables.get(identifier) or self._variables.get(self._ids.get(identifier, ""))

    def _get_since(self, identifier: str, sequence: int) -> Variable:
        """Find a variable that exists, or that existed after a sequence: its end is yet to be told."""
        if (found := self._find(identifier)) is not None:
            return found
        for change in self.log.after(sequence):
            if identifier in (change.variable.id, change.variable.name):
                return change.variable
        return self.get(identifier)

    def _plan(self, variable: Variable, value: Value, edit: Edit) -> Variable:
        if edit.expected_version is not None and edit.expected_version != variable.version:
            raise Aborted(
                f"{variable.name}: expected version {edit.expected_version},"
                f" the current version is {variable.version}"
            )
        metadata = {**variable.metadata, **edit.metadata} if edit.metadata else variable.metadata
        self._check_metadata(metadata)
        return Variable(
            variable.definition,
            value,
            metadata,
            edit.from_elixir,
            self._now(),
            variable.version + 1,
            variable.optimization,
        )

    def _change(
        self, kind: str, variable: Variable, previous: Value | None, edit: Edit, ahead: int = 0
    ) -> Change:
        return Change(
            self.log.last + 1 + ahead,
            kind,
            variable,
            previous,
            edit.changed_by,
            edit.metadata,
            self._now() if kind == log.DELETED else variable.updated_at,
        )

    def _apply(self, changes: Collection[Change]) -> None:
        for change in changes:
            if change.kind == log.DELETED:
                continue
            variable = change.variable
            self._variables[variable.id] = variable
            kept = self._histories.setdefault(variable.id, [])
            kept.append(change)
            if len(kept) > self._limits.history:
                del kept[0]
        self.log.append(changes)

    def _now(self) -> int:
        """The wall clock, held back from going backwards."""
        self._latest = max(self._latest, self._clock.utc())
        return self._latest

    def _check_metadata(self, metadata: Mapping[str, str]) -> None:
        if len(metadata) > self._limits.metadata:
            raise ResourceExhausted(f"metadata: at most {self._limits.metadata} entries are kept")
