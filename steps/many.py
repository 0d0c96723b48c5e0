"""Steps about many variables or tools, whose names end with 0, 1 and so on."""

from behave import given, then
from hamcrest import assert_that, empty, equal_to, has_length

from varbridge import Variable
from varbridge.conformance.scenario.notes import ToolNotes
from varbridge.conformance.scenario.prerequisites import (
    OUTCOME,
    answer,
    id_of,
    needs,
    provides,
    registered,
    watch_of,
)
from varbridge.conformance.scenario.tools import NOWHERE
from varbridge.conformance.scenario.watch_assertions import wait_for_news
from varbridge.conformance.vocabulary.contents import item, variable_of
from varbridge.conformance.vocabulary.encoding import encode, read_value
from varbridge.conformance.vocabulary.matchers import in_order
from varbridge.conformance.vocabulary.phrases import action, event
from varbridge.conformance.vocabulary.updates import KINDS
from varbridge.messages import snakepit_bridge_pb2 as pb


def many_registered(arguments):
    """Yield the facts that variables whose names end with 0, 1 and so on are registered."""
    for number in range(arguments["count"]):
        yield registered(f"{arguments['prefix']}{number}", arguments["session"])


def names_of(count, prefix):
    return [f"{prefix}{number}" for number in range(count)]


@given("{int} integer variables {name} holding {int} and up")
@provides(many_registered)
def step_many_variables(context, count, prefix, first):
    """Integer variables whose names end with 0, 1 and so on, each holding one more than the one before."""
    for number, name in enumerate(names_of(count, prefix), first):
        variable = context.world.session.register(name, "integer", encode("integer", number))
        context.world.sessions.learn(variable.name, "integer", variable.id)


@given("a choice variable {name} with {int} choices {name}")
@provides(id_of("name"))
def step_many_choices(context, name, count, prefix):
    """Register a choice whose choices end with 0, 1 and so on, holding the first of them."""
    choices = names_of(count, prefix)
    variable = context.world.session.register(
        name, "choice", encode("choice", choices[0]), constraints={"choices": choices}
    )
    context.world.sessions.learn(name, "choice", variable.id)


@action("{name} is/was registered as a float under {int} constraints {name}")
def step_many_constraints(context, name, count, prefix):
    """Register a variable under constraints that no type has, whose names end with 0, 1 and so on."""
    constraints = dict.fromkeys(names_of(count, prefix), 0)
    return context.world.session.register(name, "float", encode("float", 0.5), constraints=constraints)


@event("the {int} variables {name} follow {name}")
def step_many_follow(context, count, prefix, followed):
    """Add a dependency of each variable on one other variable, in order."""
    for name in names_of(count, prefix):
        context.world.session.depend(followed, name, "follows")


@event("each of the {int} variables {name} follows the two before it")
def step_follow_two(context, count, prefix):
    """Add dependencies by which ever more ways lead from each variable to the later ones."""
    names = names_of(count, prefix)
    for place, follower in enumerate(names):
        for followed in names[max(place - 2, 0) : place]:
            context.world.session.depend(followed, follower, "follows")


@action("the {int} variables {name} are/were set in a(n) {batch} to {int} and up{options}")
@provides(answer("a batch"))
def step_set_many(context, count, prefix, atomic, first, options):
    """Set variables whose names end with 0, 1 and so on to consecutive integers, in one batch."""
    updates = {name: encode("integer", number) for number, name in enumerate(names_of(count, prefix), first)}
    return context.world.session.set_many(updates, atomic=atomic, **options.arguments())


@action("the {int} variables {name} are/were read in one call")
@provides(answer("several variables"))
def step_read_many(context, count, prefix):
    """Read variables whose names end with 0, 1 and so on in one call."""
    return context.world.session.get_many(names_of(count, prefix))


@event("{person} watches the {int} variables {name}")
@provides(watch_of("person"))
def step_watch_many(context, person, count, prefix):
    """Watch variables whose names end with 0, 1 and so on, which need not exist."""
    context.world.people.narrow(person)
    context.world.watch(person, names_of(count, prefix))


@action("the tool {name} runs with {int} parameters {name}")
def step_run_with_many(context, tool, count, prefix):
    """Run a tool with integer parameters whose names end with 0, 1 and so on."""
    parameters = {name: encode("integer", 0) for name in names_of(count, prefix)}
    return context.world.session.execute(tool, parameters)


