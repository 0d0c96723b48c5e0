"""Steps about sessions."""

import math
import time

from behave import given, then
from google.protobuf.timestamp_pb2 import Timestamp
from hamcrest import assert_that, equal_to, greater_than_or_equal_to, has_entries, has_item

from varbridge import Variable
from varbridge.conformance.clients.collected_watch import collect
from varbridge.conformance.faults.polling import eventually
from varbridge.conformance.scenario.notes import ReadNotes
from varbridge.conformance.scenario.prerequisites import answer, enters_session, id_of, needs, provides
from varbridge.conformance.vocabulary.cells import (
    BOOLEAN,
    COUNT,
    NAME,
    PARAMETER_TYPES,
    TEXT_LIST,
    TEXTS,
    TYPE,
    VALUE,
    VERSION,
)
from varbridge.conformance.vocabulary.matchers import expect, holds, is_refusal
from varbridge.conformance.vocabulary.outcome import Outcome
from varbridge.conformance.vocabulary.phrases import action, event, prefix, run_step
from varbridge.conformance.vocabulary.tables import optional, table
from varbridge.messages import snakepit_bridge_pb2 as pb

EARLY = Timestamp(seconds=10**9)
"""A time in 2001, which no clock of a server shows."""

MAX_EXPIRY_S = 10
"""The time in which a session whose scenario waits for its end has to end, in seconds."""


@given("an open session{opening}")
def step_open_session(context, opening):
    """Open the session of the scenario."""
    context.world.session.initialize(**opening.arguments())


@given("an open session whose configuration asks for a cache of {int} s")
def step_open_with_cache(context, seconds):
    """Open the session with the fields of its configuration that a bridge accepts without effect."""
    session = context.world.session
    config = pb.SessionConfig(enable_caching=True, cache_ttl_seconds=seconds, enable_telemetry=True)
    request = pb.InitializeSessionRequest(session_id=session.id, config=config)
    context.world.client.connection.call("InitializeSession", request)


@action("the session is/was opened( again){opening}")
@provides(answer("a session"))
def step_open(context, opening):
    """Open the session of the scenario, which may be open already."""
    return context.world.session.initialize(**opening.arguments())


@action("a session is/was opened whose id is {session_id}")
@provides(answer("a session"))
def step_open_id(context, session_id):
    """Open a session with this id."""
    context.world.sessions.add(session_id)
    return context.world.client.connection.session(session_id).initialize()


@prefix("in session {name}, {step}")
@enters_session("name")
def step_in_session(context, name, step):
    """Run any step in another session of the scenario."""
    with context.world.sessions.within(name):
        run_step(context, step)


@prefix("repeatedly for {number} s, {step}")
def step_repeatedly(context, seconds, step):
    """Run any action every 20 ms for so many seconds; a later Then examines the outcome of the last run."""
    deadline = time.monotonic() + seconds

    def run():
        run_step(context, step)
        over = time.monotonic() > deadline
        if not over:
            context.world.outcome.examine()
        return over

    eventually(run, math.inf, pause=0.02)


@action("the last call is made")
@provides(ReadNotes.quiet_since)
def step_last_call(context):
    """Make a call in the session; later steps measure the session's time to live from this call."""
    context.world.reads.quiet_since = time.monotonic()
    return context.world.session.get_many([])


@event("the session ends/ended for lack of calls")
def step_expire(context):
    """Make no call until the session has ended, which a watch shows."""
    with collect(context.world.session) as watch:
        over = watch.wait_until_over(MAX_EXPIRY_S)
    expect(over, f"the session to end within {MAX_EXPIRY_S} s without a call", "it was open")


@action("the session is/was cleaned up")
@provides(answer("a number of resources"))
def step_clean_up(context):
    """End the session by a call of CleanupSession."""
    return context.world.session.clean_up()


@action("the session is/was described")
@provides(answer("a description"))
def step_describe(context):
    """Read the description of the session: its metadata, and the numbers of its variables and tools."""
    return context.world.session.describe()


@action("a heartbeat is sent")
@provides(answer("a heartbeat"))
def step_send_heartbeat(context):
    """Send a heartbeat for the session, with an early time of the client; its answer says whether the
    session is open."""
    request = pb.HeartbeatRequest(session_id=context.world.sessions.id, client_time=EARLY)
    return context.world.client.connection.call("Heartbeat", request).session_valid


@then("the heartbeat says that the session is {state}")
@needs(answer("a heartbeat"))
def step_heartbeat_says(context, is_open):
    """Check session_valid in the answer of the heartbeat."""
    actual = context.world.require_success()
    state = "open" if is_open else "not open"
    expect(
        actual == is_open,
        f"the heartbeat to say that the session is {state}",
        f"it said session_valid={actual}",
    )


