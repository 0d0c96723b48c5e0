"""Steps about single variables that are read and listed."""

from behave import given, then, when
from hamcrest import assert_that, equal_to, has_entries

from varbridge import BridgeError
from varbridge.conformance.vocabulary.matchers import expect, holds, is_refusal
from varbridge.conformance.vocabulary.tables import row_of


@given("what is known of {name} is noted")
def step_note(context, name):
    """Keep all that a read tells of a variable."""
    context.world.reads.variable = context.world.session.get(name).message


@when("{name} is read")
def step_read(context, name):
    """Read a variable."""
    context.world.attempt(lambda: context.world.session.get(name))


@when("{name} is read by its old id")
def step_read_by_id(context, name):
    """Read a variable by the id that it got when it was first registered."""
    context.world.attempt(lambda: context.world.session.get(context.world.sessions.old_id_of(name)))


@when("the variables are listed")
def step_list(context):
    """List all variables."""
    context.world.reads.listed_in = context.world.session
    context.world.attempt(lambda: context.world.reads.listed_in.list())


@when("the variables that match {name} are listed")
def step_list_matching(context, pattern):
    """List the variables whose name matches a glob."""
    context.world.reads.listed_in = context.world.session
    context.world.attempt(lambda: context.world.reads.listed_in.list(pattern))


@then("{name} holds {value} at version {int}")
@then("{name} still holds {value} at version {int}")
def step_holds(context, name, value, version):
    """A variable has this value and this version."""
    context.world.require_success()
    assert_that(context.world.session.get(name), holds(value, version), name)


@then("{name}, asked for by its id, holds {value} at version {int}")
def step_holds_by_id(context, name, value, version):
    """A variable that is asked for by its id has this value and this version."""
    context.world.require_success()
    assert_that(context.world.session.get(context.world.sessions.id_of(name)), holds(value, version), name)


@then("the names listed are {names}")
def step_listed(context, names):
    """The list has these names in this order, and tells of each what a read tells."""
    listed = context.world.require_success()
    assert_that([variable.name for variable in listed], equal_to(names), "the names listed")
    for variable in listed:
        read = context.world.reads.listed_in.get(variable.name)
        told = (variable.id, variable.version, variable.raw)
        assert_that(told, equal_to((read.id, read.version, read.raw)), f"what is listed of {variable.name}")


@then("no names are listed")
def step_listed_nothing(context):
    """The list is empty."""
    listed = [variable.name for variable in context.world.require_success()]
    expect(not listed, "no names to be listed", f"listed: {', '.join(listed)}")


@then("{person}, on another connection, reads {value} from {name} at version {int}")
def step_person_reads(context, person, value, name, version):
    """Someone else sees this value and this version."""
    context.world.require_success()
    assert_that(context.world.session_of(person).get(name), holds(value, version), name)


@then("{name} is at version {int}")
def step_is_at_version(context, name, version):
    """A variable has this version."""
    assert_that(context.world.session.get(name).version, equal_to(version), f"the version of {name}")


@then("the metadata of {name} has:")
def step_metadata(context, name):
    """The metadata of a variable holds these, as a table of one row."""
    context.world.require_success()
    metadata = context.world.session.get(name).metadata
    assert_that(metadata, has_entries(row_of(context.table)), f"the metadata of {name}")


@then("the source of {name} is {word}")
def step_source(context, name, source):
    """The runtime that a variable's last change came from: ELIXIR or PYTHON."""
    context.world.require_success()
    assert_that(context.world.session.get(name).source, equal_to(source), f"the source of {name}")


@then("all that is known of {name} is as it was noted")
def step_as_noted(context, name):
    """A read tells the very same as before: value, version, time, metadata and the rest."""
    context.world.require_success()
    now, noted = context.world.session.get(name).message, context.world.reads.variable
    fields = [(one.name, getattr(now, one.name), getattr(noted, one.name)) for one in now.DESCRIPTOR.fields]
    changed = [
        f"its {name} is now {one_line(new)}, not {one_line(old)}" for name, new, old in fields if new != old
    ]
    expect(now == noted, f"all that is known of {name!r} to be as it was noted", "; ".join(changed))


def one_line(value):
    return " ".join(str(value).split()) or "empty"


@then("the session holds nothing")
def step_session_holds_nothing(context):
    """The session has no variables, or is not open."""
    context.world.require_success()
    listed = [variable.name for variable in context.world.session.list()]
    expect(not listed, "the session to hold nothing", f"it holds {', '.join(listed)}")


@then("there is no variable {name}")
@then("there is still no variable {name}")
def step_is_absent(context, name):
    """A variable of that name does not exist: neither listed nor readable."""
    context.world.require_success()
    try:
        found, missing = context.world.session.get_many([name])
    except BridgeError as error:
        assert_that(error, is_refusal("as not found", "Session not found"))
    else:
        assert_that(missing, equal_to([name]), f"the variables missing, with {list(found)} found")
