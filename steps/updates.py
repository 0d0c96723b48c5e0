"""Steps about what watches receive, and how they end."""

import re
import time

from behave import given, then
from hamcrest import assert_that, greater_than_or_equal_to, has_length

from varbridge.conformance.scenario.watch_assertions import (
    expect_end,
    expect_heartbeat,
    expect_updates,
    expect_versions,
    wait_for_news,
)
from varbridge.conformance.scenario.world import DEADLINE
from varbridge.conformance.vocabulary.matchers import expect, in_order, no_faults
from varbridge.conformance.vocabulary.updates import describe


@then("{person} receives all of them, in order")
def step_receives_long(context, person):
    """Each of the long texts came, once, in order."""
    times = context.world.loads.long_texts
    updates = wait_for_news(context.world.watchers[person].watch, times)
    got = [update.variable.value[:6] for update in updates]
    assert_that(got, in_order([f"{n:06}" for n in range(times)]), f"the texts that {person} received")


@then("{person} receives them in order without a gap, to the last or to an end as out of range")
def step_receives_or_learns(context, person):
    """A reader that was held up gets everything, or the word that it does not."""
    times = context.world.loads.long_texts
    watch = context.world.watchers[person].watch
    updates = wait_for_news(watch, times, 6 * DEADLINE)
    got = [update.variable.value[:6] for update in updates]
    assert_that(got, in_order([f"{n:06}" for n in range(len(got))]), f"the texts that {person} received")
    if len(got) < times:
        expect_end(context.world, person, "as out of range")


@then("{person} receives:")
def step_receives(context, person):
    """The next updates of someone's watch, as a table."""
    context.world.require_success()
    expect_updates(context.world, person, [row.as_dict() for row in context.table])


@then("{people} each receive:")
def step_each_receives(context, people):
    """The next updates of several people's watches, as a table."""
    context.world.require_success()
    for person in people:
        expect_updates(context.world, person, [row.as_dict() for row in context.table])


@then("{person} receives the values {value} of {name}")
def step_receives_values(context, person, values, name):
    """The next updates of someone's watch are changes to these values, in this order."""
    rows = [{"update": "value change", "variable": name, "value": repr(v)} for v in values.python()]
    expect_updates(context.world, person, rows)


@then("{people} each receive the values {value} of {name}")
def step_each_receives_values(context, people, values, name):
    """The next updates of several people's watches are changes to these values, in this order."""
    for person in people:
        step_receives_values(context, person, values, name)


@then("{person} receives nothing else")
def step_receives_nothing_else(context, person):
    """Nothing came besides: the next update is that of a change made now, as a marker."""
    world = context.world
    world.require_success()
    watcher = world.watchers[person]
    found, _ = watcher.session.get_many(watcher.names or [watcher.session.list()[0].name])
    marked = next(variable for variable in found.values() if watcher.sees(variable))
    version = watcher.session.set(marked.id, marked.raw)
    expect_updates(
        context.world,
        person,
        [{"update": "value change", "variable": marked.name, "version": str(version)}],
    )


@then("{person}'s watch ends {status}, saying {name}")
def step_watch_ends_saying(context, person, reason, phrase):
    """The bridge ended someone's watch with this status and these words."""
    expect_end(context.world, person, reason, phrase)


@given("{person}'s watch ended within {int} s {status}")
@then("{person}'s watch ends within {int} s {status}")
def step_watch_ends_within(context, person, seconds, reason):
    """The bridge ended someone's watch with this status, and took no longer."""
    expect_end(context.world, person, reason, timeout=seconds)


@then("{person}'s watch ends {status}")
def step_watch_ends(context, person, reason):
    """The bridge ended someone's watch with this status."""
    expect_end(context.world, person, reason)


@then("{person}'s watch ends as out of range, naming a sequence from which it can go on")
def step_watch_ends_naming(context, person):
    """The refusal names the oldest sequence that is kept: a watch that resumes right before it gets it."""
    watcher = context.world.watchers[person]
    words = expect_end(context.world, person, "as out of range").ended.message
    told = [oldest for oldest in map(int, re.findall(r"\d+", words)) if begins_at(watcher, oldest)]
    assert_that(told, has_length(greater_than_or_equal_to(1)), f"the oldest sequences named by {words!r}")


def begins_at(watcher, sequence):
    """Whether a watch that resumes right before this sequence begins with it."""
    with watcher.session.watch(*watcher.names, resume_after=sequence - 1) as watch:
        got = watch.wait_for(lambda updates: len(updates) > 0, 1.0)
        return bool(got) and got[0].sequence == sequence


