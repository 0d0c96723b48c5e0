"""Steps about several bridges that share their state: to be at one of them, and what all of them tell."""

from behave import given, then, when
from hamcrest import assert_that, empty, equal_to

from varbridge.conformance.scenario.bridges import Bridges
from varbridge.conformance.scenario.world import DEADLINE
from varbridge.conformance.vocabulary.matchers import in_order, is_refusal
from varbridge.conformance.vocabulary.outcome import Outcome
from varbridge.conformance.vocabulary.phrases import prefix, run_step


def begin(context, names, flags="", **options):
    """Have bridges, and speak to the first of them."""
    world = context.world
    world.client.use_bridges(Bridges(world.target, names, flags.split(), **options))


@given("the bridges {people}, which share their state, started with {name}")
def step_bridges_with(context, names, flags):
    """Bridges with these flags over one store; scenarios that ask for the same share them."""
    begin(context, names, flags)


@given("the bridges {people}, which share their state")
def step_bridges(context, names):
    """Bridges over one store, the first of which the clients speak to; scenarios share them."""
    begin(context, names)


@given("bridges of its own, {people}, which share their state, started with {name}")
def step_own_bridges_with(context, names, flags):
    """Bridges with these flags over one store, which the scenario may end."""
    begin(context, names, flags, own=True)


@given("bridges of its own, {people}, which share their state")
def step_own_bridges(context, names):
    """Bridges over one store, the first of which the clients speak to; the scenario may end them."""
    begin(context, names, own=True)


@given("bridges of its own, {people}, which share their state from machine to machine")
def step_bridges_apart(context, names):
    """Bridges over one store that take each other to be on other machines; the scenario may end them."""
    begin(context, names, own=True, apart=True)


@given("{person} is at {person}")
def step_person_at(context, person, bridge):
    """Someone is connected to a bridge of several from now on."""
    context.world.people.move(person, bridge)


@given("bridges of its own, {people}, which share their state over lines that can stall")
def step_bridges_over_lines(context, names):
    """Bridges each of which reaches the store over a line of its own; the scenario may end them."""
    begin(context, names, own=True, lines=True)


@given("clients that know all bridges, and call again where one is unavailable")
def step_roaming(context):
    """Clients begin at the bridges in turn, go on to the next when one is gone, and repeat what failed."""
    context.world.client.bridges.roaming = True


@prefix("at {person}, {step}")
def step_at(context, bridge, step):
    """Any step, at a bridge of several."""
    with context.world.client.at_bridge(bridge):
        run_step(context, step)


@prefix("within {int} s, {step}")
def step_within(context, seconds, step):
    """Any step, where a bridge that is unavailable is called again until time is up."""
    with context.world.client.retrying(seconds):
        run_step(context, step)


@prefix("at each bridge, {step}")
def step_when_at_each(context, step):
    """Any When, at one bridge after the other; what became of it is kept of each."""
    world = context.world
    outcomes = []
    for name in world.client.bridges.names:
        with world.client.at_bridge(name):
            run_step(context, step)
        world.outcome.examine()
        outcomes.append(world.outcome)
    world.outcome, world.outcomes = Outcome(), outcomes


@then("each refuses it {status}, in the same words and for the same fields")
def step_same_refusals(context, reason):
    """Every bridge refused, and status, message and field violations are the very same."""
    errors = [outcome.examine() for outcome in context.world.outcomes]
    for error in errors:
        assert_that(error, is_refusal(reason))
    told = [(error.message, error.violations) for error in errors]
    assert_that(told[1:], equal_to(told[:-1]), "what the bridges said, beside what the first one said")


@then("all bridges tell the same of {name}")
def step_tell_same(context, name):
    """A read, the list, the history and a description say the very same at each bridge."""
    world = context.world
    world.require_success()
    told = []
    for bridge in world.client.bridges.names:
        with world.client.at_bridge(bridge):
            session = world.session
            described = session.describe()
            told.append(
                (
                    session.get(name).message,
                    [variable.message for variable in session.list()],
                    [*session.history(name)],
                    dict(described.metadata),
                    described.variable_count,
                    described.created_at,
                )
            )
    assert_that(told[1:], equal_to(told[:-1]), "what the bridges tell, beside what the first one tells")


@given("{int} variables {name}, each holding its number")
def step_many_variables(context, count, prefix):
    """Integer variables whose names end with 0 and so on."""
    for number in range(count):
        variable = context.world.session.register(f"{prefix}{number}", "integer", number)
        context.world.sessions.learn(variable.name, "integer", variable.id)


@when("all {int} variables {name} are set together, each to its number and 1000")
def step_set_many(context, count, prefix):
    """One atomic batch."""
    updates = {f"{prefix}{number}": number + 1000 for number in range(count)}
    context.world.attempt(lambda: context.world.session.set_many(updates, atomic=True))


@then("all {int} variables {name} hold their number and 1000, at version {int}")
def step_hold_many(context, count, prefix, version):
    """One read of all of them."""
    world = context.world
    result = world.require_success()
    assert_that(result.errors, empty(), "the errors of the batch")
    found, missing = world.session.get_many([f"{prefix}{number}" for number in range(count)])
    assert_that(missing, empty(), "the variables missing")
    held = [(variable.value, variable.version) for variable in found.values()]
    assert_that(sorted(held), in_order([(n + 1000, version) for n in range(count)]), "value and version")


@given("{person} follows {names}")
@when("{person} follows {names}")
def step_follow(context, person, names):
    """Someone's watch is put in place again wherever it is cut off, at any bridge, after what it saw."""
    context.world.follow(person, names)


@then("{person} is told the versions {int} to {int} of {name}, each once")
def step_followed(context, person, first, last, name):
    """What a follower was told over all of its watches."""
    watch = context.world.watchers[person].watch
    got = watch.wait_for(lambda updates: len(updates) >= last - first + 1, 3 * DEADLINE)
    versions = [update.variable.version for update in got]
    assert_that(versions, in_order(range(first, last + 1)), f"the versions that {person} was told")
