"""Steps about variables that are read and listed."""

import json
from collections.abc import Sequence
from contextlib import suppress

from behave import given, then
from hamcrest import assert_that, equal_to, has_entries

from varbridge import BridgeError, Variable
from varbridge.conformance.scenario.answers import AnsweredValue
from varbridge.conformance.scenario.notes import ReadNotes
from varbridge.conformance.scenario.prerequisites import OUTCOME, Fact, answer, needs, provides, watch_of
from varbridge.conformance.scenario.watch_assertions import news
from varbridge.conformance.vocabulary.contents import item, variable_of
from varbridge.conformance.vocabulary.matchers import expect, holds, is_refusal
from varbridge.conformance.vocabulary.phrases import action, prefix, run_step
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.wire import BINARY


@action("{variable} is/was read")
@provides(answer("a variable"))
def step_read(context, variable):
    """Read a variable."""
    return context.world.session.get(context.world.sessions.identifier(variable))


@prefix("under the older service name, {step}")
def step_under_older_name(context, step):
    """Run a step whose calls go to the gRPC service SnakepitBridge, the older name of BridgeService."""
    client = context.world.client
    with client.under("SnakepitBridge"):
        context.world.target.require_older_service(client.connection)
        run_step(context, step)


@action("the variables are/were listed")
@provides(answer("a list of variables"), ReadNotes.listed_in)
def step_list(context):
    """List all variables of the session."""
    return list_variables(context)


@action("the variables that match {name} are/were listed")
@provides(answer("a list of variables"), ReadNotes.listed_in)
def step_list_matching(context, pattern):
    """List the variables whose name matches a glob."""
    return list_variables(context, pattern)


def list_variables(context, *pattern):
    context.world.reads.listed_in = context.world.session
    return context.world.session.list(*pattern)


def noted(arguments):
    """Return the noted state of the variable that a step names."""
    name = arguments["name"]
    yield Fact(f"the noted state of {name!r}", f'Given the state of "{name}" was noted')


@given("the state of {name} was noted")
@provides(noted)
def step_note(context, name):
    """Read a variable, and keep its whole state for a later comparison."""
    context.world.reads.variable = context.world.session.get(name).message


@then("{person}'s last update has the state of {name} as noted")
@needs(noted, watch_of("person"))
def step_update_as_noted(context, person, name):
    """Check that the last update of a client carries exactly the variable that was noted."""
    updates = news(context.world.watchers[person].watch.updates)
    last = item(updates, -1, f"an update that {person} received")
    require_noted(context, name, variable_of(last).message)


@then("the state of {name} is as noted")
@needs(noted)
def step_as_noted(context, name):
    """Check that a read returns exactly what was noted: value, version, time, metadata and all the rest."""
    context.world.require_success()
    require_noted(context, name, context.world.session.get(name).message)


@then("the answer has the state of {name} as noted")
@needs(OUTCOME, noted)
def step_answered_as_noted(context, name):
    """Check that a read, a list, a batch or an opening of the session answered exactly what was noted."""
    by_name = {variable.name: variable for variable in answered_variables(context)}
    require_noted(context, name, item(by_name, name, f"{name} in the answer").message)


def answered_variables(context):
    """Return the variables that a read, a list, a batch or an opening of the session answered."""
    answered = context.world.require_success()
    if isinstance(answered, pb.InitializeSessionResponse):
        return [Variable(message) for message in answered.initial_variables.values()]
    if isinstance(answered, tuple):
        return [*answered[0].values()]
    return [answered] if isinstance(answered, Variable) else answered


def require_noted(context, name, now):
    noted = context.world.reads.variable
    noted, now = normalized(noted), normalized(now)
    names = [field.name for field in noted.DESCRIPTOR.fields]
    changed = [
        f"its {name} is now {one_line(getattr(now, name))}, not {one_line(getattr(noted, name))}"
        for name in names
        if getattr(now, name) != getattr(noted, name)
    ]
    expect(now == noted, f"the state of {name!r} to be as noted", "; ".join(changed))


def normalized(message):
    """Return a copy of a variable in which what means the same is the same.

    Its constraints, an object in JSON, have one order, and it has no optimization status unless it is locked.
    """
    copy = pb.Variable.FromString(message.SerializeToString())
    if not copy.optimization_status.optimizing:
        copy.ClearField("optimization_status")
    with suppress(ValueError):  # a text that is not JSON is compared as it is
        copy.constraints_json = json.dumps(json.loads(copy.constraints_json), sort_keys=True)
    return copy