@then("the {int} variables {name} hold {int} and up, at version {int}")
@needs(answer("a batch"))
def step_hold_many(context, count, prefix, first, version):
    """Check that one read of all variables returns consecutive integers at this version; the batch had no
    errors, and answered this version for each variable."""
    world = context.world
    result = world.require_success()
    assert_that(result.errors, empty(), "the errors of the batch")
    names = names_of(count, prefix)
    assert_that(dict(result.versions), equal_to(dict.fromkeys(names, version)), "the versions answered")
    variables, missing = world.session.get_many(names)
    assert_that(missing, empty(), "the variables missing")
    require_numbers([item(variables, name, f"{name} in the read") for name in names], names, first, version)


@then("the {int} variables {name} hold equal numbers at version {int}")
def step_hold_equal(context, count, prefix, version):
    """Check that one read of all variables returns one number, and this version of each."""
    names = names_of(count, prefix)
    variables, _ = context.world.session.get_many(names)
    read = [item(variables, name, f"{name} in the read") for name in names]
    assert_that({variable.version for variable in read}, equal_to({version}), "the versions")
    assert_that({read_value(variable) for variable in read}, has_length(1), "the numbers")


@then("the answer has the {int} variables {name}, holding {int} and up at version {int}")
@needs(OUTCOME)
def step_answered_many(context, count, prefix, first, version):
    """Check all variables of an answer: those of a list in its order, those of a read or an opening by
    name."""
    names = names_of(count, prefix)
    answered = context.world.require_success()
    if isinstance(answered, pb.InitializeSessionResponse):
        answered = {name: Variable(message) for name, message in answered.initial_variables.items()}
    elif isinstance(answered, tuple):
        answered, missing = answered
        assert_that(missing, empty(), "the variables missing")
    if isinstance(answered, dict):
        assert_that(len(answered), equal_to(count), "the number of variables answered")
        answered = [item(answered, name, f"{name} in the answer") for name in names]
    require_numbers(answered, names, first, version)


def require_numbers(variables, names, first, version):
    expected = [(name, number, version) for number, name in enumerate(names, first)]
    actual = [(variable.name, read_value(variable), variable.version) for variable in variables]
    assert_that(actual, in_order(expected), "name, value and version")


@then("{person} receives the update {update} for each of the {int} variables {name}, holding {int} and up")
@needs(watch_of("person"))
def step_receive_many(context, person, kind, count, prefix, first):
    """Check the next updates of a watch: of this kind, one for each variable, registrations in order."""
    context.world.require_success()
    watcher = context.world.watchers[person]
    end = watcher.position + count
    fresh = wait_for_news(watcher.watch, end)[watcher.position : end]
    expected = [(KINDS[kind], name, number) for number, name in enumerate(names_of(count, prefix), first)]
    actual = [(update.kind, variable_of(update).name, read_value(variable_of(update))) for update in fresh]
    if kind != "registered":  # the contract leaves the order of the others open
        actual.sort(key=lambda update: update[2])
    assert_that(actual, in_order(expected), f"the updates that {person} received")
    watcher.position = end


@action("{int} tools {name} are/were registered")
@provides(ToolNotes.host_address, answer("ids of tools"))
def step_many_tools(context, count, prefix):
    """Register tools whose names end with 0, 1 and so on, in one call; their host does not answer."""
    context.world.tools.host_address = NOWHERE
    tools = [pb.ToolRegistration(name=name) for name in names_of(count, prefix)]
    return context.world.session.register_tools(tools, NOWHERE)


@then("the {int} tools {name} are listed in this order, and offered")
@needs(answer("ids of tools"))
def step_listed_tools(context, count, prefix):
    """Check that the list of registered tools has these in order, and that opening the session offers all."""
    ids = context.world.require_success()
    names = names_of(count, prefix)
    assert_that(sorted(ids), equal_to(sorted(names)), "the tools with an id")
    listed = [tool.name for tool in context.world.session.registered_tools()]
    assert_that(listed, in_order(names), "the registered tools")
    offered = context.world.session.initialize().available_tools
    assert_that(sorted({*names} - {*offered}), empty(), "the tools that are not offered")


@then("the tools are listed in the order {names}")
def step_order_of_tools(context, names):
    """Check the names of the session's registered tools, in the order of the list."""
    context.world.require_success()
    listed = [tool.name for tool in context.world.session.registered_tools()]
    assert_that(listed, equal_to(names), "the names of the registered tools")
