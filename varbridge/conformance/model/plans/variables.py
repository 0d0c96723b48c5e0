"""The plans of calls about one variable, and of lists."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from varbridge.conformance.model import candidates
from varbridge.conformance.model.actions import Delete, Get, History, List, Register, RollBack, Set
from varbridge.conformance.model.branches import branch
from varbridge.conformance.model.comparison import (
    CACHE,
    ID,
    LISTED,
    VERSION,
    Difference,
    Differences,
    compare_history,
    compare_variable,
    unless_equal,
)
from varbridge.conformance.model.model import Model, change_entry, matches, source_of, valid_name, valid_value
from varbridge.conformance.model.plan import Plan, Refusal, plan_of
from varbridge.conformance.model.plans.refusals import held, lock_refusals, value_refusals
from varbridge.conformance.model.state import Moment, VariableState
from varbridge.conformance.model.values import edges, meaning
from varbridge.conformance.vocabulary.literals import show
from varbridge.messages import snakepit_bridge_pb2 as pb

REGISTERED = branch("A1.1", "a variable is registered")
REGISTERED_FIRST = branch("S1.1", "the registration of a variable opens the session")
REGISTERED_AGAIN = branch("A10.2", "a name whose variable was deleted is registered again")
NAME_IN_USE = branch("A1.2", "a name that is in use is registered")
INVALID_NAME = branch("S7.1", "an invalid name is refused")
INVALID_CONSTRAINTS = branch("K4.1", "invalid constraints are refused")
READ_ONE = branch("A3.2", "a variable is read")
LISTED_ALL = branch("A9.3", "all variables are listed")
LISTED_BY_PATTERN = branch("A9.2", "variables are listed by a pattern")
LISTED_FIRST = branch("S1.1", "a list opens the session")
HISTORY_READ = branch("A11.1", "a history is read")
HISTORY_LIMITED = branch("A11.2", "the newest entries of a history are read")
HISTORY_NEGATIVE = branch("A11.2", "a negative limit is refused")
SET = branch("A3.1", "a variable is set")
SET_WITH_METADATA = branch("A3.3", "a variable is set with metadata")
SET_EXPECTING = branch("A5.1", "a variable is set with its version as the expected one")
WRONG_VERSION = branch("A5.1", "a set with another expected version is refused")
REPEATED = branch("A6.1", "a set is repeated with the request id of an accepted one")
WITH_REQUEST_ID = branch("A6.3", "a set with a request id that no accepted set had is applied")
ROLLED_BACK = branch("A12.1", "a variable is rolled back")
NO_SUCH_VERSION = branch("A12.2", "a rollback to a version that is not in the history is refused")
DELETED = branch("A10.1", "a variable is deleted")


@plan_of.register(Register)
def _register(action: Register, model: Model) -> Plan | None:
    session = model.sessions[action.session]
    name = model.names[action.name % len(model.names)]
    if action.named_like is not None:
        name = model.identifier(action, action.named_like)
    constraints = candidates.constraints(action.kind, action.constraints)
    sent = candidates.value(action.value, action.kind)
    request = pb.RegisterVariableRequest(
        session_id=session.id,
        name=name,
        type=action.kind,
        initial_value=sent.any(),
        initial_binary_value=sent.content,
        constraints_json=constraints if isinstance(constraints, str) else _json(constraints),
        metadata=action.metadata,
    )
    refusals = []
    if not valid_name(name):
        refusals.append(Refusal(INVALID_NAME, ("INVALID_ARGUMENT",)))
    if isinstance(constraints, str):
        refusals.append(Refusal(INVALID_CONSTRAINTS, ("INVALID_ARGUMENT",), "Invalid constraints"))
    else:
        refusals += value_refusals(action.kind, constraints, sent)
    if session.named(name) is not None:
        refusals.append(Refusal(NAME_IN_USE, ("ALREADY_EXISTS",)))

    def accept(reply: pb.RegisterVariableResponse) -> Differences:
        if not session.open:
            session.start({})
        if reply.variable_id in session.variables or reply.variable_id in session.old_ids.values():
            yield Difference(ID, show(name), "an id of its own", show(reply.variable_id))
        assert not isinstance(constraints, str)
        state = VariableState(
            id=reply.variable_id,
            name=name,
            kind=action.kind,
            constraints=constraints,
            value=meaning(action.kind, sent),
            version=1,
            metadata=action.metadata,
            source=source_of(action.metadata),
            moment=Moment(),
        )
        session.old_ids.setdefault(name, state.id)
        entry = change_entry("registered", state, None, action.metadata, "client")
        session.histories[state.id] = [entry]
        session.variables[state.id] = state
        session.append([entry])
        yield from compare_variable(state, reply.variable)

    again = name in session.old_ids
    special = REGISTERED_AGAIN if again else REGISTERED
    edge = () if refusals or isinstance(constraints, str) else edges(action.kind, constraints, sent)
    branches = (*edge, special) if session.open else (*edge, REGISTERED_FIRST, special)
    return Plan("RegisterVariable", request, branches, accept, tuple(refusals))


@plan_of.register(Get)
def _get(action: Get, model: Model) -> Plan | None:
    session = model.sessions[action.session]
    named = model.find(action, action.target)

    def accept(reply: pb.GetVariableResponse) -> Differences:
        assert named.state is not None
        yield from compare_variable(named.state, reply.variable)
        yield from unless_equal(CACHE, show(named.state.name), False, reply.from_cache)

    request = pb.GetVariableRequest(session_id=session.id, variable_identifier=named.identifier)
    plan = Plan("GetVariable", request, (named.branch, READ_ONE), accept, named.refusals, reads=True)
    return model.in_session(session, plan)


@plan_of.register(List)
def _list(action: List, model: Model) -> Plan | None:
    session = model.sessions[action.session]
    pattern = action.pattern
    if pattern is None:
        way = candidates.WAYS[action.form % len(candidates.WAYS)]
        pattern = way.format(model.names[action.around % len(model.names)])

    def accept(reply: pb.ListVariablesResponse) -> Differences:
        if not session.open:
            session.start({})
        states = [s for s in session.variables.values() if matches(pattern or "*", s.name)]
        expected, answered = [s.name for s in states], [v.name for v in reply.variables]
        if expected != answered:
            yield Difference(LISTED, f"the pattern {show(pattern)}", show(expected), show(answered))
            return
        for state, message in zip(states, reply.variables, strict=True):
            yield from compare_variable(state, message)

    listed = LISTED_BY_PATTERN if pattern else LISTED_ALL
    branches = (listed,) if session.open else (LISTED_FIRST, listed)
    request = pb.ListVariablesRequest(session_id=session.id, pattern=pattern)
    return Plan("ListVariables", request, branches, accept, reads=session.open)


@plan_of.register(History)
def _history(action: History, model: Model) -> Plan | None:
    session = model.sessions[action.session]
    named = model.find(action, action.target)
    refusals = [*named.refusals]
    if action.limit < 0:
        refusals.append(Refusal(HISTORY_NEGATIVE, ("INVALID_ARGUMENT",)))

    def accept(reply: pb.GetVariableHistoryResponse) -> Differences:
        assert named.state is not None
        retained = session.histories[named.state.id][-model.history :]
        yield from compare_history(retained, action.limit, reply, named.state.name)

    request = pb.GetVariableHistoryRequest(
        session_id=session.id, variable_identifier=named.identifier, limit=action.limit
    )
    branches = (HISTORY_LIMITED if action.limit else HISTORY_READ, named.branch)
    plan = Plan("GetVariableHistory", request, branches, accept, tuple(refusals), reads=True)
    return model.in_session(session, plan)


@plan_of.register(Set)
def _set(action: Set, model: Model) -> Plan | None:
    session = model.sessions[action.session]
    named = model.find(action, action.target)
    state = named.state
    sent = candidates.value(action.value, state.kind if state else "integer")
    expected = None if action.ahead is None else (state.version if state else 1) + action.ahead
    if expected is not None and expected < 0:
        return None
    metadata = action.change.sent
    request = pb.SetVariableRequest(
        session_id=session.id,
        variable_identifier=named.identifier,
        value=sent.any(),
        binary_value=sent.content,
        metadata=metadata,
        expected_version=expected,
        request_id=action.request_id,
    )
    repeated = session.answers.get(action.request_id) if action.request_id else None

    def accept(reply: pb.SetVariableResponse) -> Differences:
        if repeated is not None:
            yield from unless_equal(VERSION, "the answer", repeated, reply.new_version)
            return
        assert state is not None
        after = model.changed(state, meaning(state.kind, sent), metadata)
        model.apply(session, [(state, after, metadata, "client")])
        if action.request_id:
            session.answers[action.request_id] = after.version
        yield from unless_equal(VERSION, "the answer", after.version, reply.new_version)

    touched = frozenset({state.id}) if state else frozenset()
    if repeated is not None:
        plan = Plan("SetVariable", request, (REPEATED,), accept, touched=touched)
        return model.in_session(session, plan)
    refusals = [*named.refusals]
    if state is not None:
        refusals += value_refusals(state.kind, state.constraints, sent)
        if expected not in (None, state.version):
            refusals.append(Refusal(WRONG_VERSION, ("ABORTED",), str(state.version)))
        refusals += lock_refusals(state, action.change.optimizer)
    elif not valid_value(sent):
        refusals[0] = replace(refusals[0], codes=("NOT_FOUND", "INVALID_ARGUMENT"))
    special = [*held(state)]
    if action.ahead is not None:
        special.append(SET_EXPECTING)
    if action.request_id:
        special.append(WITH_REQUEST_ID)
    if metadata:
        special.append(SET_WITH_METADATA)
    edge = edges(state.kind, state.constraints, sent) if state is not None and not refusals else ()
    branches = (*edge, *special, SET, named.branch)
    plan = Plan("SetVariable", request, branches, accept, tuple(refusals), touched)
    return model.in_session(session, plan)


@plan_of.register(RollBack)
def _roll_back(action: RollBack, model: Model) -> Plan | None:
    session = model.sessions[action.session]
    named = model.find(action, action.target)
    state = named.state
    target = (state.version if state else 1) - action.back
    retained = session.histories[state.id][-model.history :] if state else []
    old = {entry.variable.version: entry.variable.value for entry in retained}
    metadata = action.change.sent
    request = pb.RollbackVariableRequest(
        session_id=session.id,
        variable_identifier=named.identifier,
        target_version=target,
        metadata=metadata,
    )
    refusals = [*named.refusals]
    if state is not None:
        if target not in old:
            refusals.append(Refusal(NO_SUCH_VERSION, ("OUT_OF_RANGE",)))
        refusals += lock_refusals(state, action.change.optimizer)

    def accept(reply: pb.RollbackVariableResponse) -> Differences:
        assert state is not None
        after = model.changed(state, old[target], metadata)
        model.apply(session, [(state, after, metadata, f"rollback to version {target}")])
        yield from compare_variable(after, reply.variable)

    touched = frozenset({state.id}) if state else frozenset()
    branches = (*held(state), ROLLED_BACK, named.branch)
    plan = Plan("RollbackVariable", request, branches, accept, tuple(refusals), touched)
    return model.in_session(session, plan)


@plan_of.register(Delete)
def _delete(action: Delete, model: Model) -> Plan | None:
    session = model.sessions[action.session]
    named = model.find(action, action.target)
    state = named.state
    metadata = action.change.sent
    refusals = [*named.refusals]
    if state is not None:
        refusals += lock_refusals(state, action.change.optimizer)

    def accept(_: pb.DeleteVariableResponse) -> Differences:
        assert state is not None
        del session.variables[state.id]
        entry = change_entry("deleted", replace(state, open_lock=True), None, metadata, "client", Moment())
        session.append([entry])
        for pair in [pair for pair in session.dependencies if state.id in pair]:
            del session.dependencies[pair]
        yield from ()

    branches = (*held(state), DELETED, named.branch)
    request = pb.DeleteVariableRequest(
        session_id=session.id, variable_identifier=named.identifier, metadata=metadata
    )
    plan = Plan("DeleteVariable", request, branches, accept, tuple(refusals))
    return model.in_session(session, plan)


def _json(constraints: Mapping[str, Any]) -> str:
    return json.dumps(constraints, ensure_ascii=False) if constraints else ""
