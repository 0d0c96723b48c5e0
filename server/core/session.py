"""One session: its variables, their history, and the log that watches read.

Every change is planned first and applied after: a plan that fails has touched nothing, and a batch is
several plans that are applied together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ..storage.memory import MEMORY
from ..storage.records import Depended, Held, Opened, SessionState, ToolsRegistered
from ..storage.store import Store
from . import change_log
from .catalog import Catalog, new_id
from .change_log import Change, ChangeLog, Watch
from .changes import ChangeContext, ReadValue
from .clock import Clock
from .dependencies import Dependencies
from .errors import (
    AbortedError,
    AlreadyExistsError,
    InvalidArgumentError,
    NotFoundError,
    RefusalError,
    ResourceExhaustedError,
    invalid,
)
from .history import Histories
from .journal import Journal
from .limits import Limits
from .locks import Locks
from .names import MAX_LENGTH, check_name, random_hex
from .registered_tools import RegisteredTool, RegisteredTools
from .values import Value
from .variables import Optimization, Variable, rules_of


class Session:
    """The state of one session. Its methods refuse by raising, and a refusal changes nothing."""

    def __init__(self, opened: Opened, clock: Clock, limits: Limits, store: Store = MEMORY) -> None:
        """Make an empty session, of which the store is told with its first change or by ``open``."""
        self.id = opened.session_id
        self.metadata = opened.metadata
        self.created_at = opened.created_at
        self.start_sequence = opened.start_sequence
        self._journal = Journal(opened, store, limits)
        self._clock = clock
        self._limits = limits
        self._latest = self.created_at
        self._variables = Catalog()
        self._histories = Histories(limits.history)
        self._answers: dict[str, int] = {}
        self._ended: RefusalError | None = None
        self._dependencies = Dependencies(limits.dependencies)
        self._locks = Locks(clock)
        self.tools = RegisteredTools(limits.tools)
        self._journal.follow(self._histories)

    @classmethod
    def recovered(cls, state: SessionState, clock: Clock, limits: Limits, store: Store) -> Session:
        """A session as a store has kept it."""
        session = cls(state.opened, clock, limits, store)
        session._journal.recover(state.log)
        session.restore(state)
        return session

    def open(self) -> None:
        """Tell the store that the session is open, where it was not told yet."""
        self._journal.open()

    def restore(self, state: SessionState) -> None:
        """Be again as a store has kept it. The log stays as it is: it has nothing that is not kept."""
        self._ended = None
        self._journal.rollback_uncommitted()
        self._variables = Catalog(variable for variable, _ in state.variables)
        self._histories = Histories(self._limits.history)
        self._dependencies = Dependencies(self._limits.dependencies)
        self._locks = Locks(self._clock)
        self._answers = dict(state.answers)
        self._latest = self.created_at
        for variable, changes in state.variables:
            self._latest = max(self._latest, variable.updated_at)
            self._histories.restore(changes)
            if (holder := variable.optimization) is not None:
                silent = self._clock.utc() - max(holder.started_at, variable.updated_at)
                self._locks.restore(variable.id, holder, max(0.0, silent / 1e9))
        for followed, follower, dependency_type in state.dependencies:
            self._dependencies.add(followed, follower, dependency_type)
        self.tools = RegisteredTools(self._limits.tools, state.tools)
        self._journal.follow(self._histories)

    # Reading

    @property
    def sequence(self) -> int:
        """Of the newest change, also while the store does not have it yet."""
        return self._journal.sequence

    @property
    def log(self) -> ChangeLog:
        """What the watches read."""
        return self._journal.log

    def __len__(self) -> int:
        return len(self._variables)

    def get(self, identifier: str) -> Variable:
        """Find a variable by id or name; an id wins over an equal name."""
        found = self._find(identifier)
        if found is None:
            check_name(identifier, "variable_identifier")
            raise self._ended.copy() if self._ended else NotFoundError(f"Variable not found: {identifier}")
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
        return [self._with_present_lock(variable) for variable in self._variables.matching(pattern)]

    def history(self, identifier: str, limit: int = 0) -> list[Change]:
        """The accepted changes of a variable that are kept, newest first; 0 for all."""
        return self._histories.newest(self.get(identifier), limit)

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
            new_id(name),
            name,
            rules,
            *value,
            edit.metadata and dict(edit.metadata),
            edit.from_elixir,
            self._now(),
            version=1,
        )
        self._apply([self._change(change_log.REGISTERED, variable, None, edit)])
        return variable

    def set(self, identifier: str, read: ReadValue, edit: ChangeContext, request_id: str = "") -> int:
        """Give a variable a new value; return its new version.

        A repeat with the ``request_id`` of an accepted set changes nothing and returns the same.
        """
        if request_id:
            check_name(request_id, "request_id")
            if (answer := self._answers.get(request_id)) is not None:
                return answer
        variable = self.get(identifier)
        planned = self._plan(variable, read(variable.rules.type, variable.rules.constraints), edit)
        forgotten = ""
        if request_id:
            self._answers[request_id] = planned.version
            if len(self._answers) > self._limits.request_ids:
                forgotten = next(iter(self._answers))
                del self._answers[forgotten]
        self._apply(
            [self._change(change_log.VALUE_CHANGE, planned, variable.value, edit)], request_id, forgotten
        )
        return planned.version

    def set_many(
        self, updates: Mapping[str, ReadValue], edit: ChangeContext, *, atomic: bool
    ) -> tuple[dict[str, int], dict[str, str]]:
        """Set several variables; return the new versions and the errors, by identifier.

        Raises:
            InvalidArgumentError: one variable is named twice.
        """
        named: dict[str, str] = {}
        planned: dict[str, tuple[Variable, Variable]] = {}
        errors: dict[str, str] = {}
        for identifier, read in updates.items():
            try:
                variable = self.get(identifier)
                if (other := named.setdefault(variable.id, identifier)) != identifier:
                    raise InvalidArgumentError(f"updates: {other} and {identifier} name the same variable")
            except NotFoundError as refusal:
                errors[identifier] = refusal.message
                continue
            try:
                value = read(variable.rules.type, variable.rules.constraints)
                planned[identifier] = variable, self._plan(variable, value, edit)
            except RefusalError as refusal:
                errors[identifier] = refusal.message
        if atomic and errors:
            return {}, errors
        self._apply(
            [
                self._change(change_log.VALUE_CHANGE, after, before.value, edit, ahead)
                for ahead, (before, after) in enumerate(planned.values())
            ]
        )
        return {identifier: after.version for identifier, (_, after) in planned.items()}, errors

    def roll_back(self, identifier: str, version: int, edit: ChangeContext) -> Variable:
        """Write the value of an older version as a new one."""
        variable = self.get(identifier)
        old = self._histories.version(variable, version)
        edit = edit._replace(made_by=f"rollback to version {version}")
        planned = self._plan(variable, old.value, edit)
        self._apply([self._change(change_log.VALUE_CHANGE, planned, variable.value, edit)])
        return planned

    def delete(self, identifier: str, edit: ChangeContext) -> None:
        """Remove a variable; its name is free again."""
        variable = self.get(identifier)
        self._check_metadata(edit.metadata)
        self._locks.check(variable.id, variable.name, edit.optimizer_id)
        self._variables.remove(variable)
        self._histories.drop(variable.id)
        self._dependencies.drop(variable.id)
        self._locks.drop(variable.id)
        self._apply([self._change(change_log.DELETED, variable, None, edit)])

    # Dependencies and optimization

    def depend(self, followed: str, follower: str, dependency_type: str) -> None:
        """Record that ``follower`` follows ``followed``, each by id or name."""
        if len(dependency_type) > MAX_LENGTH:
            raise invalid("dependency_type", f"must be at most {MAX_LENGTH} characters")
        followed, follower = self.get(followed).id, self.get(follower).id
        self._dependencies.add(followed, follower, dependency_type)
        self._journal.keep(Depended(self.id, followed, follower, dependency_type))

    def start_optimization(self, identifier: str, optimizer_id: str) -> str:
        """Give a variable to one optimizer; return an id for this optimization."""
        variable = self.get(identifier)
        holder = self._locks.take(variable.id, variable.name, optimizer_id, self._now())
        self._mark(variable, holder)
        self._journal.keep(Held(self.id, variable.id, holder))
        return f"opt_{random_hex()}"

    def stop_optimization(self, identifier: str, optimizer_id: str, *, force: bool) -> Variable:
        """Free a variable from its optimizer; return it."""
        variable = self.get(identifier)
        self._locks.release(variable.id, variable.name, optimizer_id, force=force)
        self._journal.keep(Held(self.id, variable.id, None))
        return self._mark(variable, None)

    # Tools

    def register_tools(self, tools: Sequence[RegisteredTool]) -> None:
        """Add a client's tools, all of them or none; see ``RegisteredTools.add``."""
        self.tools.add(tools)
        self._journal.keep(ToolsRegistered(self.id, tools))

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
        after = self._journal.sequence
        if resume_after is not None:
            after = resume_after
            self.log.check_resume(after)
        if not identifiers:
            watched = [*self._variables]
        elif resume_after is None:
            watched = [self.get(identifier) for identifier in identifiers]
        else:
            watched = self._get_since(identifiers, after)
        watched = [*{variable.id: variable for variable in watched}.values()]
        if len(self.log.watches) >= self._limits.watches:
            raise ResourceExhaustedError(f"watches: a session has at most {self._limits.watches}")
        ids = {variable.id for variable in watched} if identifiers else None
        return Watch(self.log, ids, after, wake), watched

    def end_watches(self, reason: RefusalError) -> int:
        """End all watches with a reason; return how many there were."""
        watches = [*self.log.watches]
        for watch in watches:
            watch.end(reason)
        if self._ended is not None:
            self._journal.detach()
        return len(watches)

    def close(self, reason: RefusalError) -> int:
        """End the session but for its watches; return how many variables, watches and tools there were.

        A tool that still runs in it finds no variable any more, and is told the reason.
        """
        ended = len(self._variables) + len(self.log.watches) + len(self.tools)
        self._ended = reason
        self._variables.clear()
        self.tools.clear()
        return ended

    # Within

    def _find(self, identifier: str) -> Variable | None:
        found = self._variables.find(identifier)
        return found and self._with_present_lock(found)

    def _with_present_lock(self, variable: Variable) -> Variable:
        """The variable as it is now, where the lock that it had may have lapsed."""
        held = variable.optimization and self._locks.holder(variable.id)
        return variable if held == variable.optimization else self._mark(variable, held)

    def _mark(self, variable: Variable, holder: Optimization | None) -> Variable:
        marked = variable.held_by(holder)
        self._variables.put(marked)
        return marked

    def _get_since(self, identifiers: Iterable[str], sequence: int) -> list[Variable]:
        """Find variables under the names that they had at a sequence: their end may be yet to be told."""
        after = [change.variable for change in reversed(self.log.after(sequence))]
        # The first change tells who had a name then; an id wins over an equal name.
        since = {variable.name: variable for variable in after} | {
            variable.id: variable for variable in after
        }
        return [self._variables.by_id(one) or since.get(one) or self.get(one) for one in identifiers]

    def _plan(self, variable: Variable, value: Value, edit: ChangeContext) -> Variable:
        self._locks.check(variable.id, variable.name, edit.optimizer_id)
        if edit.expected_version is not None and edit.expected_version != variable.version:
            raise AbortedError(
                f"{variable.name}: expected version {edit.expected_version},"
                f" the current version is {variable.version}"
            )
        metadata = {**variable.metadata, **edit.metadata} if edit.metadata else variable.metadata
        self._check_metadata(metadata)
        return Variable(
            variable.id,
            variable.name,
            variable.rules,
            *value,
            metadata,
            edit.from_elixir,
            self._now(),
            variable.version + 1,
            variable.optimization,
        )

    def _change(
        self, kind: str, variable: Variable, previous: Value | None, edit: ChangeContext, ahead: int = 0
    ) -> Change:
        return Change(
            self._journal.sequence + 1 + ahead,
            kind,
            variable,
            previous,
            edit.changed_by,
            edit.metadata,
            self._now() if kind == change_log.DELETED else variable.updated_at,
        )

    def _apply(self, changes: Sequence[Change], request_id: str = "", forgotten: str = "") -> None:
        for change in changes:
            if change.kind == change_log.DELETED:
                continue
            variable = change.variable
            if change.kind == change_log.VALUE_CHANGE:
                before = self._variables.by_id(variable.id)
                assert before is not None, "what is changed is there"
                self._histories.add(change, before)
            self._variables.put(variable)
            self._locks.renew(variable.id)
        if changes:
            self._journal.append([*changes, *self._consequences(changes)], request_id, forgotten)

    def _consequences(self, changes: Sequence[Change]) -> Iterator[Change]:
        """What the followers of the variables that changed are told, after the changes themselves."""
        sequence = self._journal.sequence + len(changes)
        for change in changes:
            if change.kind != change_log.VALUE_CHANGE:
                continue
            cause = change.variable
            for follower, dependency_type in self._dependencies.followers(cause.id).items():
                sequence += 1
                metadata = {
                    "cause": cause.name,
                    "cause_id": cause.id,
                    "cause_version": str(cause.version),
                    "dependency_type": dependency_type,
                }
                variable = self._variables.by_id(follower)
                assert variable is not None, "a variable that is deleted follows none"
                yield Change(
                    sequence,
                    change_log.DEPENDENCY_CHANGE,
                    variable,
                    None,
                    change.changed_by,
                    metadata,
                    change.at,
                )

    def _now(self) -> int:
        """The wall clock, held back from going backwards."""
        self._latest = max(self._latest, self._clock.utc())
        return self._latest

    def _check_metadata(self, metadata: Mapping[str, str]) -> None:
        if len(metadata) > self._limits.metadata:
            raise ResourceExhaustedError(f"metadata: at most {self._limits.metadata} entries are kept")
