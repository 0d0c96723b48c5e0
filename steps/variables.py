"""Steps about variables that are registered, set and deleted."""

from behave import given, then
from hamcrest import assert_that, equal_to, has_entries, is_not, starts_with

from varbridge.conformance.scenario.prerequisites import OUTCOME, answer, id_of, needs, provides
from varbridge.conformance.vocabulary.cells import (
    NAME,
    OBJECT,
    SOURCE,
    TEXTS,
    TYPE,
    VALUE,
    VERSION,
    constraints_of,
)
from varbridge.conformance.vocabulary.contents import integer
from varbridge.conformance.vocabulary.encoding import encode, read_value
from varbridge.conformance.vocabulary.literals import Literal
from varbridge.conformance.vocabulary.matchers import expect, holds
from varbridge.conformance.vocabulary.options import Identifier
from varbridge.conformance.vocabulary.phrases import action, prefix, run_step
from varbridge.conformance.vocabulary.tables import optional, table

registration = id_of("name")


@given("a(n) {type} variable {name} holding {value}")
@provides(registration)
def step_variable(context, kind, name, value):
    """Register a variable of a type, with its first value."""
    context.world.register(name, kind, value)


@given("a(n) {type} variable {name} holding {value} with:")
@provides(registration)
@table(lambda kind, name, value: constraints_of(kind), single=True)
def step_constrained_variable(context, kind, name, value, constraints):
    """Register a variable with constraints, which are a table of one row; each type takes its own."""
    context.world.register(name, kind, value, constraints=constraints)


@given("the variables:")
@provides(id_of("name"))
@table({"name": NAME, "type": TYPE, "value": VALUE})
def step_variables(context, rows):
    """Register several variables, in a table of name, type and value."""
    for row in rows:
        context.world.register(row["name"], row["type"], row["value"])


@action("{name} is/was registered as a(n) {any_type} holding {value}{options}")
@provides(registration, answer("a variable"))
def step_register(context, name, kind, value, options):
    """Register a variable."""
    return context.world.register(name, kind, value, **options.arguments())


@action("a name like the id of {name} is/was registered as a(n) {any_type} holding {value}{options}")
@needs(id_of("name"))
@provides(answer("a variable"))
def step_register_like_id(context, name, kind, value, options):
    """Register a variable whose name is the id of another one."""
    return context.world.register(context.world.sessions.id_of(name), kind, value, **options.arguments())


@action("{variable} is/was set to {value}{options}")
@provides(answer("a version"))
def step_set(context, variable, value, options):
    """Set a variable."""
    return context.world.set(variable, value, **options.arguments())


@action("{name} is/was incremented {int} times{options}")
@provides(answer("a version"))
def step_increment(context, name, times, options):
    """Add 1 to an integer variable several times, in one set after the other."""
    variable = context.world.session.get(name)
    version, first = variable.version, integer(read_value(variable), f"the value of {name}")
    for number in range(first + 1, first + times + 1):
        version = context.world.set(Identifier(name), Literal(str(number)), **options.arguments())
    return version


@action("{name} is/was set to each of {list} in turn")
@provides(answer("a version"))
def step_set_in_turn(context, name, values):
    """Set a variable to several values, one after the other."""
    variable = context.world.session.get(name)
    version = variable.version
    for value in values:
        version = context.world.session.set(name, encode(variable.type, value))
    return version


@action("{variable} is/was deleted{options}")
def step_delete(context, variable, options):
    """Delete a variable; later steps can still name its id, as its old id."""
    identifier = context.world.sessions.identifier(variable)
    context.world.session.delete(identifier, **options.arguments())


@prefix("a refused attempt, in which {step}")
@provides(OUTCOME, answer("nothing"))
def step_refused_attempt(context, step):
    """Run any When, and require that the bridge refuses it."""
    context.world.step_type = "when"
    run_step(context, step)
    error = context.world.outcome.examine()
    expect(error is not None, "the attempt to be refused", "it was accepted")


@then("the answer is version {int}")
@needs(answer("a version"))
def step_answered_version(context, version):
    """Check the version that a set answered."""
    assert_that(context.world.require_success(), equal_to(version), "the version answered")


@then("the answer is a variable with:")
@needs(answer("a variable"))
@table(
    {
        "name": optional(NAME),
        "type": optional(TYPE),
        "value": optional(VALUE),
        "version": optional(VERSION),
        "source": optional(SOURCE),
        "optimizer_id": optional(NAME),
        "metadata": optional(TEXTS),
        "constraints": optional(OBJECT),
    },
    single=True,
)
def step_answered_variable(context, row):
    """Check the variable that a call answered: a table of one row, with metadata and constraints in JSON."""
    variable = context.world.require_success()
    for field, expected in row.items():
        if field == "value":
            assert_that(variable, holds(expected, variable.version), variable.name)
        elif field == "metadata":
            assert_that(variable.metadata, has_entries(expected), "the metadata")
        else:
            assert_that(getattr(variable, field), equal_to(expected), f"the {field}")


@then("the answer has the id of {name}")
@needs(answer("a variable"), id_of("name"))
def step_answered_id(context, name):
    """Check that the variable answered is the one registered under a name."""
    assert_that(context.world.require_success().id, equal_to(context.world.sessions.id_of(name)), "the id")


@then("the id of {name} begins with {text}")
@needs(id_of("name"))
def step_id_begins(context, name, prefix):
    """Check that the id that a registration answered begins with this text."""
    context.world.require_success()
    assert_that(context.world.sessions.id_of(name), starts_with(prefix), f"the id of {name}")


@then("{name} and {name} have different ids")
@needs(id_of("name"), id_of("other"))
def step_different_ids(context, name, other):
    """Check that two registrations answered different ids."""
    context.world.require_success()
    sessions = context.world.sessions
    assert_that(sessions.id_of(name), is_not(equal_to(sessions.id_of(other))), f"the id of {name}")
