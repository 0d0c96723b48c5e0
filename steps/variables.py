"""Steps about variables that are registered, set and deleted."""

import json

from behave import given, then
from hamcrest import assert_that, equal_to, has_entries, is_not, starts_with

from varbridge.conformance.vocabulary.literals import Literal
from varbridge.conformance.vocabulary.matchers import expect, holds
from varbridge.conformance.vocabulary.options import Identifier
from varbridge.conformance.vocabulary.phrases import action, prefix, run_step
from varbridge.conformance.vocabulary.tables import values_of


@given("a(n) {type} variable {name} holding {value}")
def step_variable(context, kind, name, value):
    """Register a variable of a type, with its first value."""
    context.world.register(name, kind, value)


@given("a(n) {type} variable {name} holding {value} with:")
def step_constrained_variable(context, kind, name, value):
    """Register a variable with constraints, which are a table of one row."""
    context.world.register(name, kind, value, constraints=values_of(context.table))


@given("a(n) {type} variable named like the id of {name} holding {value}")
def step_variable_named_like_id(context, kind, name, value):
    """Register a variable whose name is the id of another one."""
    context.world.register(context.world.sessions.id_of(name), kind, value)


@given("the variables:")
def step_variables(context):
    """Register several variables, in a table of name, type and value."""
    for row in context.table:
        context.world.register(row["name"], row["type"], Literal(row["value"]))


@action("{name} is/was registered as a(n) {type} holding {value}{options}")
def step_register(context, name, kind, value, options):
    """Register a variable."""
    return context.world.register(name, kind, value, **options.arguments())


@action("{variable} is/was set to {value}{options}")
def step_set(context, variable, value, options):
    """Set a variable."""
    return context.world.set(variable, value, **options.arguments())


@action("{name} is/was incremented {int} times")
def step_increment(context, name, times):
    """Add 1 to an integer variable several times, in one set after the other."""
    variable = context.world.session.get(name)
    version = variable.version
    for number in range(variable.value + 1, variable.value + times + 1):
        version = context.world.set(Identifier(name), Literal(str(number)))
    return version


@action("{name} is/was set to each of {value} in turn")
def step_set_in_turn(context, name, values):
    """Set a variable to several values, one after the other."""
    version = context.world.session.get(name).version
    for value in values.python():
        version = context.world.session.set(name, value)
    return version


@action("{variable} is/was deleted{options}")
def step_delete(context, variable, options):
    """Delete a variable; later steps can still name its id, as its old id."""
    identifier = context.world.sessions.identifier(variable)
    context.world.session.delete(identifier, **options.arguments())


@prefix("a refused attempt, in which {step}")
def step_refused_attempt(context, step):
    """Run any When, and require that the bridge refuses it."""
    context.world.step_type = "when"
    run_step(context, step)
    error = context.world.outcome.examine()
    expect(error is not None, "the attempt to be refused", "it was accepted")


@then("the answer is version {int}")
def step_answered_version(context, version):
    """Check the version that a set answered."""
    assert_that(context.world.require_success(), equal_to(version), "the version answered")


@then("the answer is a variable with:")
def step_answered_variable(context):
    """Check the variable that a call answered: a table of one row, with metadata and constraints in JSON."""
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


@then("the answer has the id of {name}")
def step_answered_id(context, name):
    """Check that the variable answered is the one registered under a name."""
    assert_that(context.world.require_success().id, equal_to(context.world.sessions.id_of(name)), "the id")


@then("the id of {name} begins with {name}")
def step_id_begins(context, name, prefix):
    """Check that the id that a registration answered begins with this text."""
    context.world.require_success()
    assert_that(context.world.sessions.id_of(name), starts_with(prefix), f"the id of {name}")


@then("{name} and {name} have different ids")
def step_different_ids(context, name, other):
    """Check that two registrations answered different ids."""
    context.world.require_success()
    sessions = context.world.sessions
    assert_that(sessions.id_of(name), is_not(equal_to(sessions.id_of(other))), f"the id of {name}")
