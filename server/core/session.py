"""A session: the methods that change its content.

Every change is planned first and then applied: a plan that fails has changed nothing, and a batch applies
several plans together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType

from ..storage.records import Depended, Held, ToolsRegistered
from . import change_log
from .catalog import new_id
from .change_log import Change
from .changes import ChangeContext, PlannedSet, ReadValue
from .errors import (
    AbortedError,
    AlreadyExistsError,
    InvalidArgumentError,
    NotFoundError,
    RefusalError,
    ResourceExhaustedError,
    invalid,
)
from .names import MAX_LENGTH, check_name, random_hex
from .parameters import Parameter
from .registered_tools import RegisteredTool
from .retention import DEPENDENCY_BYTES, REQUEST_ID_BYTES, constraint_bytes, tool_bytes, version_bytes
from .session_content import SessionContent
from .values import Value
from .variables import Variable, rules_of


class Session(SessionContent):
    """A session. Its methods refuse a request by raising an error, and then change nothing."""

    def open(self) -> None:
        """Write the record of the session's opening to the store, unless it is written already."""
        self._journal.open()

    # Changing

    def register(
        self, name: str, type_name: str, constraints_json: str, read: ReadValue, edit: ChangeContext
    ) -> Variable:
        """Create a variable at version 1."""
        check_name(name, "name")
        rules = rules_of(type_name, constraints_json)
        value = read(rules.type, rules.constraints)
        self._check_metadata(edit.metadata)
        if name in self._variables:
            raise AlreadyExistsError(f"Variable already exists: {name}")
        if len(self._variables) >= self._limits.variables:
            raise ResourceExhaustedError(f"variables: a session holds at most {self._limits.variables}")
        variable = Variable(
            id=new_id(name),
            name=name,
            rules=rules,
            kind=value.kind,
            data=value.data,
            array=value.array,
            metadata=edit.metadata and dict(edit.metadata),
            from_elixir=edit.from_elixir,
            updated_at=self._now(),
            version=1,
        )
        self._apply([self._change(change_log.REGISTERED, variable, None, edit)])
        return variable

    def set(self, identifier: str, read: ReadValue, edit: ChangeContext, request_id: str = "") -> int:
        """Set a variable to a new value; return its new version.

        A repeat with the ``request_id`` of an accepted set changes nothing and returns the same version.
        """
        if request_id:
            check_name(request_id, "request_id")
            if (answer := self._answers.get(request_id)) is not None:
                return answer
        variable = self.get(identifier)
        planned = self._plan(variable, read(variable.rules.type, variable.rules.constraints), edit)
        self._apply([self._change(change_log.VALUE_CHANGE, planned, variable.value, edit)], request_id)
        return planned.version

    def plan_set(self, variable: Variable, read: ReadValue, edit: ChangeContext) -> PlannedSet:
        """Plan the set of a variable in a batch."""
        try:
            value = read(variable.rules.type, variable.rules.constraints)
            after = self._plan(variable, value, edit)
        except RefusalError as refusal:
            return PlannedSet(variable, refusal)
        return PlannedSet(variable, self._change(change_log.VALUE_CHANGE, after, variable.value, edit))

    def set_many(
        self,
        updates: Mapping[str, ReadValue],
        edit: ChangeContext,
        *,
        atomic: bool,
        plans: Mapping[str, PlannedSet] = MappingProxyType({}),
    ) -> tuple[dict[str, int], dict[str, str]]:
        """Set several variables; return the new versions and the error messages, by identifier.

        Args:
            updates: the functions that read the new values, by identifier.
            edit: the context of all changes.
            atomic: True if no variable is set if there is any error.
            plans: the sets that were planned before, by identifier. Those whose variable has changed since
                are planned again.

        Raises:
            InvalidArgumentError: two identifiers name the same variable.
        """
        named: dict[str, str] = {}
        changes: dict[str, Change] = {}
        errors: dict[str, str] = {}
        for identifier in updates:
            plan = plans.get(identifier)
            if plan is None or not self._variables.has(plan.before):
                try:
                    variable = self.get(identifier)
                except NotFoundError as refusal:
                    errors[identifier] = refusal.message
                    continue
                plan = self.plan_set(variable, updates[identifier], edit)
            if (other := named.setdefault(plan.before.id, identifier)) != identifier:
                raise InvalidArgumentError(f"updates: {other} and {identifier} name the same variable")
            if isinstance(plan.outcome, RefusalError):
                errors[identifier] = plan.outcome.message
            else:
                changes[identifier] = plan.outcome
        if atomic and errors:
            return {}, errors
        now = self._now()
        for sequence, change in enumerate(changes.values(), self.sequence + 1):
            change.sequence = sequence
            change.at = change.variable.updated_at = now
        self._apply([*changes.values()])
        return {identifier: change.variable.version for identifier, change in changes.items()}, errors

    def roll_back(self, identifier: str, version: int, edit: ChangeContext) -> Variable:
        """Set a variable to the value of an older version, as a new version."""
        variable = self.get(identifier)
        old = self._histories.version(variable, version)
        edit = edit._replace(made_by=f"rollback to version {version}")
        planned = self._plan(variable, old.value, edit)
        self._apply([self._change(change_log.VALUE_CHANGE, planned, variable.value, edit)])
        return planned

    def delete(self, identifier: str, edit: ChangeContext) -> None:
        """Remove a variable; another one may be registered with its name."""
        variable = self.get(identifier)
        self._check_metadata(edit.metadata)
        self._locks.check(variable.id, variable.name, edit.optimizer_id)
        self._apply([self._change(change_log.DELETED, variable, None, edit)])

    # Dependencies and optimization

    def depend(self, followed: str, follower: str, dependency_type: str) -> None:
        """Record that ``follower`` follows ``followed``, each by id or name."""
        if len(dependency_type) > MAX_LENGTH:
            raise invalid("dependency_type", f"must be at most {MAX_LENGTH} characters")
        followed, follower = self.get(followed).id, self.get(follower).id
        self._retained.check(DEPENDENCY_BYTES)
        count = len(self._dependencies)
        self._dependencies.add(followed, follower, dependency_type)
        self._retained.add(DEPENDENCY_BYTES * (len(self._dependencies) - count))
        self._journal.keep(Depended(self.id, followed, follower, dependency_type))

    def start_optimization(self, identifier: str, optimizer_id: str) -> str:
        """Lock a variable for one optimizer; return a new id for this optimization."""
        variable = self.get(identifier)
        holder = self._locks.take(variable.id, variable.name, optimizer_id, self._now())
        self._mark(variable, holder)
        self._journal.keep(Held(self.id, variable.id, holder))
        return f"opt_{random_hex()}"

    def stop_optimization(self, identifier: str, optimizer_id: str, *, force: bool) -> Variable:
        """Release the optimization lock of a variable; return the variable."""
        variable = self.get(identifier)
        self._locks.release(variable.id, variable.name, optimizer_id, force=force)
        self._journal.keep(Held(self.id, variable.id, None))
        return self._mark(variable, None)

    # Tools

    def register_tools(self, tools: Sequence[RegisteredTool], checked: Collection[Parameter] = ()) -> None:
        """Add a client's tools, all or none; see ``RegisteredTools.add``."""
        for tool in tools:
            self._check_metadata(tool.metadata)
        self._retained.check(tool_bytes(tools))
        before = tool_bytes(self.tools)
        self.tools.add(tools, checked)
        self._retained.add(tool_bytes(self.tools) - before)
        self._journal.keep(ToolsRegistered(self.id, tools))

    # Planning and applying

    def _plan(self, variable: Variable, value: Value, edit: ChangeContext) -> Variable:
        self._locks.check(variable.id, variable.name, edit.optimizer_id)
        if edit.expected_version is not None and edit.expected_version != variable.version:
            raise AbortedError(
                f"{variable.name}: expected version {edit.expected_version},"
                f" the current version is {variable.version}"
            )
        metadata = {**variable.metadata, **edit.metadata} if edit.metadata else variable.metadata
        self._check_metadata(metadata)
        return variable.next_version(value, metadata, from_elixir=edit.from_elixir, at=self._now())

    def _change(self, kind: str, variable: Variable, previous: Value | None, edit: ChangeContext) -> Change:
        return Change(
            sequence=self._journal.sequence + 1,
            kind=kind,
            variable=variable,
            previous=previous,
            changed_by=edit.changed_by,
            metadata=edit.metadata,
            at=self._now() if kind == change_log.DELETED else variable.updated_at,
        )

    def _apply(self, changes: Sequence[Change], request_id: str = "") -> None:
        """Write planned changes to the store, all or none, and apply them.

        Args:
            changes: the changes, each of a different variable.
            request_id: the idempotency key under which to remember the new version of the first change's
                variable; "" for none.
        """
        if not changes:
            return
        if len(changes) > 1:
            self._check_followers(changes)
        forgotten = ""
        if request_id and len(self._answers) >= self._limits.request_ids:
            forgotten = next(iter(self._answers))
        added = self._added_bytes(changes, request_id)
        # The store comes first, since it may refuse: then nothing has been changed.
        self._journal.append([*changes, *self._consequences(changes)], request_id, forgotten)
        removed = 0
        for change in changes:
            variable = change.variable
            if change.kind == change_log.DELETED:
                removed += self._retained_by(variable)
                self._variables.remove(variable)
                self._histories.drop(variable.id)
                self._dependencies.drop(variable.id)
                self._locks.drop(variable.id)
                continue
            before = self._variables.put(variable)
            if change.kind == change_log.VALUE_CHANGE:
                assert before is not None, "a variable that changes is in the catalog"
                if (dropped := self._histories.add(change, before)) is not None:
                    removed += version_bytes(dropped.variable)
            self._locks.renew(variable.id)
        if request_id:
            self._answers[request_id] = changes[0].variable.version
        if forgotten:
            del self._answers[forgotten]
            removed += REQUEST_ID_BYTES + len(forgotten)
        self._retained.add(added - removed)

    def _added_bytes(self, changes: Sequence[Change], request_id: str) -> int:
        """Return the memory that changes will take; refuse them if it is too much."""
        added = REQUEST_ID_BYTES + len(request_id) if request_id else 0
        more = added
        for change in changes:
            if change.kind == change_log.DELETED:
                return 0  # a deletion is never refused
            size = version_bytes(change.variable)
            if change.kind == change_log.REGISTERED:
                size += constraint_bytes(change.variable)
            added += size
            more += size + change.size
        self._retained.check(more)
        return added

    def _retained_by(self, variable: Variable) -> int:
        """Return the memory of a variable with its history and its dependencies."""
        return (
            sum(version_bytes(change.variable) for change in self._histories.retained(variable))
            + constraint_bytes(variable)
            + DEPENDENCY_BYTES * self._dependencies.count_of(variable.id)
        )

    def _check_followers(self, changes: Sequence[Change]) -> None:
        """Refuse a batch that would notify too many followers."""
        if not self._dependencies:
            return
        count = sum(len(self._dependencies.followers(change.variable.id)) for change in changes)
        if count > self._limits.followers:
            raise ResourceExhaustedError(
                f"dependencies: a batch notifies {self._limits.followers} followers at most"
                f" (--max-followers), not {count}"
            )

    def _consequences(self, changes: Sequence[Change]) -> Iterator[Change]:
        """Yield a dependency change for each follower of the changed variables."""
        if not self._dependencies:
            return
        sequence = self._journal.sequence + len(changes)
        changed = {change.variable.id: change.variable for change in changes}
        for change in changes:
            if change.kind != change_log.VALUE_CHANGE:
                continue
            cause = change.variable
            for follower, dependency_type in self._dependencies.followers(cause.id).items():
                sequence += 1
                variable = changed.get(follower) or self._variables.by_id(follower)
                assert variable is not None, "deleted variables have no dependencies"
                yield Change(
                    sequence=sequence,
                    kind=change_log.DEPENDENCY_CHANGE,
                    variable=variable,
                    previous=None,
                    changed_by=change.changed_by,
                    metadata={
                        "cause": cause.name,
                        "cause_id": cause.id,
                        "cause_version": str(cause.version),
                        "dependency_type": dependency_type,
                    },
                    at=changes[-1].at,  # times never decrease, and all changes of a batch come before
                )

    def _now(self) -> int:
        """Return the time of the wall clock, or the latest one returned if the clock went backwards."""
        self._latest = max(self._latest, self._clock.utc())
        return self._latest

    def _check_metadata(self, metadata: Mapping[str, str]) -> None:
        if len(metadata) > self._limits.metadata:
            raise ResourceExhaustedError(f"metadata: at most {self._limits.metadata} entries are allowed")
