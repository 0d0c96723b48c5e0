"""Steps about optimizers, which lock a variable while they work on it."""

import time

from behave import step, then, when
from hamcrest import all_of, assert_that, greater_than_or_equal_to, less_than_or_equal_to

from varbridge.conformance.faults.polling import eventually
from varbridge.conformance.invariants.times import nanoseconds
from varbridge.conformance.scenario.answers import release
from varbridge.conformance.scenario.notes import ReadNotes
from varbridge.conformance.scenario.prerequisites import OUTCOME, answer, needs, provides
from varbridge.conformance.vocabulary.matchers import expect, is_value
from varbridge.conformance.vocabulary.options import Identifier
from varbridge.conformance.vocabulary.outcome import Outcome
from varbridge.conformance.vocabulary.phrases import action


@action("the optimizer {name} locks/locked {variable}")
def step_lock(context, optimizer, variable):
    """Lock a variable for an optimizer."""
    return context.world.session.start_optimization(context.world.sessions.identifier(variable), optimizer)


@action("the optimizer {name} releases/released {variable}")
@provides(answer("a final value"))
def step_release(context, optimizer, variable):
    """Release the lock that an optimizer has on a variable."""
    return release(context.world.session, context.world.sessions.identifier(variable), optimizer)


@action("the optimizer {name} releases/released {variable} by force")
@provides(answer("a final value"))
def step_release_by_force(context, optimizer, variable):
    """Release the lock on a variable, even if another optimizer has it."""
    identifier = context.world.sessions.identifier(variable)
    return release(context.world.session, identifier, optimizer, force=True)


@when("{name} is set to {value} repeatedly until that is accepted, while the optimizer {name} sets {name}")
@provides(OUTCOME, answer("a version"), ReadNotes.took_s)
def step_set_until_accepted(context, name, value, optimizer, other):
    """Try for up to 330 s to set a locked variable, while the optimizer that locked it sets another one."""
    world = context.world
    raw = world.session.get(other).raw

    def is_accepted():
        world.session.set(other, raw, metadata={"optimizer_id": optimizer})
        world.outcome = Outcome.of(lambda: world.set(Identifier(name), value))
        return world.outcome.error is None

    start = time.monotonic()
    eventually(is_accepted, 330.0, pause=0.5)
    world.reads.took_s = time.monotonic() - start


@then("it is accepted after {int} to {int} s")
@needs(ReadNotes.took_s)
def step_accepted_after(context, least, most):
    """Check after how many seconds the repeated set was accepted."""
    context.world.require_success()
    expected = all_of(greater_than_or_equal_to(least), less_than_or_equal_to(most))
    assert_that(context.world.reads.took_s, expected, "the seconds until it was accepted")


@then("{name} is locked by the optimizer {name}")
def step_is_locked(context, name, optimizer):
    """Check that a variable's optimization status names the optimizer that holds it."""
    context.world.require_success()
    actual = context.world.session.get(name).optimizer_id
    holder = "nobody" if actual is None else repr(actual)
    expect(actual == optimizer, f"{optimizer!r} to be optimizing {name!r}", f"{holder} was")


@then("{name} was locked at least {int} s after its last change")
def step_locked_later(context, name, seconds):
    """Check by the bridge's own clock that so much time passed between the last change and the lock."""
    assert_that(lock_after_change_s(context, name), greater_than_or_equal_to(seconds), "the seconds between")


@then("{name} was locked at least {int} s before its last change")
def step_locked_earlier(context, name, seconds):
    """Check by the bridge's own clock that so much time passed between the lock and the last change."""
    assert_that(-lock_after_change_s(context, name), greater_than_or_equal_to(seconds), "the seconds between")


def lock_after_change_s(context, name):
    """Return the time from the last change of a variable to its lock, in seconds, by the bridge's clock."""
    context.world.require_success()
    variable = context.world.session.get(name).message
    locked, changed = map(nanoseconds, (variable.optimization_status.started_at, variable.last_updated_at))
    return (locked - changed) / 1e9


@step("{name} is not locked")
def step_is_free(context, name):
    """Check that a variable's optimization status names no optimizer."""
    context.world.require_success()
    actual = context.world.session.get(name).optimizer_id
    expect(actual is None, f"nobody to be optimizing {name!r}", f"{actual!r} was")


@then("the final value is {value}")
@needs(answer("a final value"))
def step_final_value(context, value):
    """Check the value that the release of a variable answered."""
    assert_that(context.world.require_success().value, is_value(value), "the final value")
