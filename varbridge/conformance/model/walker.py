"""The walker, which shows a bridge the actions of a random walk and compares every answer with the model."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import grpc

from varbridge import BridgeError, Connection
from varbridge.conformance.clients.collected_watch import CollectedWatch
from varbridge.conformance.model.actions import (
    Action,
    CleanUp,
    EndWatch,
    Expire,
    History,
    List,
    Open,
    Pick,
    Register,
    Restart,
    StartWatch,
    Walk,
)
from varbridge.conformance.model.branches import BRANCHES, Branch, branch
from varbridge.conformance.model.comparison import (
    LISTED_WHOLE,
    SEQUENCE,
    SESSION_END,
    UPDATE_MISSING,
    UPDATE_ORDER,
    WATCH_END,
    Check,
    Difference,
    compare_history,
    compare_update,
    compare_variable,
)
from varbridge.conformance.model.model import Model
from varbridge.conformance.model.plan import Plan
from varbridge.conformance.model.plans import plan_of
from varbridge.conformance.model.plans.variables import REPEATED
from varbridge.conformance.model.plans.watches import WATCHED_ALL
from varbridge.conformance.model.scenario_text import PEOPLE, Phrases, Taken, ends, update_lines
from varbridge.conformance.model.state import Entry, ModelWatch, SessionState, VariableState
from varbridge.conformance.model.values import (
    ABOVE,
    BELOW,
    NO_MATCH,
    NOT_LISTED,
    OTHER_DTYPE,
    OTHER_SHAPE,
    TOO_LONG,
    TOO_SHORT,
)
from varbridge.conformance.vocabulary.literals import show
from varbridge.messages import snakepit_bridge_pb2 as pb

DEADLINE_S = 5.0
"""The time in which an answer, an update or the end of a watch must come, in seconds."""

MAX_TTL_S = 5
"""The longest time to live that a walk waits for, in seconds."""

_ALL_NAMED = branch("K4.4", "a refusal names every constraint that a value violates")
_UNCHANGED = branch("A4.1", "a refused change leaves the variables unchanged")
_UNCHANGED_HISTORY = branch("A4.2", "a refused change leaves histories and watches unchanged")
_CONSTRAINTS = {BELOW, ABOVE, TOO_SHORT, TOO_LONG, NO_MATCH, NOT_LISTED, OTHER_SHAPE, OTHER_DTYPE}
EXPIRED = branch("S5.1", "a session without calls ends after its time to live, and its watches end")
RESTARTED = branch("P6.1", "the bridge is killed and started again with its data")
_AFTER_RESTART = (("W", "P6.3"), ("D", "P6.2"), ("S", "P6.2"), ("X", "P6.2"))
"""The statements that differences after a restart break, by the beginnings of those of the parts."""


Key = Branch | Check
"""A case of the model, or a part that is compared, which later walks leave out."""


@dataclass(frozen=True)
class Divergence:
    """An answer or an update that is not as the contract says.

    Attributes:
        statement: the statement of the contract that is broken.
        key: the branch of the model that later walks leave out, or the check that they leave out with it.
        case: the case of the model, as a sentence.
        action: the number of the action after which it was noticed, in its walk.
        expected: the required answer, as a text.
        actual: the actual answer, as a text.
        scenario: the lines of a scenario that shows it.
    """

    statement: str
    key: Key
    case: str
    action: int
    expected: str
    actual: str
    scenario: Sequence[str] = ()

    @property
    def clause(self) -> str:
        return self.statement.partition(".")[0]


class _DivergedError(Exception):
    def __init__(self, divergence: Divergence) -> None:
        self.divergence = divergence


@dataclass(eq=False)
class _Stream:
    watch: CollectedWatch
    model: ModelWatch
    watcher: int
    entries: list[Entry] = field(default_factory=list)
    taken: int = 0

    def updates(self, count: int) -> list[pb.VariableUpdate]:
        """Wait until there are so many more updates, and return all that came."""

        def new(updates: Sequence[Any]) -> list[Any]:
            return [update.message for update in updates if update.kind != "heartbeat"][self.taken :]

        return new(self.watch.wait_for(lambda updates: len(new(updates)) >= count, DEADLINE_S))


class Walker:
    """A client that takes random walks.

    Args:
        connections: the connections of the clients.
        excluded: the branches and checks that walks leave out, since the bridge diverges there.
        lacking: the methods that the bridge does not have; those that answer UNIMPLEMENTED are added.
        met: the branches that were met; the walks add to them.
        restart: the function that kills the bridge, starts it again with its data, and returns new
            connections; None if walks leave that out.
    """

    def __init__(
        self,
        connections: Sequence[Connection],
        excluded: set[Key],
        lacking: set[str],
        met: set[Branch],
        restart: Callable[[], Sequence[Connection]] | None = None,
    ) -> None:
        self._restart = restart
        self._connections = connections
        self._excluded = excluded
        self._lacking = lacking
        self._met = met
        self.history = 100
        """The number of entries that a history of the bridge retains."""
        self.calls = 0

    def take(self, walk: Walk) -> Divergence | None:
        """Take a walk in two new sessions; return the first divergence, or None if there is none."""
        prefix = f"walk-{os.urandom(6).hex()}"
        self._called_at: dict[str, float] = {}  # the time of the last call, by the id of its session
        self._is_void = False  # a session may have expired between two calls, since the machine is slow
        self._model = Model([f"{prefix}-a", f"{prefix}-b"], walk.names, self.history)
        self._streams: list[list[_Stream]] = [[], []]
        self._phrases = Phrases(walk.names, walk.ttl)
        self._taken: list[Taken] = []
        self._watchers = 0
        self._compared: dict[str, tuple[VariableState, bytes]] = {}
        try:
            actions = [
                Open(ttl=walk.ttl),
                *walk.actions,
                CleanUp(session=0),
                CleanUp(session=1),
            ]
            for number, action in enumerate(actions):
                self._number = number - 1
                self._do(action)
                if number == 0:
                    self._register_more(walk.count)
                    self._taken.clear()
                if self._is_void:
                    break
        except _DivergedError as error:
            return None if self._is_void else error.divergence
        finally:
            self._close()
        return None

    def _register_more(self, count: int) -> None:
        """Register so many variables that no action names, so that there are many."""
        names, self._model.names = self._model.names, [f"n{number}" for number in range(count)]
        for number in range(count):
            self._do(Register(name=number, value=Pick(number % 5)))
        self._model.names = names

    def text(self, name: str) -> list[str]:
        """Return the lines of a scenario with the actions of the last walk."""
        return self._phrases.whole(name, self._taken[:-2])  # without the final clean-ups

    # One action

    def _do(self, action: Action) -> None:
        if isinstance(action, EndWatch):
            self._end_watch(action)
            return
        if isinstance(action, Restart):
            self._do_restart(action)
            return
        if isinstance(action, Expire):
            self._expire(action)
            return
        plan = plan_of(action, self._model)
        if plan is None or plan.method in self._lacking or self._left_out(plan):
            return
        self._met.update(plan.decisive)
        if isinstance(action, StartWatch):
            self._watchers += 1
        self._taken.append(Taken(action, plan, watcher=self._watchers))
        session = self._model.sessions[action.session]
        was_open = session.open
        if isinstance(action, CleanUp):
            self._receive(action.session, plan)
        if plan.method == "WatchVariables":
            self._watch(action, plan, self._watchers)
        elif not self._call(action, plan):
            return
        if was_open and not session.open:
            self._require_ends(action.session, plan)
        elif session.open:
            if not was_open:
                self._observe(action.session)
            if not plan.reads:
                self._verify(action.session, plan)

    def _do_restart(self, action: Restart) -> None:
        """Kill the bridge and start it again; everything must be as before, and watches resume."""
        if self._restart is None or RESTARTED in self._excluded:
            return
        self._met.add(RESTARTED)
        sessions = self._model.sessions
        plan = Plan("", None, (RESTARTED,), lambda _: iter(()))
        self._taken.append(Taken(action, plan))
        for number in range(len(sessions)):
            self._receive(number, plan)
        self._connections = self._restart()
        for number, session in enumerate(sessions):
            observed = bool(self._streams[number])
            for stream in self._streams[number]:
                stream.watch.close()
            self._streams[number].clear()
            session.watches.clear()
            session.cancelled = 0
            if not session.open:
                continue
            resumed = plan_of(StartWatch(session=number, back=0), self._model)
            if observed:
                self._observe(number, resumed)
            self._verify(number, replace(plan, touched=frozenset(session.variables)))

    def _expire(self, action: Expire) -> None:
        """Make no calls until a session has ended, which a watch shows; it must not end too early."""
        session = self._model.sessions[action.session]
        streams = self._streams[action.session]
        brief = session.open and 0 < session.ttl <= MAX_TTL_S
        if EXPIRED in self._excluded or not (brief and streams):
            return
        self._met.add(EXPIRED)
        plan = Plan("", None, (EXPIRED,), lambda _: iter(()))
        self._taken.append(Taken(action, plan))
        self._receive(action.session, plan)
        streams[0].watch.wait_until_over(session.ttl + DEADLINE_S)
        if (ended_at := streams[0].watch.ended_at) is not None:
            passed_s = ended_at - self._called_at[session.id]
            if passed_s < session.ttl:
                required = f"after {session.ttl} s without a call"
                early = Difference(SESSION_END, "the session", required, f"after {passed_s:.3f} s")
                self._report(plan, [early])
        session.end()
        self._require_ends(action.session, plan)

    @contextlib.contextmanager
    def _calling(self, session: SessionState) -> Iterator[None]:
        """Note the time of a call; the walk is void if its session may have expired before the call."""
        began = time.monotonic()
        try:
            yield
        finally:
            last = self._called_at.get(session.id, began)
            if session.ttl and time.monotonic() - last >= session.ttl:
                self._is_void = True
            self._called_at[session.id] = began

    def _left_out(self, plan: Plan) -> bool:
        return any(decisive in self._excluded for decisive in plan.decisive)

    def _call(self, action: Action, plan: Plan) -> bool:
        """Make the call and compare its answer; return False if the bridge does not have the method."""
        connection = self._connections[action.client % len(self._connections)]
        self.calls += 1
        try:
            with self._calling(self._model.sessions[action.session]):
                reply = connection.call(plan.method, plan.request)
        except BridgeError as error:
            if error.code is grpc.StatusCode.UNIMPLEMENTED:
                self._lacking.add(plan.method)
                return False
            if error.code is grpc.StatusCode.UNAVAILABLE:
                raise
            self._compare_refusal(plan, error)
        else:
            self._require_acceptance(plan)
            self._report(plan, plan.accept(reply))
        return True

    def _require_acceptance(self, plan: Plan) -> None:
        if plan.refusals:
            refusal = plan.refusals[0]
            expected = f"a refusal with {' or '.join(sorted(plan.codes))}"
            self._diverge(plan, refusal.branch, expected, "it was accepted")

    def _compare_refusal(self, plan: Plan, error: BridgeError) -> None:
        self._taken[-1] = replace(self._taken[-1], refused=error.code.name)
        answer = f"{error.code.name}: {error.message}"
        if not plan.refusals:
            self._diverge(plan, plan.branches[0], "it is accepted", f"it was refused with {answer}")
        refusal = plan.refusals[0]
        if error.code.name not in plan.codes:
            expected = f"a refusal with {' or '.join(sorted(plan.codes))}"
            self._diverge(plan, refusal.branch, expected, f"it was refused with {answer}")
        if len(plan.refusals) == 1:
            if refusal.phrase not in error.message:
                expected = f"a refusal with {error.code.name} that says {show(refusal.phrase)}"
                self._diverge(plan, refusal.branch, expected, f"it was refused with {answer}")
        elif all(r.branch in _CONSTRAINTS for r in plan.refusals):
            self._met.add(_ALL_NAMED)
            lacking = [r.phrase for r in plan.refusals if r.phrase not in error.message]
            if lacking and _ALL_NAMED not in self._excluded:
                expected = f"a refusal that also says {show(lacking[0])}"
                self._diverge(plan, _ALL_NAMED, expected, f"it was refused with {answer}")

    # Watches

    def _watch(self, action: Any, plan: Plan, watcher: int) -> None:
        connection = self._connections[action.client % len(self._connections)]
        self.calls += 1
        try:
            with self._calling(self._model.sessions[action.session]):
                stream = connection.stream("WatchVariables", plan.request)
                watch = CollectedWatch(stream, timeout=DEADLINE_S)
        except TimeoutError as unconfirmed:
            self._diverge(plan, plan.decisive[0], "a watch that opens, or its refusal", str(unconfirmed))
            return
        if plan.refusals:
            watch.wait_until_over(DEADLINE_S)
        if watch.over:
            error = watch.ended
            if error is None:
                self._diverge(plan, plan.decisive[0], "an open watch", "it ended with OK")
            elif error.code is grpc.StatusCode.UNIMPLEMENTED:
                self._lacking.add(plan.method)
            elif error.code is grpc.StatusCode.UNAVAILABLE:
                raise error
            else:
                self._compare_refusal(plan, error)
            return
        if plan.refusals:
            watch.close()
        self._require_acceptance(plan)
        session = self._model.sessions[action.session]
        self._report(plan, plan.accept(None))
        self._streams[action.session].append(_Stream(watch, session.watches[-1], watcher))
        self._receive(action.session, plan)

    def _observe(self, number: int, resumed: Plan | None = None) -> None:
        """Watch all variables of a session, by a plan that resumes a watch if it is given."""
        plan = resumed or plan_of(StartWatch(session=number), self._model)
        assert plan is not None
        if "WatchVariables" not in self._lacking and not self._left_out(plan):
            self._watch(StartWatch(session=number), plan, 0)

    def _end_watch(self, action: EndWatch) -> None:
        streams = self._streams[action.session]
        if len(streams) < 2:
            return  # the first one observes the session
        plan = Plan("WatchVariables", None, (WATCHED_ALL,), lambda _: iter(()), reads=True)
        self._receive(action.session, plan)
        stream = streams.pop(1 + action.watch % (len(streams) - 1))
        stream.watch.close()
        self._taken.append(Taken(action, plan, watcher=stream.watcher))
        session = self._model.sessions[action.session]
        session.watches.remove(stream.model)
        session.cancelled += 1

    def _receive(self, number: int, plan: Plan) -> None:
        """Compare the updates of all watches of a session with those that the model expects."""
        session = self._model.sessions[number]
        for stream in self._streams[number]:
            self._receive_from(stream, session, plan)

    def _receive_from(self, stream: _Stream, session: SessionState, plan: Plan) -> None:
        for update in stream.updates(stream.model.count):
            stream.taken += 1
            kind, cause = update.update_type, update.update_metadata.get("cause_id", "")
            overdue = stream.model.overdue()
            entry = stream.model.take(kind, update.variable_id, cause)
            if entry is None:
                expected = "no update" if overdue is None else f"the {_named(overdue)}"
                actual = f"the {kind} of {show(update.variable.name)} at version {update.variable.version}"
                self._report(plan, [Difference(UPDATE_ORDER, "a watch", expected, actual)], stream, overdue)
                continue
            stream.entries.append(entry)
            self._report(plan, self._compare_sequence(stream.model, entry, update.sequence, session), stream)
            self._report(plan, compare_update(entry, update, session), stream)
        if (overdue := stream.model.overdue()) is not None:
            actual = "it did not come"
            if stream.watch.over:
                actual = f"the watch ended with {stream.watch.ended or 'OK'}"
            missing = Difference(UPDATE_MISSING, "a watch", f"the {_named(overdue)}", actual)
            self._report(plan, [missing], stream, overdue)
        elif stream.watch.over:
            ended = str(stream.watch.ended or "OK")
            ended_early = Difference(WATCH_END, "the session", "open", f"ended with {ended}")
            self._report(plan, [ended_early], stream)

    def _compare_sequence(
        self, watch: ModelWatch, entry: Any, sequence: int, session: SessionState
    ) -> Iterable[Difference]:
        subject = f"the {_named(entry)}"
        last, watch.last_sequence = watch.last_sequence, sequence
        if entry.kind == "initial_value":
            if sequence < session.sequence or last not in (None, sequence):
                yield Difference(SEQUENCE, subject, f"{max(session.sequence, last or 0)}", str(sequence))
            return
        if entry.sequence is None:
            entry.sequence = sequence
            if sequence <= session.sequence:
                yield Difference(SEQUENCE, subject, f"above {session.sequence}", str(sequence))
            session.sequence = max(session.sequence, sequence)
        elif entry.sequence != sequence:
            yield Difference(SEQUENCE, subject, str(entry.sequence), str(sequence))
        if last is not None and sequence <= last:
            yield Difference(SEQUENCE, subject, f"above {last}", str(sequence))

    def _require_ends(self, number: int, plan: Plan) -> None:
        """Require that the watches of a session that was ended have ended."""
        streams, self._streams[number] = self._streams[number], []
        for stream in streams:
            over = stream.watch.wait_until_over(DEADLINE_S)
            ended = stream.watch.ended
            stream.watch.close()
            if not over or ended is None or ended.code is not grpc.StatusCode.NOT_FOUND:
                actual = f"it ended with {ended or 'OK'}" if over else "it is open"
                self._report(plan, [Difference(SESSION_END, "the session", "NOT_FOUND", actual)])

    # The state after an action

    def _verify(self, number: int, plan: Plan) -> None:
        """Compare all variables of a session, and the histories of those that the action concerned."""
        session = self._model.sessions[number]
        if plan.refusals:
            self._met.update((_UNCHANGED, _UNCHANGED_HISTORY))
        self._receive(number, plan)
        if "ListVariables" not in self._lacking and not self._skips(List(session=number)):
            with self._calling(session):
                reply = self._connections[0].call(
                    "ListVariables", pb.ListVariablesRequest(session_id=session.id)
                )
            self.calls += 1
            expected = {state.id: state for state in session.variables.values()}
            for message in reply.variables:
                if message.id in expected:
                    self._compare_listed(plan, expected[message.id], message)
            names = [state.name for state in expected.values()]
            answered = [message.name for message in reply.variables]
            if names != answered:
                difference = Difference(LISTED_WHOLE, "the session", show(names), show(answered))
                self._report(plan, [difference])
        if "GetVariableHistory" in self._lacking or self._skips(History(session=number)):
            return
        for variable_id in plan.touched & session.variables.keys():
            request = pb.GetVariableHistoryRequest(session_id=session.id, variable_identifier=variable_id)
            with self._calling(session):
                history = self._connections[0].call("GetVariableHistory", request)
            self.calls += 1
            retained = session.histories[variable_id][-self._model.history :]
            name = session.variables[variable_id].name
            self._report(plan, compare_history(retained, 0, history, name))

    def _compare_listed(self, plan: Plan, expected: VariableState, message: pb.Variable) -> None:
        """Compare a variable of a list, unless the last list had the same bytes in the same state."""
        state, encoded = self._compared.get(expected.id, (None, b""))
        answered = message.SerializeToString(deterministic=True)
        if state is expected and encoded == answered:
            return
        self._report(plan, compare_variable(expected, message))
        self._compared[expected.id] = (expected, answered)

    def _skips(self, action: Action) -> bool:
        plan = plan_of(action, self._model)
        return plan is None or (not plan.refusals and self._left_out(plan))

    # Divergences

    def _report(
        self,
        plan: Plan,
        differences: Iterable[Difference],
        stream: _Stream | None = None,
        overdue: Entry | None = None,
    ) -> None:
        """Raise the first difference that walks do not leave out.

        Args:
            plan: the plan of the last action.
            differences: the differences.
            stream: the watch of an update that differs; None if no update does.
            overdue: the update that the watch has to receive next; None if there is none.
        """
        for difference in [*differences]:
            cause = plan.decisive[0]
            key: Key = cause if difference.check.lasting and not plan.reads else difference.check
            if key in self._excluded or difference.check in self._excluded:
                continue
            raise _DivergedError(
                Divergence(
                    statement=self._statement(plan, difference.check),
                    key=key,
                    case=cause.case,
                    action=self._number,
                    expected=f"{difference.required}",
                    actual=f"it was {difference.actual}",
                    scenario=self._scenario(cause, difference, stream, overdue),
                )
            )

    def _scenario(
        self,
        cause: Branch,
        difference: Difference | None,
        stream: _Stream | None = None,
        overdue: Entry | None = None,
    ) -> list[str]:
        if stream is None:
            last = ends(self._taken[-1], difference, self._model.sessions[self._taken[-1].action.session])
        else:
            entries = [*stream.entries, *([overdue] if overdue else ())]
            unexpected = difference is not None and difference.expected == "no update"
            last = update_lines(PEOPLE[stream.watcher % len(PEOPLE)], entries, more=not unexpected)
        watched = stream is not None and stream.watcher == 0
        return self._phrases.scenario(cause.case.capitalize(), self._taken, last, watched=watched)

    def _statement(self, plan: Plan, check: Check) -> str:
        """Return the statement that a difference breaks: that of an action which changes nothing, if any."""
        if plan.decisive[0] is RESTARTED:
            return next((to for start, to in _AFTER_RESTART if check.statement.startswith(start)), "P6.1")
        if plan.decisive[0] is EXPIRED:
            return EXPIRED.statement
        if plan.refusals:
            about_watches = check.statement.startswith(("W", "A11", "D1"))
            return (_UNCHANGED_HISTORY if about_watches else _UNCHANGED).statement
        if plan.decisive[0] is REPEATED:
            return REPEATED.statement
        return check.statement

    def _diverge(self, plan: Plan, cause: Branch, expected: str, actual: str) -> None:
        raise _DivergedError(
            Divergence(
                cause.statement,
                cause,
                cause.case,
                self._number,
                expected,
                actual,
                self._scenario(cause, None),
            )
        )

    # The end

    def _close(self) -> None:
        for stream in (stream for streams in self._streams for stream in streams):
            stream.watch.close()
        for session in self._model.sessions:
            with contextlib.suppress(BridgeError):
                self._connections[0].call("CleanupSession", pb.CleanupSessionRequest(session_id=session.id))


def _named(entry: Any) -> str:
    return f"{entry.kind} of {show(entry.variable.name)} at version {entry.variable.version}"


def all_branches() -> list[Branch]:
    """Return all branches of the model, in the order of their definitions."""
    return [*BRANCHES]
