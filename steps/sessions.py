"""Steps about sessions."""

import json
import time
from contextlib import suppress

from behave import given, then, when
from hamcrest import assert_that, equal_to, greater_than_or_equal_to, has_entries, has_item

from varbridge import BridgeError, Variable
from varbridge.conformance.vocabulary.literals import Literal
from varbridge.conformance.vocabulary.matchers import expect, holds, is_refusal
from varbridge.conformance.vocabulary.phrases import prefix, run_step
from varbridge.conformance.vocabulary.tables import row_of


@given("an open session")
def step_have_session(context):
    """A session that is open and empty."""
    context.world.session.initialize()


@given("a session opened with the metadata:")
def step_have_session_with_metadata(context):
    """A session opened with metadata, as a table of one row."""
    context.world.session.initialize(metadata=row_of(context.table))


@given("a session that lives {int} s without a call")
def step_have_short_session(context, seconds):
    """A session with a time to live."""
    context.world.session.initialize(ttl_seconds=seconds)


@prefix("in session {name}, {step}")
def step_in_session(context, name, step):
    """Run any step in another session of the scenario."""
    with context.world.sessions.within(name):
        run_step(context, step)


@given("the session was opened again")
def step_was_opened_again(context):
    """The session, opened a second time, with other metadata."""
    context.world.session.initialize(metadata={"owner": "someone else"})


@given("the session was cleaned up")
def step_was_cleaned_up(context):
    """A session that was ended."""
    context.world.session.clean_up()


@when("nobody calls any more")
def step_fall_silent(context):
    """One last call; the time until the session ends counts from it."""
    context.world.reads.quiet_since = time.monotonic()
    context.world.session.get_many([])


@when("calls come again and again for {number} s, each of them refused")
def step_refused_calls(context, seconds):
    """Call without a pause, each time with a value that is refused."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(BridgeError):
            context.world.session.set("x", "text", kind="string")


@when("heartbeats come again and again for {number} s")
def step_heartbeats(context, seconds):
    """Send heartbeats without a pause, and nothing else."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        context.world.session.heartbeat()


@when("the id of {name} from here is read")
def step_read_foreign(context, name):
    """Read by the id that a variable of that name has in the scenario's first session."""
    context.world.attempt(lambda: context.world.session.get(foreign_id(context, name)))


@when("the id of {name} from here is set")
def step_set_foreign(context, name):
    """Set by the id that a variable of that name has in the scenario's first session."""
    identifier = foreign_id(context, name)
    context.world.attempt(lambda: context.world.session.set(identifier, 0.75, kind="float"))


@when("the id of {name} from here is deleted")
def step_delete_foreign(context, name):
    """Delete by the id that a variable of that name has in the scenario's first session."""
    context.world.attempt(lambda: context.world.session.delete(foreign_id(context, name)))


def foreign_id(context, name):
    with context.world.sessions.within(""):
        return context.world.sessions.id_of(name)


@when("the session is opened")
@when("the session is opened again")
def step_open(context):
    """Open the session."""
    context.world.attempt(lambda: context.world.session.initialize())


@when("the session is opened with the metadata:")
def step_open_with_metadata(context):
    """Open the session with metadata, as a table of one row."""
    metadata = row_of(context.table)
    context.world.attempt(lambda: context.world.session.initialize(metadata=metadata))


@when("the session is opened with a time to live of {int} s")
def step_open_with_ttl(context, seconds):
    """Open the session with a time to live."""
    context.world.attempt(lambda: context.world.session.initialize(ttl_seconds=seconds))


@when("the session with the id {name} is opened")
def step_open_id(context, session_id):
    """Open a session of just this id."""
    context.world.attempt(lambda: context.world.client.connection.session(session_id).initialize())


@when("a session with an id of {int} characters is opened")
def step_open_long_id(context, count):
    """Open a session whose id has this length."""
    session_id = context.world.sessions.id.ljust(count, "x")
    context.world.attempt(lambda: context.world.client.connection.session(session_id).initialize())
    if not context.world.outcome.error:
        context.world.client.connection.session(session_id).clean_up()


