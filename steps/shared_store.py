"""Steps about what becomes of the store that bridges share: its members killed, paused, and whole again."""

import time

from behave import given, then, when
from hamcrest import assert_that

from varbridge.conformance.vocabulary.matchers import is_refusal
from varbridge.conformance.vocabulary.outcome import Outcome


def member(context, which):
    """The leader of the store, or one of the others; or the one that the first bridge asks first."""
    cluster = context.world.target.store.cluster
    if which == "first member":
        return cluster.members[0]
    leader = cluster.leader()
    return leader if which == "leader" else next(one for one in cluster.members if one is not leader)


@given("the store's {words} was killed")
@when("the store's {words} is killed")
def step_kill_member(context, which):
    """SIGKILL to the member that leads, to another, or to the first that is named: leader, follower."""
    member(context, which).kill()


@when("the store's {words} is paused")
def step_pause_member(context, which):
    """SIGSTOP to the member that leads, or to another: leader or follower."""
    member(context, which).pause()


@when("the store's {words} is killed and started again")
def step_restart_member(context, which):
    """SIGKILL to a member, leader or follower, and a new process with its data."""
    one = member(context, which)
    one.kill()
    one.start()
    context.world.target.store.cluster.wait_healthy()


@when("all of the store is killed and started again")
def step_restart_store(context):
    """SIGKILL to all members, and new processes with their data."""
    store = context.world.target.store
    for one in store.cluster.members:
        one.kill()
    store.heal()


@given("most of the store was killed")
@when("most of the store is killed")
def step_kill_most(context):
    """SIGKILL to two members of three, the leader among them."""
    cluster = context.world.target.store.cluster
    leader = cluster.leader()
    other = next(one for one in cluster.members if one is not leader)
    for one in (leader, other):
        one.kill()


@given("the store is whole again")
@when("the store is whole again")
def step_heal(context):
    """Every member of the store runs and answers."""
    context.world.target.store.heal()


@given("within {int} s no bridge lets {name} be read or set any more")
@then("within {int} s no bridge lets {name} be read or set any more")
def step_nothing_works(context, seconds, name):
    """Each bridge refuses reads, and then sets, as unavailable; what it answered before was what is there."""
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
            outcome = Outcome.of(lambda: world.session.set(name, 0, kind="integer"))
            assert_that(outcome.examine(), is_refusal("as unavailable"), f"a set at {bridge}")
