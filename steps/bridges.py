"""Steps about clusters: several bridges with one store."""

import time

from behave import given, step, then
from hamcrest import assert_that, equal_to

from varbridge.conformance.scenario.bridges import Bridges
from varbridge.conformance.scenario.client import Client
from varbridge.conformance.scenario.prerequisites import (
    OUTCOMES,
    answer,
    bridge_named,
    needs,
    own_bridge_named,
    provides,
    watch_of,
)
from varbridge.conformance.scenario.world import DEADLINE_S
from varbridge.conformance.vocabulary.contents import variable_of
from varbridge.conformance.vocabulary.encoding import encode
from varbridge.conformance.vocabulary.matchers import in_order, is_refusal
from varbridge.conformance.vocabulary.outcome import Outcome
from varbridge.conformance.vocabulary.phrases import event, prefix, run_step


@given("a cluster of the bridges {people}{cluster_settings}")
@provides(Client.bridges, bridge_named("names"))
def step_cluster(context, names, settings):
    """A cluster that scenarios with the same settings share; clients connect to its first bridge."""
    use_cluster(context, names, settings, own=False)


@given("a new cluster of the bridges {people}{cluster_settings}")
@provides(Client.bridges, bridge_named("names"), own_bridge_named("names"))
def step_new_cluster(context, names, settings):
    """A cluster for this scenario only, which may end its bridges; clients connect to the first bridge."""
    use_cluster(context, names, settings, own=True)


def use_cluster(context, names, settings, own):
    """Start a cluster, or use the shared one unless ``own`` is True, and connect to its first bridge."""
    bridges = Bridges(
        context.world.target,
        names,
        settings.flags,
        own=own,
        apart=settings.different_machines,
        lines=settings.proxies,
    )
    bridges.roaming = settings.failover
    context.world.client.use_bridges(bridges)


@event("{person} connects/connected to {person}")
@needs(bridge_named("bridge"))
def step_connect(context, person, bridge):
    """Connect a person to a bridge of the cluster."""
    context.world.people.move(person, bridge)


@prefix("at {person}, {step}")
@needs(bridge_named("bridge"))
def step_at(context, bridge, step):
    """Run a step whose calls go to this bridge of the cluster."""
    with context.world.client.at_bridge(bridge):
        run_step(context, step)


@prefix("at each bridge, {step}")
@needs(Client.bridges)
@provides(OUTCOMES, answer("nothing"))
def step_at_each(context, step):
    """Run a step at one bridge of the cluster after the other; a later Then examines all outcomes."""
    world = context.world
    outcomes = []
    for name in world.client.bridges.names:
        with world.client.at_bridge(name):
            run_step(context, step)
        world.outcome.examine()
        outcomes.append(world.outcome)
    world.outcome, world.outcomes = Outcome(), outcomes


@prefix("within {int} s, {step}")
@needs(Client.bridges)
def step_within(context, seconds, step):
    """Run a step, and retry each of its calls for so many seconds while a bridge is unavailable."""
    with context.world.client.retrying(seconds):
        run_step(context, step)


@then("each bridge refuses it {status}, with the same message and violations")
@needs(OUTCOMES)
def step_same_refusals(context, status):
    """Check that every bridge refused the call with this status, and with equal messages and violations."""
    errors = [outcome.examine() for outcome in context.world.outcomes]
    for error in errors:
        assert_that(error, is_refusal(status))
    answers = [(error.message, error.violations) for error in errors]
    assert_that(answers[1:], equal_to(answers[:-1]), "the refusals, compared with the first one")


@then("all bridges answer the same about {name}")
@needs(Client.bridges)
def step_same_answers(context, name):
    """Check that all bridges answer equal reads, lists and histories, and equal session descriptions."""
    world = context.world
    world.require_success()
    answers = []
    for bridge in world.client.bridges.names:
        with world.client.at_bridge(bridge):
            session = world.session
            description = session.describe()
            answers.append(
                (
                    session.get(name).message,
                    [variable.message for variable in session.list()],
                    [*session.history(name)],
                    dict(description.metadata),
                    description.variable_count,
                    description.created_at,
                )
            )
    assert_that(answers[1:], equal_to(answers[:-1]), "the answers, compared with the first one")


@step("within {int} s each bridge refuses to read and to set {name} as unavailable")
@needs(Client.bridges)
def step_all_unavailable(context, seconds, name):
    """Each bridge refuses a read within that time, and then a set; earlier reads may be answered."""
    world = context.world
    deadline = time.monotonic() + seconds
    for bridge in world.client.bridges.names:
        with world.client.at_bridge(bridge):
            error = None
            while error is None and time.monotonic() < deadline:
                error = Outcome.of(lambda: world.session.get(name)).examine()
            assert_that(error, is_refusal("as unavailable"), f"a read at {bridge} after {seconds} s")
    for bridge in world.client.bridges.names:
        with world.client.at_bridge(bridge):
            outcome = Outcome.of(lambda: world.session.set(name, encode("integer", 0)))
            assert_that(outcome.examine(), is_refusal("as unavailable"), f"a set at {bridge}")


@event("{person} follows {names}")
@needs(Client.bridges)
@provides(watch_of("person"))
def step_follow(context, person, names):
    """Start a follower: a watch that reconnects to any bridge of the cluster, and resumes by itself."""
    context.world.follow(person, names)


@then("{person} receives the versions {int} to {int} of {name}, each once")
@needs(watch_of("person"))
def step_followed(context, person, first, last, name):
    """Check that the follower has received these versions, in order and each once, across reconnections."""
    watch = context.world.watchers[person].watch
    got = watch.wait_for(lambda updates: len(updates) >= last - first + 1, 3 * DEADLINE_S)
    versions = [variable_of(update).version for update in got]
    assert_that(versions, in_order(range(first, last + 1)), f"the versions that {person} received")
