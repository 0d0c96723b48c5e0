"""Steps about dependencies, and about optimizers that hold variables."""

import time

from behave import given, then, when
from hamcrest import (
    all_of,
    assert_that,
    equal_to,
    greater_than_or_equal_to,
    has_entries,
    less_than_or_equal_to,
)

from harness.looking import eventually
from harness.matchers import is_so, is_value
from harness.outcome import Outcome
from harness.watching import news, wait_for_news


@given("{follower:Name} follows {followed:Name} as {dependency_type:Name}")
def step_have_dependency(context, follower, followed, dependency_type):
    """A dependency of this type between two variables."""
    context.world.session.depend(followed, follower, dependency_type)


@when("{follower:Name} is made to follow {followed:Name}")
def step_depend(context, follower, followed):
    """Add a dependency."""
    context.world.attempt(lambda: context.world.session.depend(followed, follower, "follows"))


@then("a change of {followed:Name} tells {person:Person} nothing")
def step_not_recorded(context, followed, person):
    """Set a variable to what it holds; someone's watch is not told of it."""
    world = context.world
    world.session.set(followed, world.session.get(followed).raw)
    context.execute_steps(f"Then {person} receives nothing else")


@then("the cause that {person:Person} was told is {name:Name}, by its id")
def step_cause(context, person, name):
    """The last update names the variable that changed by its id as well."""
    update = news(context.world.watchers[person].watch.updates)[-1]
    expected = {"cause_id": context.world.id_of(name)}
    assert_that(update.metadata, has_entries(expected), "the metadata of the update")


@then("in what {person:Person} received, the changes of {names:Names} come before that of {last:Name}")
def step_batch_first(context, person, names, last):
    """The updates of a batch come first, in whichever order, and what follows from them comes after."""
    watch = context.world.watchers[person].watch
    wanted = len(names) + 1
    got = [update.variable.name for update in wait_for_news(watch, wanted)]
    assert_that(sorted(got[:-1]), equal_to(sorted(names)), f"the first updates that {person} received")
    assert_that(got[-1], equal_to(last), f"the last update that {person} received")


@given("the optimizer {optimizer:Name} has taken {name:Name}")
def step_has_taken(context, optimizer, name):
    """A variable that an optimizer holds."""
    context.world.session.start_optimization(name, optimizer)


@given("the optimizer {optimizer:Name} has given {name:Name} back")
def step_has_given_back(context, optimizer, name):
    """A variable that an optimizer held."""
    context.world.session.stop_optimization(name, optimizer)


@when("the optimizer {optimizer:Name} takes {name:Name}")
def step_take(context, optimizer, name):
    """An optimizer starts to work on a variable."""
    context.world.attempt(lambda: context.world.session.start_optimization(name, optimizer))


@when("the optimizer {optimizer:Name} gives {name:Name} back")
def step_give_back(context, optimizer, name):
    """An optimizer ends its work on a variable."""
    context.world.attempt(lambda: context.world.session.stop_optimization(name, optimizer))


@when("the optimizer {optimizer:Name} forces {name:Name} back")
def step_force_back(context, optimizer, name):
    """Someone ends the work of whoever holds a variable."""
    context.world.attempt(lambda: context.world.session.stop_optimization(name, optimizer, force=True))


@when(
    "{name:Name} is set to {value:Value} until that is accepted, "
    "while {optimizer:Name} goes on with {other:Name}"
)
def step_set_until_accepted(context, name, value, optimizer, other):
    """Try to set a variable that is held, for 330 s at most, while its holder sets another one."""
    world = context.world
    kept = world.session.get(other).raw

    def tried():
        world.session.set(other, kept, metadata={"optimizer_id": optimizer})
        world.outcome = Outcome.of(lambda: world.set(name, value))
        return world.outcome.error is None

    began = time.monotonic()
    eventually(tried, 330.0, pause=0.5)
    context.took = time.monotonic() - began


@then("it is accepted after {least:d} to {most:d} s")
def step_accepted_after(context, least, most):
    """What was tried again and again was accepted then, neither earlier nor later."""
    context.world.require_success()
    then = all_of(greater_than_or_equal_to(least), less_than_or_equal_to(most))
    assert_that(context.took, then, "the seconds until it was accepted")


@then("{name:Name} is being optimized by {optimizer:Name}")
def step_is_optimized(context, name, optimizer):
    """The status on the variable names its holder."""
    context.world.require_success()
    actual = context.world.session.get(name).optimizer_id
    told = "nobody was" if actual is None else f"{actual!r} was"
    assert_that(actual == optimizer, is_so(f"{optimizer!r} to be optimizing {name!r}", told))


@given("nobody is optimizing {name:Name}")
@then("nobody is optimizing {name:Name}")
def step_is_free(context, name):
    """The status on the variable names nobody."""
    context.world.require_success()
    actual = context.world.session.get(name).optimizer_id
    assert_that(actual is None, is_so(f"nobody to be optimizing {name!r}", f"{actual!r} was"))


@then("the final value is {value:Value}")
def step_final_value(context, value):
    """What giving a variable back answered."""
    answer = context.world.require_success()
    assert_that(answer, is_value(value), "the final value")
