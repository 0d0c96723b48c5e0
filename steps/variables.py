"""Steps about single variables."""

import json

from behave import given, then, when
from hamcrest import assert_that, calling, equal_to, has_entries, is_not, raises

from varbridge import BridgeError
from varbridge.conformance.vocabulary.literals import Literal
from varbridge.conformance.vocabulary.matchers import holds, holds_true, is_refusal


def constraints_of(table):
    """A table of one row: constraints by name, each cell a JSON value."""
    if table is None:
        return None
    (row,) = table.rows
    return {name: json.loads(row[name]) for name in table.headings}


def metadata_of(table):
    """A table of one row: metadata by key."""
    (row,) = table.rows
    return {name: row[name] for name in table.headings}


def register(context, name, kind, value, **options):
    variable = context.world.session.register(name, kind, value.raw(kind), **options)
    context.world.sessions.learn(name, kind, variable.id)
    return variable


@given("a {kind:Kind} variable {name:Name} holding {value:Value} with:")
@given("an {kind:Kind} variable {name:Name} holding {value:Value} with:")
def step_have_constrained_variable(context, kind, name, value):
    """A variable with constraints, given as a table of one row."""
    register(context, name, kind, value, constraints=constraints_of(context.table))


@given("a {kind:Kind} variable {name:Name} holding {value:Value}")
@given("an {kind:Kind} variable {name:Name} holding {value:Value}")
def step_have_variable(context, kind, name, value):
    """A variable of a type, with a value."""
    register(context, name, kind, value)


@given("a float variable named like the id of {name:Name} holding {value:Value}")
def step_have_variable_named_like_id(context, name, value):
    """A variable whose name is the id of another."""
    register(context, context.world.sessions.id_of(name), "float", value)


@given("{name:Name} was set to {value:Value} with the metadata:")
def step_was_set_with_metadata(context, name, value):
    """A variable that was set, with metadata as a table of one row."""
    context.world.set(name, value, metadata=metadata_of(context.table))


@given("{name:Name} was set to {value:Value} for the optimizer {optimizer:Name}")
def step_was_set_for(context, name, value, optimizer):
    """A variable that its optimizer has set."""
    context.world.set(name, value, metadata={"optimizer_id": optimizer})


@given("{name:Name} was set to {value:Value}")
def step_was_set(context, name, value):
    """A variable that was set."""
    context.world.set(name, value)


@given("{name:Name} was deleted")
def step_was_deleted(context, name):
    """A variable that was deleted; its id is remembered as its old one."""
    context.world.session.delete(name)


@given("a second registration of {name:Name} as a {kind:Kind} holding {value:Value} was refused")
def step_register_refused(context, name, kind, value):
    """A name that someone tried to register again, without constraints, and could not."""
    again = calling(context.world.session.register).with_args(name, kind, value.raw(kind))
    assert_that(again, raises(BridgeError), "the registration")


@given("a delete of {name:Name} was refused")
def step_delete_refused(context, name):
    """A variable that someone tried to delete, and could not."""
    assert_that(calling(context.world.session.delete).with_args(name), raises(BridgeError), "the delete")


@given("request {request:Name} set {name:Name} to {value:Value}")
def step_request_set(context, request, name, value):
    """A set that was accepted under a request id."""
    context.world.set(name, value, request_id=request)


@given("request {request:Name}, expecting version {version:d}, set {name:Name} to {value:Value}")
def step_request_expected(context, request, version, name, value):
    """A set that was accepted under a request id, at the version that it expected."""
    context.world.set(name, value, request_id=request, expected_version=version)


@when("request {request:Name}, expecting version {version:d}, sets {name:Name} to {value:Value}")
def step_request_expecting(context, request, version, name, value):
    """Set a variable under a request id, only where it is at this version."""
    world = context.world
    world.attempt(lambda: world.set(name, value, request_id=request, expected_version=version))


@given("request {request:Name} to set {name:Name} to {value:Value} was refused")
def step_request_refused(context, request, name, value):
    """A set that was refused under a request id."""
    assert_that(
        calling(context.world.set).with_args(name, value, request_id=request), raises(BridgeError), "the set"
    )


@given("what is known of {name:Name} is noted")
def step_note(context, name):
    """Keep all that a read tells of a variable."""
    context.world.reads.variable = context.world.session.get(name).message


@given("the variables:")
def step_have_variables(context):
    """Several variables, as a table of name, type and value."""
    for row in context.table:
        register(context, row["name"], row["type"], Literal(row["value"]))


@when("{name:Name} is registered as a {kind:Kind} holding {value:Value} under the constraints {text:Text}")
@when("{name:Name} is registered as an {kind:Kind} holding {value:Value} under the constraints {text:Text}")
def step_register_under(context, name, kind, value, text):
    """Register a variable with constraints that may be no JSON."""
    context.world.attempt(lambda: register(context, name, kind, value, constraints=text))