@then("{person}'s watch ends {status}, not before {int} s have passed")
def step_watch_ends_later(context, person, reason, seconds):
    """The bridge ended someone's watch, and so much time had passed since the last call."""
    watch = expect_end(context.world, person, reason)
    assert_that(
        watch.ended_at - context.world.reads.quiet_since,
        greater_than_or_equal_to(seconds),
        "the seconds passed",
    )


@then("{person}'s watch receives a heartbeat with the sequence of the last update")
def step_heartbeat(context, person):
    """An idle watch gets a heartbeat that carries the current sequence and no variable."""
    expect_heartbeat(context.world, person, person)


@then("{person}'s watch receives a heartbeat with the sequence that {person} saw last")
def step_heartbeat_of_session(context, person, other):
    """The sequence of a heartbeat is the session's, also where the last update was not for this watch."""
    expect_heartbeat(context.world, person, other)


@then("{person}'s watch receives {int} heartbeats in {number} to {number} s")
def step_heartbeats(context, person, count, least, most):
    """An idle watch hears again and again that it is there, but not more often than it should."""

    def beats(updates):
        return [update for update in updates if update.kind == "heartbeat"]

    began = time.monotonic()
    watch = context.world.watchers[person].watch
    got = beats(watch.wait_for(lambda all_: len(beats(all_)) >= count, most))
    took = time.monotonic() - began
    assert_that(len(got), greater_than_or_equal_to(count), f"the heartbeats that {person} received")
    assert_that(took, greater_than_or_equal_to(least), f"the seconds in which {person} received them")


@then("{person} receives the versions {int} to {int} of {name}")
def step_receives_versions(context, person, first, last, name):
    """The next updates are these versions, where each version holds its own number."""
    expect_versions(context.world, person, first, last, name)


@then("{people} each receive the versions {int} to {int} of {name}, each with the value of that version")
def step_each_receives_versions(context, people, first, last, name):
    """The next updates of several people's watches are these versions, each holding its own number."""
    for person in people:
        expect_versions(context.world, person, first, last, name)


@then("{person} and {person} received {int} updates in the same order, with the same sequences")
def step_same_order(context, one, other, count):
    """Two watches saw the same updates under the same sequences."""
    seen = []
    for person in (one, other):
        got = wait_for_news(context.world.watchers[person].watch, count)
        seen.append([(u.sequence, u.variable.name, u.variable.version) for u in got])
    assert_that(seen[0], has_length(count), f"the updates that {one} received")
    told = in_order(seen[0], lambda update: "{1!r} at version {2} with the sequence {0}".format(*update))
    assert_that(seen[1], told, f"what {other} received, beside what {one} received")


@then("in what {person} received, each change of {name} or {name} stands next to its partner")
def step_partners(context, person, one, other):
    """Between two updates of one atomic batch there is no other."""
    total = context.world.loads.changes
    got = wait_for_news(context.world.watchers[person].watch, total)
    assert_that(got, has_length(total), f"the updates that {person} received")
    pairs = [
        (place, update.variable.version)
        for place, update in enumerate(got)
        if update.variable.name in (one, other)
    ]
    for (place, version), (next_place, next_version) in zip(pairs[::2], pairs[1::2], strict=True):
        between = f", after a {describe(got[place + 1])}" if next_place > place + 1 else ""
        expect(
            (next_place, next_version) == (place + 1, version),
            f"the partner of update {place + 1}, version {version}, to be update {place + 2}",
            f"it was update {next_place + 1}, version {next_version}{between}",
        )


@then("each of them receives the versions {int} to {int}")
def step_many_receive(context, first, last):
    """Each of very many watches got these versions, in order, each holding its own number."""
    watch_pool = context.world.watchers.pool
    expected = [(n, n) for n in range(first, last + 1)]
    watch_pool.wait_for(len(expected), 6 * DEADLINE)
    for number, received in enumerate(watch_pool.received):
        told = in_order(expected, lambda one: f"version {one[0]} with {one[1]}")
        assert_that(received, told, f"what watch {number + 1} of {len(watch_pool.received)} received")


@then("each of them received every version from its first on")
def step_seam(context):
    """Each watch began with the present values, and every later version followed, with its value."""
    writers = context.world.loads.writers
    for number, watcher in enumerate(context.world.loads.opened):
        got = watcher.watch.wait_for(writers.arrived, DEADLINE)
        assert_that(writers.violations(f"watch {number}", got), no_faults(), "what was missed or wrong")
