"""Steps about single variables that are set."""

from behave import given, then, when
from hamcrest import assert_that, calling, equal_to, raises

from varbridge import BridgeError
from varbridge.conformance.vocabulary.literals import Literal
from varbridge.conformance.vocabulary.tables import row_of


@given("{name} was set to {value} with the metadata:")
def step_was_set_with_metadata(context, name, value):
    """A variable that was set, with metadata as a table of one row."""
    context.world.set(name, value, metadata=row_of(context.table))


@given("{name} was set to {value} for the optimizer {name}")
def step_was_set_for(context, name, value, optimizer):
    """A variable that its optimizer has set."""
    context.world.set(name, value, metadata={"optimizer_id": optimizer})


@given("{name} was set to {value}")
def step_was_set(context, name, value):
    """A variable that was set."""
    context.world.set(name, value)


@given("request {name} set {name} to {value}")
def step_request_set(context, request, name, value):
    """A set that was accepted under a request id."""
    context.world.set(name, value, request_id=request)


@given("request {name}, expecting version {int}, set {name} to {value}")
def step_request_expected(context, request, version, name, value):
    """A set that was accepted under a request id, at the version that it expected."""
    context.world.set(name, value, request_id=request, expected_version=version)


@when("request {name}, expecting version {int}, sets {name} to {value}")
def step_request_expecting(context, request, version, name, value):
    """Set a variable under a request id, only where it is at this version."""
    world = context.world
    world.attempt(lambda: world.set(name, value, request_id=request, expected_version=version))


@given("request {name} to set {name} to {value} was refused")
def step_request_refused(context, request, name, value):
    """A set that was refused under a request id."""
    assert_that(
        calling(context.world.set).with_args(name, value, request_id=request), raises(BridgeError), "the set"
    )


@when("{name} is set to {value}, with the metadata:")
def step_set_with_metadata(context, name, value):
    """Set a variable, with metadata as a table of one row."""
    context.world.attempt(lambda: context.world.set(name, value, metadata=row_of(context.table)))


@when("{name} is set to {value} for the optimizer {name}")
def step_set_for(context, name, value, optimizer):
    """Set a variable in the name of an optimizer."""
    context.world.attempt(lambda: context.world.set(name, value, metadata={"optimizer_id": optimizer}))


@when("{name} is set to {value}")
def step_set(context, name, value):
    """Set a variable."""
    context.world.attempt(lambda: context.world.set(name, value))


@when("{name}, by its id, is set to {value}")
def step_set_by_id(context, name, value):
    """Set a variable that is named by its id."""
    world = context.world
    world.attempt(
        lambda: world.session.set(world.sessions.id_of(name), value.raw(world.sessions.kind_of(name)))
    )


@when("{name}, expected at version {int}, is set to {value}")
def step_set_expecting(context, name, version, value):
    """Set a variable only where it is at this version."""
    context.world.attempt(lambda: context.world.set(name, value, expected_version=version))


@when("request {name} sets {name} to {value}")
def step_set_as_request(context, request, name, value):
    """Set a variable under a request id."""
    context.world.attempt(lambda: context.world.set(name, value, request_id=request))


@given("{name} was set {int} times, each time to its next version")
@when("{name} is set {int} times, each time to its next version")
def step_set_onwards(context, name, times):
    """Set an integer over and over, each time to the number of the version that this makes."""
    first = context.world.session.get(name).version + 1
    for number in range(first, first + times):
        context.world.set(name, Literal(str(number)))


@when("{name}, by its old id, is set to {value}")
def step_set_by_old_id(context, name, value):
    """Set a variable that is named by the id that it got when it was first registered."""
    world = context.world
    world.attempt(
        lambda: world.session.set(world.sessions.old_id_of(name), value.raw(world.sessions.kind_of(name)))
    )


@then("the answer is version {int}")
def step_answers_version(context, version):
    """The set answered this version."""
    assert_that(context.world.require_success(), equal_to(version), "the version answered")
