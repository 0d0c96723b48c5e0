"""The plans of dependencies and of locks."""

from __future__ import annotations

from dataclasses import replace

from varbridge.conformance.model.actions import Depend, Lock, Release
from varbridge.conformance.model.branches import branch
from varbridge.conformance.model.comparison import FINAL_VALUE, Difference, Differences
from varbridge.conformance.model.model import Model
from varbridge.conformance.model.plan import Plan, Refusal, plan_of
from varbridge.conformance.model.state import Holder, Moment
from varbridge.conformance.model.values import decode
from varbridge.conformance.vocabulary.literals import show
from varbridge.messages import snakepit_bridge_pb2 as pb

DEPENDS = branch("D1.1", "a dependency is added")
CYCLE = branch("D1.3", "a dependency that closes a cycle is refused")
DEPENDENCY_UNKNOWN = branch("D1.3", "a dependency of an unknown variable is not found")
LOCKED = branch("D2.4", "a variable is locked")
LOCKED_ALREADY = branch("D2.2", "a second lock is refused, and names the holder")
RELEASED = branch("D3.1", "the holder releases a lock")
RELEASED_BY_FORCE = branch("D3.1", "another client releases a lock by force")
RELEASED_BY_OTHER = branch("D3.2", "a release by another client is refused")
NOT_LOCKED = branch("D3.4", "the release of a variable that is not locked is refused")


@plan_of.register(Depend)
def _depend(action: Depend, model: Model) -> Plan | None:
    session = model.sessions[action.session]
    follower, followed = model.find(action, action.follower), model.find(action, action.followed)
    refusals = [*follower.refusals, *followed.refusals]
    if refusals:
        refusals = [replace(refusal, branch=DEPENDENCY_UNKNOWN) for refusal in refusals]
    below, above = follower.state, followed.state
    if below is not None and above is not None:
        if (below.id, above.id) in session.dependencies:
            return None  # the contract does not say what a second dependency of a pair means
        if session.depends(above.id, below.id):
            refusals.append(Refusal(CYCLE, ("FAILED_PRECONDITION",), "would create a cycle"))

    def accept(_: pb.AddDependencyResponse) -> Differences:
        assert below is not None
        assert above is not None
        session.dependencies[below.id, above.id] = action.kind
        yield from ()

    request = pb.AddDependencyRequest(
        session_id=session.id,
        from_variable=followed.identifier,
        to_variable=follower.identifier,
        dependency_type=action.kind,
    )
    plan = Plan("AddDependency", request, (DEPENDS,), accept, tuple(refusals))
    return model.in_session(session, plan)


@plan_of.register(Lock)
def _lock(action: Lock, model: Model) -> Plan | None:
    session = model.sessions[action.session]
    named = model.find(action, action.target)
    state = named.state
    refusals = [*named.refusals]
    if state is not None and state.holder is not None:
        refusals.append(Refusal(LOCKED_ALREADY, ("FAILED_PRECONDITION",), state.holder.optimizer))

    def accept(_: pb.StartOptimizationResponse) -> Differences:
        assert state is not None
        session.variables[state.id] = replace(state, holder=Holder(action.optimizer, Moment()))
        yield from ()

    request = pb.StartOptimizationRequest(
        session_id=session.id, variable_identifier=named.identifier, optimizer_id=action.optimizer
    )
    plan = Plan("StartOptimization", request, (LOCKED,), accept, tuple(refusals))
    return model.in_session(session, plan)


@plan_of.register(Release)
def _release(action: Release, model: Model) -> Plan | None:
    session = model.sessions[action.session]
    named = model.find(action, action.target)
    state = named.state
    refusals = [*named.refusals]
    if state is not None and state.holder is None:
        refusals.append(Refusal(NOT_LOCKED, ("FAILED_PRECONDITION",)))
    elif state is not None and state.holder is not None:
        by_other = state.holder.optimizer != action.optimizer and not action.force
        refusals += [Refusal(RELEASED_BY_OTHER, ("FAILED_PRECONDITION",))] if by_other else []

    def accept(reply: pb.StopOptimizationResponse) -> Differences:
        assert state is not None
        session.variables[state.id] = replace(state, holder=None)
        try:
            final = decode(reply.final_value, reply.final_binary_value)
        except ValueError as error:
            yield Difference(FINAL_VALUE, show(state.name), str(state.value), f"malformed: {error}")
            return
        if final != state.value:
            yield Difference(FINAL_VALUE, show(state.name), str(state.value), str(final))

    request = pb.StopOptimizationRequest(
        session_id=session.id,
        variable_identifier=named.identifier,
        force=action.force,
        optimizer_id=action.optimizer,
    )
    branches = (RELEASED_BY_FORCE if action.force else RELEASED,)
    plan = Plan("StopOptimization", request, branches, accept, tuple(refusals))
    return model.in_session(session, plan)
