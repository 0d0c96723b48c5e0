"""The plan of a watch."""

from __future__ import annotations

from dataclasses import replace

from varbridge.conformance.model.actions import StartWatch
from varbridge.conformance.model.branches import branch
from varbridge.conformance.model.comparison import Differences
from varbridge.conformance.model.model import ID_FIRST, Model, valid_name
from varbridge.conformance.model.plan import Plan, Refusal, plan_of
from varbridge.conformance.model.state import Entry, ModelWatch, Phase
from varbridge.messages import snakepit_bridge_pb2 as pb

WATCHED = branch("W1.1", "variables are watched")
WATCHED_ALL = branch("W5.3", "all variables are watched")
WATCHED_INITIALLY = branch("W2.1", "variables are watched with their present values")
WATCHED_TWICE = branch("W6.2", "a watch names a variable twice")
WATCH_UNKNOWN = branch("W6.1", "a watch of an unknown variable is not found, and names it")
RESUMED = branch("W7.1", "a watch is resumed")
RESUMED_BEYOND = branch("W7.2", "a watch that resumes after a sequence beyond the last one is refused")
RESUMED_NEGATIVE = branch("W7.3", "a watch that resumes after a negative sequence is refused")

FAR = 1000
"""The number of updates back, or beyond the last one, after which a watch that resumes is refused."""


@plan_of.register(StartWatch)
def _start_watch(action: StartWatch, model: Model) -> Plan | None:
    session = model.sessions[action.session]
    named = [model.find(action, ref) for ref in action.targets]
    refusals = [
        replace(f.refusal, branch=WATCH_UNKNOWN, phrase=f.identifier if valid_name(f.identifier) else "")
        for f in named
        if f.refusal
    ]
    after = None
    tail: list[Phase] = []
    if action.back is not None:
        known = sorted(
            (entry.sequence, number, entry)
            for number, entry in enumerate(entry for phase in session.log for entry in phase)
            if entry.sequence is not None
        )
        if not known:
            return None  # no sequence is known yet
        if action.back < 0:
            after = session.sequence + FAR
            refusals.append(Refusal(RESUMED_BEYOND, ("OUT_OF_RANGE",)))
        elif action.back >= FAR:
            after = -1
            refusals.append(Refusal(RESUMED_NEGATIVE, ("INVALID_ARGUMENT",)))
        else:
            if action.back >= len(known):
                return None
            after = known[-1 - action.back][0]
            tail = [[entry] for sequence, _, entry in known if sequence > after]
            if any(f.state is None or f.branch is ID_FIRST for f in named):
                return None  # a name may have meant another variable at that time
            renewed = {e.variable.name for phase in tail for e in phase if e.kind == "registered"}
            if any(f.state is not None and f.state.name in renewed for f in named):
                return None
    request = pb.WatchVariablesRequest(
        session_id=session.id,
        variable_identifiers=[f.identifier for f in named],
        include_initial_values=action.initial,
        resume_after=after,
    )
    states = {f.state.id: f.state for f in named if f.state is not None}

    def accept(_: None) -> Differences:
        watch = ModelWatch(frozenset(states) if named else None)
        if after is not None:
            watch.last_sequence = after
            for phase in tail:
                watch.expect(phase)
        elif action.initial:
            present = states.values() if named else session.variables.values()
            watch.initial = [
                Entry("initial_value", state, None, None, {"initial": "true"}, more_metadata=True)
                for state in present
            ]
        session.watches.append(watch)
        yield from ()

    special = [WATCHED if named else WATCHED_ALL]
    if len(states) < len(named):
        special.insert(0, WATCHED_TWICE)
    if after is not None:
        special.insert(0, RESUMED)
    elif action.initial:
        special.insert(0, WATCHED_INITIALLY)
    plan = Plan(
        "WatchVariables",
        request,
        tuple(special),
        accept,
        tuple(refusals),
        reads=True,
        identifiers=tuple(f.identifier for f in named),
    )
    return model.in_session(session, plan)
