"""The plans of reading and setting several variables in one call."""

from __future__ import annotations

from varbridge.conformance.model import candidates
from varbridge.conformance.model.actions import Change, GetMany, SetMany
from varbridge.conformance.model.branches import branch
from varbridge.conformance.model.comparison import (
    BATCH_ERRORS,
    BATCH_SUCCESS,
    BATCH_VERSIONS,
    MISSING,
    VARIABLES_READ,
    Difference,
    Differences,
    compare_variable,
    unless_equal,
)
from varbridge.conformance.model.model import Model, Named, valid_name
from varbridge.conformance.model.plan import Plan, Refusal, plan_of
from varbridge.conformance.model.plans.refusals import HOLDER_CHANGES, lock_refusals, value_refusals
from varbridge.conformance.model.values import Sent, meaning
from varbridge.conformance.vocabulary.literals import show
from varbridge.messages import snakepit_bridge_pb2 as pb

READ_MANY = branch("A7.2", "several variables are read")
READ_NONE = branch("A7.4", "no variables are read in one call")
READ_WITHOUT_METADATA = branch("A7.3", "variables are read without their metadata")
READ_MISSING = branch("A7.2", "missing variables are read")
BATCH_ATOMIC = branch("A8.1", "an atomic batch is applied")
BATCH_ATOMIC_FAILS = branch("A8.4", "an atomic batch with a fault changes nothing")
BATCH_PARTLY = branch("A8.2", "the sets of a non-atomic batch that have no fault are applied")
BATCH_EMPTY = branch("A8.6", "an empty batch succeeds")
BATCH_TWICE = branch("A8.6", "a batch that names a variable twice is refused")
BATCH_LOCKED = branch("D2.1", "a locked variable is an error of a batch")


@plan_of.register(GetMany)
def _get_many(action: GetMany, model: Model) -> Plan | None:
    session = model.sessions[action.session]
    targets = [model.find(action, ref) for ref in action.targets]
    named = {target.identifier: target for target in targets}
    if not all(map(valid_name, named)):
        return None  # the contract does not say if an invalid name is missing or refused
    request = pb.BatchGetVariablesRequest(
        session_id=session.id, variable_identifiers=[*named], include_metadata=action.metadata
    )
    identifiers = tuple(target.identifier for target in targets)

    def accept(reply: pb.BatchGetVariablesResponse) -> Differences:
        missing = [f.identifier for f in named.values() if f.state is None]
        yield from unless_equal(MISSING, "the answer", missing, [*reply.missing_variables])
        existing = sorted(f.identifier for f in named.values() if f.state is not None)
        if existing != sorted(reply.variables):
            yield Difference(VARIABLES_READ, "the answer", show(existing), show(sorted(reply.variables)))
            return
        for identifier in existing:
            state, message = named[identifier].state, reply.variables[identifier]
            assert state is not None
            yield from compare_variable(state, message, metadata=action.metadata)

    special = [READ_MANY if named else READ_NONE]
    special += [] if action.metadata else [READ_WITHOUT_METADATA]
    special += [READ_MISSING] if any(f.state is None for f in named.values()) else []
    branches = tuple(special[::-1])
    plan = Plan("GetVariables", request, branches, accept, reads=True, identifiers=identifiers)
    return model.in_session(session, plan)


@plan_of.register(SetMany)
def _set_many(action: SetMany, model: Model) -> Plan | None:
    session = model.sessions[action.session]
    updates: dict[str, tuple[Named, Sent]] = {}
    for ref, pick in action.updates:
        named = model.find(action, ref)
        kind = named.state.kind if named.state else "integer"
        updates[named.identifier] = named, candidates.value(pick, kind)
    if not all(map(valid_name, updates)):
        return None  # the contract does not say if an invalid name is an error or refused
    ids = [named.state.id for named, _ in updates.values() if named.state is not None]
    if not action.atomic and any(pair <= {*ids} for pair in map(set, session.dependencies)):
        return None  # the contract does not say which state of a dependent variable its update has
    metadata = action.change.sent
    request = pb.BatchSetVariablesRequest(
        session_id=session.id,
        updates={identifier: sent.any() for identifier, (_, sent) in updates.items()},
        binary_updates={name: sent.content for name, (_, sent) in updates.items() if sent.content},
        atomic=action.atomic,
        metadata=metadata,
    )
    at_fault = {
        identifier: fault
        for identifier, (named, sent) in updates.items()
        if (fault := _batch_fault(named, sent, action.change)) is not None
    }
    applied = {} if action.atomic and at_fault else {k: v for k, v in updates.items() if k not in at_fault}

    def accept(reply: pb.BatchSetVariablesResponse) -> Differences:
        changes = []
        versions = {}
        for identifier, (named, sent) in applied.items():
            assert named.state is not None
            after = model.changed(named.state, meaning(named.state.kind, sent), metadata)
            changes.append((named.state, after, metadata, "client"))
            versions[identifier] = after.version
        model.apply(session, changes, atomic=action.atomic)
        subject = "the answer"
        yield from unless_equal(BATCH_VERSIONS, subject, versions, {**reply.new_versions})
        yield from unless_equal(BATCH_ERRORS, subject, sorted(at_fault), sorted(reply.errors))
        yield from unless_equal(BATCH_SUCCESS, subject, not at_fault, reply.success)
        for identifier, words in reply.errors.items():
            phrase = at_fault.get(identifier, "")
            if phrase not in words:
                yield Difference(BATCH_ERRORS, show(identifier), f"a text with {phrase!r}", show(words))

    refusals = [Refusal(BATCH_TWICE, ("INVALID_ARGUMENT",))] if len(ids) > len({*ids}) else []
    if not updates:
        special = [BATCH_EMPTY]
    elif action.atomic:
        special = [BATCH_ATOMIC_FAILS if at_fault else BATCH_ATOMIC]
    else:
        special = [BATCH_PARTLY]
    if any("locked" in phrase for phrase in at_fault.values()):
        special.insert(0, BATCH_LOCKED)
    if any(named.state is not None and named.state.holder for named, _ in applied.values()):
        special.insert(0, HOLDER_CHANGES)
    plan = Plan(
        "SetVariables",
        request,
        tuple(special),
        accept,
        tuple(refusals),
        frozenset(ids),
        errors=tuple(at_fault),
        identifiers=tuple(model.identifier(action, ref) for ref, _ in action.updates),
    )
    return model.in_session(session, plan)


def _batch_fault(named: Named, sent: Sent, change: Change) -> str | None:
    """Return a text that the error of a set in a batch must contain; None if there is no error."""
    state = named.state
    if state is None:
        return ""
    refusals = [
        *value_refusals(state.kind, state.constraints, sent),
        *lock_refusals(state, change.optimizer),
    ]
    if not refusals:
        return None
    return refusals[0].phrase if len(refusals) == 1 else ""