@when("a name of {count:d} characters is registered")
def step_register_long_name(context, count):
    """Register a variable whose name has this length."""
    context.world.attempt(lambda: register(context, "n" * count, "float", Literal("0.5")))


@when("{name:Name} is registered as a {kind:Kind} holding {value:Value} with:")
@when("{name:Name} is registered as an {kind:Kind} holding {value:Value} with:")
def step_register_constrained(context, name, kind, value):
    """Register a variable with constraints, given as a table of one row."""
    context.world.attempt(
        lambda: register(context, name, kind, value, constraints=constraints_of(context.table))
    )


@when("{name:Name} is registered as a {kind:Kind} holding {value:Value}")
@when("{name:Name} is registered as an {kind:Kind} holding {value:Value}")
def step_register(context, name, kind, value):
    """Register a variable."""
    context.world.attempt(lambda: register(context, name, kind, value))


@when("{name:Name} is registered as a {kind:Kind} holding {value:Value}, with the metadata:")
@when("{name:Name} is registered as an {kind:Kind} holding {value:Value}, with the metadata:")
def step_register_with_metadata(context, name, kind, value):
    """Register a variable, with metadata as a table of one row."""
    metadata = metadata_of(context.table)
    context.world.attempt(lambda: register(context, name, kind, value, metadata=metadata))


@when("{name:Name} is set to {value:Value}, with the metadata:")
def step_set_with_metadata(context, name, value):
    """Set a variable, with metadata as a table of one row."""
    context.world.attempt(lambda: context.world.set(name, value, metadata=metadata_of(context.table)))


@when("{name:Name} is set to {value:Value} for the optimizer {optimizer:Name}")
def step_set_for(context, name, value, optimizer):
    """Set a variable in the name of an optimizer."""
    context.world.attempt(lambda: context.world.set(name, value, metadata={"optimizer_id": optimizer}))


@when("{name:Name} is set to {value:Value}")
def step_set(context, name, value):
    """Set a variable."""
    context.world.attempt(lambda: context.world.set(name, value))


@when("{name:Name}, by its id, is set to {value:Value}")
def step_set_by_id(context, name, value):
    """Set a variable that is named by its id."""
    world = context.world
    world.attempt(
        lambda: world.session.set(world.sessions.id_of(name), value.raw(world.sessions.kind_of(name)))
    )


@when("{name:Name}, expected at version {version:d}, is set to {value:Value}")
def step_set_expecting(context, name, version, value):
    """Set a variable only where it is at this version."""
    context.world.attempt(lambda: context.world.set(name, value, expected_version=version))


@when("request {request:Name} sets {name:Name} to {value:Value}")
def step_set_as_request(context, name, value, request):
    """Set a variable under a request id."""
    context.world.attempt(lambda: context.world.set(name, value, request_id=request))


@given("{name:Name} was set {times:d} times, each time to its next version")
@when("{name:Name} is set {times:d} times, each time to its next version")
def step_set_onwards(context, name, times):
    """Set an integer over and over, each time to the number of the version that this makes."""
    first = context.world.session.get(name).version + 1
    for number in range(first, first + times):
        context.world.set(name, Literal(str(number)))


@when("{name:Name} is deleted for the optimizer {optimizer:Name}")
def step_delete_for(context, name, optimizer):
    """Delete a variable in the name of an optimizer."""
    metadata = {"optimizer_id": optimizer}
    context.world.attempt(lambda: context.world.session.delete(name, metadata=metadata))


@when("{name:Name} is deleted")
def step_delete(context, name):
    """Delete a variable."""
    context.world.attempt(lambda: context.world.session.delete(name))


@when("{name:Name}, by its id, is deleted")
def step_delete_by_id(context, name):
    """Delete a variable that is named by its id."""
    context.world.attempt(lambda: context.world.session.delete(context.world.sessions.id_of(name)))


@when("{name:Name}, by its old id, is set to {value:Value}")
def step_set_by_old_id(context, name, value):
    """Set a variable that is named by the id that it got when it was first registered."""
    world = context.world
    world.attempt(
        lambda: world.session.set(world.sessions.old_id_of(name), value.raw(world.sessions.kind_of(name)))
    )


@when("{name:Name} is read")
def step_read(context, name):
    """Read a variable."""
    context.world.attempt(lambda: context.world.session.get(name))


@when("{name:Name} is read by its old id")
def step_read_by_id(context, name):
    """Read a variable by the id that it got when it was first registered."""
    context.world.attempt(lambda: context.world.session.get(context.world.sessions.old_id_of(name)))


@when("the variables are listed")
def step_list(context):
    """List all variables."""
    context.world.reads.listed_in = context.world.session
    context.world.attempt(lambda: context.world.reads.listed_in.list())


@when("the variables that match {pattern:Name} are listed")
def step_list_matching(context, pattern):
    """List the variables whose name matches a glob."""
    context.world.reads.listed_in = context.world.session
    context.world.attempt(lambda: context.world.reads.listed_in.list(pattern))