def one_line(value):
    return " ".join(str(value).split()) or "empty"


@then("{variable} (still )holds {value} at version {int}")
def step_holds(context, variable, value, version):
    """Check the value and the version of a variable."""
    context.world.require_success()
    answer = context.world.session.get(context.world.sessions.identifier(variable))
    assert_that(answer, holds(value, version), variable.name)


@then("{name} is at version {int}")
def step_is_at_version(context, name, version):
    """Check the version of a variable."""
    assert_that(context.world.session.get(name).version, equal_to(version), f"the version of {name}")


@then("the metadata of {name} contains {texts_object}")
def step_metadata(context, name, metadata):
    """Check that a variable's metadata have these entries, perhaps among others."""
    context.world.require_success()
    actual = context.world.session.get(name).metadata
    assert_that(actual, has_entries(metadata), f"the metadata of {name}")


@then("the source of {name} is {source}")
def step_source(context, name, source):
    """Check the runtime that a variable's last change came from: ELIXIR or PYTHON."""
    context.world.require_success()
    assert_that(context.world.session.get(name).source, equal_to(source), f"the source of {name}")


@then("there is (still )no variable {name}")
def step_is_absent(context, name):
    """Check that the session has no variable of that name, or does not exist itself."""
    context.world.require_success()
    try:
        variables, missing = context.world.session.get_many([name])
    except BridgeError as error:
        assert_that(error, is_refusal("as not found", "Session not found"))
    else:
        assert_that(missing, equal_to([name]), f"the variables missing, with {list(variables)} found")


@then("no variable exists")
def step_nothing_exists(context):
    """Check that the session has no variables."""
    context.world.require_success()
    listed = [variable.name for variable in context.world.session.list()]
    expect(not listed, "no variable to exist", f"the session has {', '.join(listed)}")


@then("the names listed are {names}")
@needs(answer("a list of variables"), ReadNotes.listed_in)
def step_listed(context, names):
    """Check the names in a list and their order, and that id, version and value are those of a read."""
    listed = context.world.require_success()
    assert_that([variable.name for variable in listed], equal_to(names), "the names listed")
    for variable in listed:
        read = context.world.reads.listed_in.get(variable.name)
        entry = (variable.id, variable.version, variable.raw)
        assert_that(entry, equal_to((read.id, read.version, read.raw)), f"the entry of {variable.name}")


@then("no names are listed")
@needs(answer("a list of variables"))
def step_listed_nothing(context):
    """Check that the list of variables is empty."""
    listed = [variable.name for variable in context.world.require_success()]
    expect(not listed, "no names to be listed", f"listed: {', '.join(listed)}")


@then("its type_url is {name}")
@needs(OUTCOME)
def step_type_url(context, url):
    """Check the type_url of each value that was answered."""
    assert_that(answered_urls(context), equal_to({url}), "the type_urls")


def answered_urls(context):
    """Return the type_urls of the variables, the history, the final value or the result that was answered."""
    answered = context.world.require_success()
    if isinstance(answered, AnsweredValue):
        return {answered.url}
    values = [*answered] if isinstance(answered, Sequence) else []
    if any(isinstance(entry, pb.VariableHistoryEntry) for entry in values):
        return {entry.value.type_url for entry in values}
    return {variable.raw.type_url for variable in answered_variables(context)}


@then("its value is in JSON")
@needs(answer("a variable"))
def step_in_json(context):
    """Check that the value that was read is in JSON, without an array in raw bytes."""
    raw = context.world.require_success().raw
    form = (raw.type_url.endswith(BINARY), raw.array)
    expect(form == (False, b""), "a value in JSON without additional bytes", describe_form(raw))


@then("its value is in raw bytes")
@needs(answer("a variable"))
def step_in_bytes(context):
    """Check that the value that was read is an array in raw bytes."""
    raw = context.world.require_success().raw
    is_binary = raw.type_url.endswith(BINARY) and raw.array != b""
    expect(is_binary, "raw bytes under the type_url of binary values", describe_form(raw))


def describe_form(raw):
    return f"it has the type_url {raw.type_url!r} and {len(raw.array)} additional bytes"
