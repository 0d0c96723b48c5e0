"""The plans of opening, describing, keeping and ending sessions."""

from __future__ import annotations

from varbridge.conformance.model import candidates
from varbridge.conformance.model.actions import Beat, CleanUp, Describe, Open, OpenBadly
from varbridge.conformance.model.branches import branch
from varbridge.conformance.model.comparison import (
    RESOURCES,
    SESSION_METADATA,
    SESSION_TOOLS,
    SESSION_VARIABLES,
    TOOL_COUNT,
    VALID,
    Difference,
    Differences,
    compare_variable,
    unless_equal,
)
from varbridge.conformance.model.model import Model
from varbridge.conformance.model.plan import Plan, Refusal, plan_of
from varbridge.conformance.vocabulary.literals import show
from varbridge.messages import snakepit_bridge_pb2 as pb

INVALID_SESSION_ID = branch("S7.1", "an invalid id of a session is refused")
OPENED = branch("S1.1", "a session is opened")
OPENED_AGAIN = branch("S6.1", "a session that was ended is opened again, and is empty")
OPEN_ALREADY = branch("S1.2", "a session that is open is opened")
DESCRIBED = branch("S1.4", "a session is described")
BEAT = branch("S2.2", "a heartbeat reports that the session is open")
BEAT_WITHOUT_SESSION = branch("S2.2", "a heartbeat reports that the session is not open")
CLEANED_UP = branch("S4.1", "a session is cleaned up")
CLEANED_UP_ALREADY = branch("S4.2", "a session that is not open is cleaned up")

BUILT_IN_TOOLS = ("echo", "add", "fail", "increment", "sleep", "block", "die", "exit", "count", "fail_after")


@plan_of.register(Open)
def _open(action: Open, model: Model) -> Plan | None:
    session = model.sessions[action.session]
    config = pb.SessionConfig(ttl_seconds=action.ttl) if action.ttl else None
    request = pb.InitializeSessionRequest(session_id=session.id, metadata=action.metadata, config=config)

    def accept(reply: pb.InitializeSessionResponse) -> Differences:
        if not session.open:
            session.start(action.metadata, action.ttl)
        variables = {state.name: state for state in session.variables.values()}
        answered = sorted(reply.initial_variables)
        if sorted(variables) != answered:
            yield Difference(SESSION_VARIABLES, "the session", show(sorted(variables)), show(answered))
        for name, message in reply.initial_variables.items():
            if name in variables:
                yield from compare_variable(variables[name], message)
        lacking = [name for name in session.tools if name not in reply.available_tools]
        yield from unless_equal(SESSION_TOOLS, "the session", [], lacking)

    opened = OPENED_AGAIN if session.old_ids or session.sequence >= 0 else OPENED
    branches = (OPEN_ALREADY if session.open else opened,)
    return Plan("InitializeSession", request, branches, accept)


@plan_of.register(OpenBadly)
def _open_badly(action: OpenBadly, model: Model) -> Plan | None:
    session_id = candidates.BAD_NAMES[action.number % len(candidates.BAD_NAMES)]
    request = pb.InitializeSessionRequest(session_id=session_id)
    refusals = (Refusal(INVALID_SESSION_ID, ("INVALID_ARGUMENT",)),)
    return Plan("InitializeSession", request, (), lambda _: iter(()), refusals)


@plan_of.register(Describe)
def _describe(action: Describe, model: Model) -> Plan | None:
    session = model.sessions[action.session]

    def accept(reply: pb.GetSessionResponse) -> Differences:
        subject = "the session"
        yield from unless_equal(SESSION_METADATA, subject, {**(session.metadata or {})}, {**reply.metadata})
        yield from unless_equal(SESSION_VARIABLES, subject, len(session.variables), reply.variable_count)
        own = len(session.tools)
        if not own <= reply.tool_count <= own + len(BUILT_IN_TOOLS) + 1000:
            yield Difference(TOOL_COUNT, subject, f"at least {own}", str(reply.tool_count))

    request = pb.GetSessionRequest(session_id=session.id)
    return model.in_session(session, Plan("GetSession", request, (DESCRIBED,), accept, reads=True))


@plan_of.register(Beat)
def _beat(action: Beat, model: Model) -> Plan | None:
    session = model.sessions[action.session]

    def accept(reply: pb.HeartbeatResponse) -> Differences:
        yield from unless_equal(VALID, "the session", session.open, reply.session_valid)

    branches = (BEAT if session.open else BEAT_WITHOUT_SESSION,)
    request = pb.HeartbeatRequest(session_id=session.id)
    return Plan("Heartbeat", request, branches, accept, reads=True)


@plan_of.register(CleanUp)
def _clean_up(action: CleanUp, model: Model) -> Plan | None:
    session = model.sessions[action.session]

    def accept(reply: pb.CleanupSessionResponse) -> Differences:
        least = len(session.variables) + len(session.watches) + len(session.tools) if session.open else 0
        most = least + session.cancelled if session.open else 0  # a cancelled watch may be there for 2 s
        if not least <= reply.resources_cleaned <= most:
            expected = str(least) if least == most else f"{least} to {most}"
            yield Difference(RESOURCES, "the session", expected, str(reply.resources_cleaned))
        session.end()

    branches = (CLEANED_UP if session.open else CLEANED_UP_ALREADY,)
    return Plan("CleanupSession", pb.CleanupSessionRequest(session_id=session.id), branches, accept)
