"""Steps about dependencies, and about optimizers that hold variables."""

from behave import given, then, when
from hamcrest import (
    assert_that,
    equal_to,
    has_entries,
)

from varbridge.conformance.scenario.watch_assertions import news, wait_for_news


@given("{name} follows {name} as {name}")
def step_have_dependency(context, follower, followed, dependency_type):
    """A dependency of this type between two variables."""
    context.world.session.depend(followed, follower, dependency_type)


@when("{name} is made to follow {name}")
def step_depend(context, follower, followed):
    """Add a dependency."""
    context.world.attempt(lambda: context.world.session.depend(followed, follower, "follows"))


@then("a change of {name} tells {person} nothing")
def step_not_recorded(context, followed, person):
    """Set a variable to what it holds; someone's watch is not told of it."""
    world = context.world
    world.session.set(followed, world.session.get(followed).raw)
    context.execute_steps(f"Then {person} receives nothing else")


@then("the cause that {person} was told is {name}, by its id")
def step_cause(context, person, name):
    """The last update names the variable that changed by its id as well."""
    update = news(context.world.watchers[person].watch.updates)[-1]
    expected = {"cause_id": context.world.sessions.id_of(name)}
    assert_that(update.metadata, has_entries(expected), "the metadata of the update")


@then("in what {person} received, the changes of {names} come before that of {name}")
def step_batch_first(context, person, names, last):
    """The updates of a batch come first, in whichever order, and what follows from them comes after."""
    watch = context.world.watchers[person].watch
    wanted = len(names) + 1
    got = [update.variable.name for update in wait_for_news(watch, wanted)]
    assert_that(sorted(got[:-1]), equal_to(sorted(names)), f"the first updates that {person} received")
    assert_that(got[-1], equal_to(last), f"the last update that {person} received")