@when("the session is cleaned up")
def step_clean_up(context):
    """End the session."""
    context.world.attempt(lambda: context.world.session.clean_up())


@when("the session is described")
def step_describe(context):
    """Ask for the session's description."""
    context.world.attempt(lambda: context.world.session.describe())


@then("{int} resources are cleaned")
@then("{int} resource is cleaned")
def step_cleaned(context, count):
    """The clean-up answered how much ended."""
    assert_that(context.world.require_success(), equal_to(count), "the resources cleaned")


@then("the session is open")
@then("the session is still open")
def step_is_open(context):
    """A call in the session is answered."""
    context.world.require_success()
    context.world.session.get_many([])


@then("the session is not open")
def step_is_not_open(context):
    """A call in the session is refused."""
    context.world.require_success()
    error = None
    try:
        context.world.session.get_many([])
    except BridgeError as refusal:
        error = refusal
    assert_that(error, is_refusal("as not found", "Session not found"))


@when("a heartbeat is sent")
def step_send_heartbeat(context):
    """Send a heartbeat."""
    context.world.attempt(lambda: context.world.session.heartbeat())


@then("it says that the session is {words}")
def step_heartbeat_says(context, state):
    """The heartbeat was answered with whether the session is open."""
    expected = {"open": True, "not open": False}[state]
    actual = context.world.require_success()
    expect(
        actual == expected,
        f"the heartbeat to say that the session is {state}",
        f"it said session_valid={actual}",
    )


@then("the session holds the variables:")
def step_holds_variables(context):
    """Opening answered these variables, as a table of name, value and version; these and no others."""
    answered = context.world.require_success().initial_variables
    assert_that(
        sorted(answered), equal_to(sorted(row["name"] for row in context.table)), "the variables answered"
    )
    for row in context.table:
        variable = Variable(answered[row["name"]])
        assert_that(variable, holds(Literal(row["value"]), int(row["version"])), row["name"])
        assert_that(
            variable.id, equal_to(context.world.sessions.id_of(row["name"])), f"the id of {row['name']}"
        )


@then("the session holds no variables")
def step_holds_nothing(context):
    """Opening answered no variables."""
    assert_that(
        sorted(context.world.require_success().initial_variables), equal_to([]), "the variables answered"
    )


@then("the session offers the tools {names}")
def step_offers_tools(context, names):
    """Opening answered these tools, among others."""
    offered = sorted(context.world.require_success().available_tools)
    for name in names:
        assert_that(offered, has_item(name), "the tools offered")


@then("the session offers the tools:")
def step_offers_tools_that_take(context):
    """Opening answered these tools, among others: what each takes and needs, and whether it streams."""
    offered = context.world.require_success().available_tools
    for row in context.table:
        assert_that(sorted(offered), has_item(row["tool"]), "the tools offered")
        tool = offered[row["tool"]]
        takes = {one.name: one.type for one in tool.parameters}
        assert_that(takes, equal_to(json.loads(row["takes"])), f"what {tool.name} takes")
        needs = sorted(one.name for one in tool.parameters if one.required)
        assert_that(needs, equal_to(sorted(json.loads(row["needs"]))), f"what {tool.name} needs")
        expect(
            tool.supports_streaming == (row["streams"] == "yes"),
            f"{tool.name} to say whether it streams: {row['streams']}",
            "it said otherwise",
        )


@then("the description has:")
def step_description(context):
    """The session's description, as a table of one row."""
    described = context.world.require_success()
    (row,) = context.table.rows
    for field, expected in row.items():
        if field == "metadata":
            assert_that(dict(described.metadata), has_entries(json.loads(expected)), "the metadata")
        elif field == "variables":
            assert_that(described.variable_count, equal_to(int(expected)), "the count of variables")
        else:
            raise KeyError(field)
    assert_that(described.session_id, equal_to(context.world.sessions.id), "the session's id")
    assert_that(described.created_at.seconds, greater_than_or_equal_to(1), "created_at")
