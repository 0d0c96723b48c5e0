"""Which optimizer works on which variable."""

import time

from behave import given, then, when
from hamcrest import (
    all_of,
    assert_that,
    greater_than_or_equal_to,
    less_than_or_equal_to,
)

from varbridge.conformance.faults.polling import eventually
from varbridge.conformance.vocabulary.matchers import expect, is_value
from varbridge.conformance.vocabulary.outcome import Outcome


@given("the optimizer {name} has taken {name}")
def step_has_taken(context, optimizer, name):
    """A variable that an optimizer holds."""
    context.world.session.start_optimization(name, optimizer)


@given("the optimizer {name} has given {name} back")
def step_has_given_back(context, optimizer, name):
    """A variable that an optimizer held."""
    context.world.session.stop_optimization(name, optimizer)


@when("the optimizer {name} takes {name}")
def step_take(context, optimizer, name):
    """An optimizer starts to work on a variable."""
    context.world.attempt(lambda: context.world.session.start_optimization(name, optimizer))


@when("the optimizer {name} gives {name} back")
def step_give_back(context, optimizer, name):
    """An optimizer ends its work on a variable."""
    context.world.attempt(lambda: context.world.session.stop_optimization(name, optimizer))


@when("the optimizer {name} forces {name} back")
def step_force_back(context, optimizer, name):
    """Someone ends the work of whoever holds a variable."""
    context.world.attempt(lambda: context.world.session.stop_optimization(name, optimizer, force=True))


@when("{name} is set to {value} until that is accepted, while {name} goes on with {name}")
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
    context.world.reads.took_s = time.monotonic() - began


@then("it is accepted after {int} to {int} s")
def step_accepted_after(context, least, most):
    """What was tried again and again was accepted then, neither earlier nor later."""
    context.world.require_success()
    then = all_of(greater_than_or_equal_to(least), less_than_or_equal_to(most))
    assert_that(context.world.reads.took_s, then, "the seconds until it was accepted")


@then("{name} is being optimized by {name}")
def step_is_optimized(context, name, optimizer):
    """The status on the variable names its holder."""
    context.world.require_success()
    actual = context.world.session.get(name).optimizer_id
    told = "nobody was" if actual is None else f"{actual!r} was"
    expect(actual == optimizer, f"{optimizer!r} to be optimizing {name!r}", told)


@given("nobody is optimizing {name}")
@then("nobody is optimizing {name}")
def step_is_free(context, name):
    """The status on the variable names nobody."""
    context.world.require_success()
    actual = context.world.session.get(name).optimizer_id
    expect(actual is None, f"nobody to be optimizing {name!r}", f"{actual!r} was")


@then("the final value is {value}")
def step_final_value(context, value):
    """What giving a variable back answered."""
    answer = context.world.require_success()
    assert_that(answer, is_value(value), "the final value")
