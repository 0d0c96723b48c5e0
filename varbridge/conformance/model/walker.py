"""The walker, which shows a bridge the actions of a random walk and compares every answer with the model."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
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
from varbridge.conformance.model.branches import BRANCHES, Branch
from varbridge.conformance.model.comparison import (
    LISTED_WHOLE,
    SESSION_END,
    Difference,
    compare_history,
    compare_variable,
)
from varbridge.conformance.model.divergence import (
    EXPIRED,
    RESTARTED,
    UNCHANGED,
    UNCHANGED_HISTORY,
    DivergedError,
    Divergence,
    Key,
    Trail,
)
from varbridge.conformance.model.model import Model
from varbridge.conformance.model.plan import Plan, Taken
from varbridge.conformance.model.plans import plan_of
from varbridge.conformance.model.plans.watches import WATCHED_ALL
from varbridge.conformance.model.scenario_text import Phrases
from varbridge.conformance.model.state import SessionState, VariableState
from varbridge.conformance.model.walk_watch import DEADLINE_S, WalkWatch
from varbridge.conformance.vocabulary.literals import show
from varbridge.messages import snakepit_bridge_pb2 as pb

MAX_TTL_S = 5
"""The longest time to live that a walk waits for, in seconds."""


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
        self._streams: list[list[WalkWatch]] = [[], []]
        self._trail = Trail(self._model, Phrases(walk.names, walk.ttl), self._excluded, self._met)
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
                self._trail.number = number - 1
                self._do(action)
                if number == 0:
                    self._register_more(walk.count)
                    self._trail.taken.clear()
                if self._is_void:
                    break
        except DivergedError as error:
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
        return self._trail.text(name)

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
        self._trail.taken.append(Taken(action, plan, watcher=self._watchers))
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
        self._trail.taken.append(Taken(action, plan))
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
        self._trail.taken.append(Taken(action, plan))
        self._receive(action.session, plan)
        streams[0].watch.wait_until_over(session.ttl + DEADLINE_S)
        if (ended_at := streams[0].watch.ended_at) is not None:
            passed_s = ended_at - self._called_at[session.id]
            if passed_s < session.ttl:
                required = f"after {session.ttl} s without a call"
                early = Difference(SESSION_END, "the session", required, f"after {passed_s:.3f} s")
                self._trail.report(plan, [early])
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
            self._trail.compare_refusal(plan, error)
        else:
            self._trail.require_acceptance(plan)
            self._trail.report(plan, plan.accept(reply))
        return True

    # Watches

    def _watch(self, action: Any, plan: Plan, watcher: int) -> None:
        connection = self._connections[action.client % len(self._connections)]
        self.calls += 1
        try:
            with self._calling(self._model.sessions[action.session]):
                stream = connection.stream("WatchVariables", plan.request)
                watch = CollectedWatch(stream, timeout=DEADLINE_S)
        except TimeoutError as unconfirmed:
            self._trail.diverge(plan.decisive[0], "a watch that opens, or its refusal", str(unconfirmed))
        if plan.refusals:
            watch.wait_until_over(DEADLINE_S)
        if watch.over:
            error = watch.ended
            if error is None:
                self._trail.diverge(plan.decisive[0], "an open watch", "it ended with OK")
            elif error.code is grpc.StatusCode.UNIMPLEMENTED:
                self._lacking.add(plan.method)
            elif error.code is grpc.StatusCode.UNAVAILABLE:
                raise error
            else:
                self._trail.compare_refusal(plan, error)
            return
        if plan.refusals:
            watch.close()
        self._trail.require_acceptance(plan)
        session = self._model.sessions[action.session]
        self._trail.report(plan, plan.accept(None))
        self._streams[action.session].append(WalkWatch(watch, session.watches[-1], watcher))
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
        self._trail.taken.append(Taken(action, plan, watcher=stream.watcher))
        session = self._model.sessions[action.session]
        session.watches.remove(stream.model)
        session.cancelled += 1

    def _receive(self, number: int, plan: Plan) -> None:
        """Compare the updates of all watches of a session with those that the model expects."""
        session = self._model.sessions[number]
        for stream in self._streams[number]:
            for difference, overdue in stream.receive(session):
                self._trail.report(plan, [difference], stream, overdue)

    def _require_ends(self, number: int, plan: Plan) -> None:
        """Require that the watches of a session that was ended have ended."""
        streams, self._streams[number] = self._streams[number], []
        for stream in streams:
            self._trail.report(plan, stream.end())

    # The state after an action

    def _verify(self, number: int, plan: Plan) -> None:
        """Compare all variables of a session, and the histories of those that the action concerned."""
        session = self._model.sessions[number]
        if plan.refusals:
            self._met.update((UNCHANGED, UNCHANGED_HISTORY))
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
                self._trail.report(plan, [difference])
        if "GetVariableHistory" in self._lacking or self._skips(History(session=number)):
            return
        for variable_id in plan.touched & session.variables.keys():
            request = pb.GetVariableHistoryRequest(session_id=session.id, variable_identifier=variable_id)
            with self._calling(session):
                history = self._connections[0].call("GetVariableHistory", request)
            self.calls += 1
            retained = session.histories[variable_id][-self._model.history :]
            name = session.variables[variable_id].name
            self._trail.report(plan, compare_history(retained, 0, history, name))

    def _compare_listed(self, plan: Plan, expected: VariableState, message: pb.Variable) -> None:
        """Compare a variable of a list, unless the last list had the same bytes in the same state."""
        state, encoded = self._compared.get(expected.id, (None, b""))
        answered = message.SerializeToString(deterministic=True)
        if state is expected and encoded == answered:
            return
        self._trail.report(plan, compare_variable(expected, message))
        self._compared[expected.id] = (expected, answered)

    def _skips(self, action: Action) -> bool:
        plan = plan_of(action, self._model)
        return plan is None or (not plan.refusals and self._left_out(plan))

    # The end

    def _close(self) -> None:
        for stream in (stream for streams in self._streams for stream in streams):
            stream.watch.close()
        for session in self._model.sessions:
            with contextlib.suppress(BridgeError):
                self._connections[0].call("CleanupSession", pb.CleanupSessionRequest(session_id=session.id))


def all_branches() -> list[Branch]:
    """Return all branches of the model, in the order of their definitions."""
    return [*BRANCHES]