@then("{name:Name} holds {value:Value} at version {version:d}")
@then("{name:Name} still holds {value:Value} at version {version:d}")
def step_holds(context, name, value, version):
    """A variable has this value and this version."""
    context.world.require_success()
    assert_that(context.world.session.get(name), holds(value, version), name)


@then("{name:Name}, asked for by its id, holds {value:Value} at version {version:d}")
def step_holds_by_id(context, name, value, version):
    """A variable that is asked for by its id has this value and this version."""
    context.world.require_success()
    assert_that(context.world.session.get(context.world.sessions.id_of(name)), holds(value, version), name)


@then("the answer is version {version:d}")
def step_answers_version(context, version):
    """The set answered this version."""
    assert_that(context.world.require_success(), equal_to(version), "the version answered")


@then("the names listed are {names:Names}")
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
    assert_that(not listed, holds_true("no names to be listed", f"listed: {', '.join(listed)}"))


@then("the variable answered has:")
def step_answered(context):
    """The variable that was registered or read, as a table of one row; metadata and constraints as JSON."""
    variable = context.world.require_success()
    (row,) = context.table.rows
    for field, expected in row.items():
        if field == "value":
            assert_that(variable, holds(Literal(expected), variable.version), variable.name)
        elif field == "metadata":
            assert_that(variable.metadata, has_entries(json.loads(expected)), "the metadata")
        elif field == "constraints":
            assert_that(variable.constraints, equal_to(json.loads(expected)), "the constraints")
        else:
            assert_that(str(getattr(variable, field)), equal_to(expected), f"the {field}")


@then("its id is that of {name:Name}")
def step_answered_id(context, name):
    """The variable answered is the one that was registered under that name."""
    assert_that(context.world.require_success().id, equal_to(context.world.sessions.id_of(name)), "the id")


@then("its id begins with {prefix:Name}")
def step_id_begins(context, prefix):
    """The id of the variable answered has this form."""
    identifier = context.world.require_success().id
    assert_that(identifier.startswith(prefix), f"the id {identifier!r} should begin with {prefix!r}")


@then("its id is not that of {name:Name}")
def step_answered_other_id(context, name):
    """The variable answered is another than the one that was registered under that name."""
    assert_that(
        context.world.require_success().id, is_not(equal_to(context.world.sessions.id_of(name))), "the id"
    )


@then("{person:Person}, on another connection, reads {value:Value} from {name:Name} at version {version:d}")
def step_person_reads(context, person, value, name, version):
    """Someone else sees this value and this version."""
    context.world.require_success()
    assert_that(context.world.session_of(person).get(name), holds(value, version), name)


@then("{name:Name} is at version {version:d}")
def step_is_at_version(context, name, version):
    """A variable has this version."""
    assert_that(context.world.session.get(name).version, equal_to(version), f"the version of {name}")


@then("the metadata of {name:Name} has:")
def step_metadata(context, name):
    """The metadata of a variable holds these, as a table of one row."""
    context.world.require_success()
    metadata = context.world.session.get(name).metadata
    assert_that(metadata, has_entries(metadata_of(context.table)), f"the metadata of {name}")


@then("the source of {name:Name} is {source}")
def step_source(context, name, source):
    """The runtime that a variable's last change came from: ELIXIR or PYTHON."""
    context.world.require_success()
    assert_that(context.world.session.get(name).source, equal_to(source), f"the source of {name}")


@then("all that is known of {name:Name} is as it was noted")
def step_as_noted(context, name):
    """A read tells the very same as before: value, version, time, metadata and the rest."""
    context.world.require_success()
    now, noted = context.world.session.get(name).message, context.world.reads.variable
    fields = [(one.name, getattr(now, one.name), getattr(noted, one.name)) for one in now.DESCRIPTOR.fields]
    changed = [
        f"its {name} is now {one_line(new)}, not {one_line(old)}" for name, new, old in fields if new != old
    ]
    unchanged = holds_true(f"all that is known of {name!r} to be as it was noted", "; ".join(changed))
    assert_that(now == noted, unchanged)


def one_line(value):
    return " ".join(str(value).split()) or "empty"


@then("the session holds nothing")
def step_session_holds_nothing(context):
    """The session has no variables, or is not open."""
    context.world.require_success()
    listed = [variable.name for variable in context.world.session.list()]
    assert_that(not listed, holds_true("the session to hold nothing", f"it holds {', '.join(listed)}"))


@then("there is no variable {name:Name}")
@then("there is still no variable {name:Name}")
def step_is_absent(context, name):
    """A variable of that name does not exist: neither listed nor readable."""
    context.world.require_success()
    try:
        found, missing = context.world.session.get_many([name])
    except BridgeError as error:
        assert_that(error, is_refusal("not found", "Session not found"))
    else:
        assert_that(missing, equal_to([name]), f"the variables missing, with {list(found)} found")
