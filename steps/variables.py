"""Steps about variables that are registered and deleted."""

import json

from behave import given, then, when
from hamcrest import assert_that, calling, equal_to, has_entries, is_not, raises

from varbridge import BridgeError
from varbridge.conformance.vocabulary.literals import Literal
from varbridge.conformance.vocabulary.matchers import holds
from varbridge.conformance.vocabulary.tables import row_of, values_of


def register(context, name, kind, value, **options):
    variable = context.world.session.register(name, kind, value.raw(kind), **options)
    context.world.sessions.learn(name, kind, variable.id)
    return variable


@given("a {type} variable {name} holding {value} with:")
@given("an {type} variable {name} holding {value} with:")
def step_have_constrained_variable(context, kind, name, value):
    """A variable with constraints, given as a table of one row."""
    register(context, name, kind, value, constraints=values_of(context.table))


@given("a {type} variable {name} holding {value}")
@given("an {type} variable {name} holding {value}")
def step_have_variable(context, kind, name, value):
    """A variable of a type, with a value."""
    register(context, name, kind, value)


@given("a float variable named like the id of {name} holding {value}")
def step_have_variable_named_like_id(context, name, value):
    """A variable whose name is the id of another."""
    register(context, context.world.sessions.id_of(name), "float", value)


@given("{name} was deleted")
def step_was_deleted(context, name):
    """A variable that was deleted; its id is remembered as its old one."""
    context.world.session.delete(name)


@given("a second registration of {name} as a {type} holding {value} was refused")
def step_register_refused(context, name, kind, value):
    """A name that someone tried to register again, without constraints, and could not."""
    again = calling(context.world.session.register).with_args(name, kind, value.raw(kind))
    assert_that(again, raises(BridgeError), "the registration")


@given("a delete of {name} was refused")
def step_delete_refused(context, name):
    """A variable that someone tried to delete, and could not."""
    assert_that(calling(context.world.session.delete).with_args(name), raises(BridgeError), "the delete")


@given("the variables:")
def step_have_variables(context):
    """Several variables, as a table of name, type and value."""
    for row in context.table:
        register(context, row["name"], row["type"], Literal(row["value"]))


@when("{name} is registered as a {type} holding {value} under the constraints {step}")
@when("{name} is registered as an {type} holding {value} under the constraints {step}")
def step_register_under(context, name, kind, value, text):
    """Register a variable with constraints that may be no JSON."""
    context.world.attempt(lambda: register(context, name, kind, value, constraints=text))


@when("a name of {int} characters is registered")
def step_register_long_name(context, count):
    """Register a variable whose name has this length."""
    context.world.attempt(lambda: register(context, "n" * count, "float", Literal("0.5")))


@when("{name} is registered as a {type} holding {value} with:")
@when("{name} is registered as an {type} holding {value} with:")
def step_register_constrained(context, name, kind, value):
    """Register a variable with constraints, given as a table of one row."""
    context.world.attempt(lambda: register(context, name, kind, value, constraints=values_of(context.table)))


@when("{name} is registered as a {type} holding {value}")
@when("{name} is registered as an {type} holding {value}")
def step_register(context, name, kind, value):
    """Register a variable."""
    context.world.attempt(lambda: register(context, name, kind, value))


@when("{name} is registered as a {type} holding {value}, with the metadata:")
@when("{name} is registered as an {type} holding {value}, with the metadata:")
def step_register_with_metadata(context, name, kind, value):
    """Register a variable, with metadata as a table of one row."""
    metadata = row_of(context.table)
    context.world.attempt(lambda: register(context, name, kind, value, metadata=metadata))


@when("{name} is deleted for the optimizer {name}")
def step_delete_for(context, name, optimizer):
    """Delete a variable in the name of an optimizer."""
    metadata = {"optimizer_id": optimizer}
    context.world.attempt(lambda: context.world.session.delete(name, metadata=metadata))


@when("{name} is deleted")
def step_delete(context, name):
    """Delete a variable."""
    context.world.attempt(lambda: context.world.session.delete(name))


@when("{name}, by its id, is deleted")
def step_delete_by_id(context, name):
    """Delete a variable that is named by its id."""
    context.world.attempt(lambda: context.world.session.delete(context.world.sessions.id_of(name)))


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


@then("its id is that of {name}")
def step_answered_id(context, name):
    """The variable answered is the one that was registered under that name."""
    assert_that(context.world.require_success().id, equal_to(context.world.sessions.id_of(name)), "the id")


@then("its id begins with {name}")
def step_id_begins(context, prefix):
    """The id of the variable answered has this form."""
    identifier = context.world.require_success().id
    assert_that(identifier.startswith(prefix), f"the id {identifier!r} should begin with {prefix!r}")


@then("its id is not that of {name}")
def step_answered_other_id(context, name):
    """The variable answered is another than the one that was registered under that name."""
    assert_that(
        context.world.require_success().id, is_not(equal_to(context.world.sessions.id_of(name))), "the id"
    )