@then("{int} resource(s) is/are cleaned up")
@needs(answer("a number of resources"))
def step_cleaned(context, count):
    """Check the number of resources that the clean-up answered."""
    assert_that(context.world.require_success(), equal_to(count), "the resources cleaned")


@then("the session is {state}")
def step_state(context, is_open):
    """Check that a call in the session is answered, or refused because the session is not open."""
    context.world.require_success()
    call = Outcome.of(lambda: context.world.session.get_many([]))
    if is_open:
        call.require_success()
    else:
        assert_that(call.examine(), is_refusal("as not found", "Session not found"))


@then("the session holds the variables:")
@needs(answer("a session"), id_of("name"))
@table({"name": NAME, "type": optional(TYPE), "value": VALUE, "version": VERSION})
def step_holds_variables(context, rows):
    """Check all variables that opening the session answered: name, perhaps type, value and version."""
    answered = context.world.require_success().initial_variables
    names = sorted(row["name"] for row in rows)
    assert_that(sorted(answered), equal_to(names), "the variables answered")
    for row in rows:
        name, variable = row["name"], Variable(answered[row["name"]])
        assert_that(variable, holds(row["value"], row["version"]), name)
        assert_that(variable.type, equal_to(row.get("type", variable.type)), f"the type of {name}")
        assert_that(variable.id, equal_to(context.world.sessions.id_of(name)), f"the id of {name}")


@then("the session holds no variables")
@needs(answer("a session"))
def step_holds_nothing(context):
    """Check that opening the session answered no variables."""
    answered = context.world.require_success().initial_variables
    assert_that(sorted(answered), equal_to([]), "the variables answered")


@then("the session offers the tools:")
@needs(answer("a session"))
@table(
    {
        "name": NAME,
        "takes": optional(PARAMETER_TYPES),
        "required": optional(TEXT_LIST),
        "streams": optional(BOOLEAN),
    }
)
def step_offers_tools(context, rows):
    """Check tools that opening the session answered: a table of name, perhaps takes, required, streams."""
    offered = context.world.require_success().available_tools
    for row in rows:
        assert_that(sorted(offered), has_item(row["name"]), "the tools offered")
        tool = offered[row["name"]]
        fields = {
            "takes": {parameter.name: parameter.type for parameter in tool.parameters},
            "required": sorted(parameter.name for parameter in tool.parameters if parameter.required),
            "streams": tool.supports_streaming,
        }
        for field in fields.keys() & row.keys():
            assert_that(fields[field], equal_to(row[field]), f"{field} of {tool.name}")


@then("the description has no metadata")
@needs(answer("a description"))
def step_no_metadata(context):
    """Check that the session's description has no metadata."""
    assert_that(dict(context.world.require_success().metadata), equal_to({}), "the metadata")


@then("the description has:")
@needs(answer("a description"))
@table({"metadata": optional(TEXTS), "variables": optional(COUNT)}, single=True)
def step_description(context, row):
    """Check the session's description: a table of one row, with metadata and the number of variables."""
    description = context.world.require_success()
    if "metadata" in row:
        assert_that(dict(description.metadata), has_entries(row["metadata"]), "the metadata")
    if "variables" in row:
        assert_that(description.variable_count, equal_to(row["variables"]), "the count of variables")
    assert_that(description.session_id, equal_to(context.world.sessions.id), "the session's id")
    assert_that(description.created_at.seconds, greater_than_or_equal_to(1), "created_at")


@given("the description of the session was noted")
@provides(ReadNotes.description)
def step_note_description(context):
    """Read the description of the session, and keep it for a later comparison."""
    context.world.reads.description = context.world.session.describe()


@then("the session was opened after the one whose description was noted")
@needs(ReadNotes.description)
def step_opened_later(context):
    """Check that created_at of the session is later than that of the description that was noted."""
    noted, actual = context.world.reads.description.created_at, context.world.session.describe().created_at
    expect(
        (actual.seconds, actual.nanos) > (noted.seconds, noted.nanos),
        "created_at to be that of the session's own opening",
        f"it was {actual.ToJsonString()}, and that of the session before it {noted.ToJsonString()}",
    )


@then("the description of the session is as noted")
@needs(ReadNotes.description)
def step_description_as_noted(context):
    """Check that a description has the metadata, the time of opening and the numbers that were noted."""
    context.world.require_success()
    noted, now = context.world.reads.description, context.world.session.describe()
    for field in ("session_id", "metadata", "created_at", "variable_count", "tool_count"):
        before, after = getattr(noted, field), getattr(now, field)
        assert_that(after, equal_to(before), f"{field} of the session")
