"""Steps about dependencies between variables."""

from behave import then
from hamcrest import assert_that, equal_to, has_entries

from varbridge.conformance.scenario.prerequisites import id_of, needs, watch_of
from varbridge.conformance.scenario.watch_assertions import news, wait_for_news
from varbridge.conformance.vocabulary.contents import item, variable_of
from varbridge.conformance.vocabulary.phrases import action, run_step


@action("a {name} dependency of {variable} on {variable} is/was added")
def step_depend(context, dependency_type, dependent, target):
    """Add a dependency of this type, by which the first variable follows the second."""
    sessions = context.world.sessions
    context.world.session.depend(sessions.identifier(target), sessions.identifier(dependent), dependency_type)


@then("a change of {name} sends {person} nothing")
@needs(watch_of("person"))
def step_not_recorded(context, name, person):
    """Set a variable to its own value, and check that a person's watch receives no dependency change."""
    world = context.world
    world.session.set(name, world.session.get(name).raw)
    run_step(context, f"{person} receives nothing else")


@then("the last update that {person} received names the id of {name} as its cause")
@needs(watch_of("person"), id_of("name"))
def step_cause(context, person, name):
    """Check that the metadata of a watch's last update have the id of this variable as cause_id."""
    updates = news(context.world.watchers[person].watch.updates)
    update = item(updates, -1, f"an update that {person} received")
    expected = {"cause_id": context.world.sessions.id_of(name)}
    assert_that(update.metadata, has_entries(expected), "the metadata of the update")


@then("{person} received the changes of {names} before that of {name}")
@needs(watch_of("person"))
def step_batch_first(context, person, names, last):
    """Check that a watch received the changes of a batch, in any order, before the first that they cause."""
    watch = context.world.watchers[person].watch
    received = [variable_of(update).name for update in wait_for_news(watch, len(names) + 1)]
    first = sorted(received[: len(names)])
    assert_that(first, equal_to(sorted(names)), f"the first updates that {person} received")
    after = item(received, len(names), f"an update that {person} received after them")
    assert_that(after, equal_to(last), f"the update that {person} received after them")
