"""Steps about the updates that watches receive, and about the ends of watches."""

import re
import time

from behave import step, then
from hamcrest import assert_that, equal_to, greater_than_or_equal_to, has_length, less_than_or_equal_to

from varbridge.conformance.clients.collected_watch import collect
from varbridge.conformance.scenario.heartbeats import stated_interval_s
from varbridge.conformance.scenario.notes import LoadNotes, ReadNotes, ServerNotes
from varbridge.conformance.scenario.prerequisites import needs, watch_of
from varbridge.conformance.scenario.watch_assertions import (
    expect_end,
    expect_heartbeat,
    expect_updates,
    expect_versions,
    wait_for_news,
)
from varbridge.conformance.scenario.watchers import Watchers
from varbridge.conformance.scenario.world import DEADLINE_S
from varbridge.conformance.vocabulary.cells import EMPTY_VALUE, EMPTY_WORDS, NAME, SOME_TEXTS, VERSION, one_of
from varbridge.conformance.vocabulary.contents import decoded, item, variable_of
from varbridge.conformance.vocabulary.encoding import encode, read_value
from varbridge.conformance.vocabulary.matchers import expect, in_order, no_faults
from varbridge.conformance.vocabulary.tables import optional, table
from varbridge.conformance.vocabulary.updates import KINDS, describe

UPDATE = {
    "update": one_of(*KINDS),
    "variable": optional(NAME),
    "value": optional(EMPTY_VALUE),
    "previous": optional(EMPTY_VALUE),
    "version": optional(VERSION),
    "changed by": optional(EMPTY_WORDS),
    "metadata": optional(SOME_TEXTS),
}
"""The columns of the tables of updates."""


def last_call(arguments):
    """Return the time of the last call, if the end of a watch is measured from it."""
    return [] if arguments["end"].later_s is None else [ReadNotes.quiet_since]


@then("{people} (each )receive(s):")
@needs(watch_of("people"))
@table(UPDATE)
def step_receive(context, people, rows):
    """Check the next updates of each watch: a table of one row per update, with the fields to check."""
    context.world.require_success()
    for person in people:
        expect_updates(context.world, person, rows)


@then("{people} (each )receive(s) the versions {int} to {int} of {name}")
@needs(watch_of("people"))
def step_receive_versions(context, people, first, last, name):
    """Check that the next updates of each watch are these versions, each with its version number as value."""
    for person in people:
        expect_versions(context.world, person, first, last, name)


@then("{people} (each )receive(s) nothing else")
@needs(watch_of("people"))
def step_receive_nothing_else(context, people):
    """Set a variable as a marker, and check that its update is the next one of each watch."""
    for person in people:
        receive_marker(context.world, person)


def receive_marker(world, person):
    world.require_success()
    watcher = world.watchers[person]
    names = watcher.names or [item(watcher.session.list(), 0, "a variable to set as a marker").name]
    variables, _ = watcher.session.get_many(names)
    marked = item([*filter(watcher.sees, variables.values())], 0, f"a variable that {person} watches")
    version = watcher.session.set(marked.id, marked.raw)
    row = {"update": "value change", "variable": marked.name, "version": version}
    expect_updates(world, person, [row])


@then("{person} receives {int} update(s) with the type_url {name}")
@needs(watch_of("person"))
def step_receive_url(context, person, count, url):
    """Check that the next updates of a watch are so many, whose values all have this type_url."""
    context.world.require_success()
    watcher = context.world.watchers[person]
    updates = wait_for_news(watcher.watch, watcher.position + count)[watcher.position :]
    watcher.position += len(updates)
    assert_that([variable_of(update).raw.type_url for update in updates], equal_to([url] * count))


@then("{person} receives all {int} long texts in order")
@needs(watch_of("person"))
def step_receive_long(context, person, count):
    """Check that a watch received each of the long texts once, in order."""
    numbers = long_texts(wait_for_news(context.world.watchers[person].watch, count))
    assert_that(numbers, in_order(range(count)), f"the texts that {person} received")


@then("{person} receives the {int} long texts in order, to the last or to the end of the watch {status}")
@needs(watch_of("person"))
def step_receive_long_or_end(context, person, count, status):
    """Check that a watch received the long texts without a gap: all, or those before it ended this way."""
    watch = context.world.watchers[person].watch
    numbers = long_texts(wait_for_news(watch, count, 6 * DEADLINE_S))
    assert_that(numbers, in_order(range(len(numbers))), f"the texts that {person} received")
    if len(numbers) < count:
        expect_end(context.world, person, status)


@then("{person} receives the versions {int} to {int} of {name}, or the end of the watch {status}")
@needs(watch_of("person"))
def step_receive_versions_or_end(context, person, first, last, name, status):
    """Check that a watch received exactly these versions of a variable, or nothing and then this end."""
    count = last - first + 1
    updates = wait_for_news(context.world.watchers[person].watch, count, 6 * DEADLINE_S)
    if not updates:
        expect_end(context.world, person, status)
        return
    received = [(update.variable.name, update.variable.version) for update in updates if update.variable]
    expected = [(name, version) for version in range(first, last + 1)]
    assert_that(received, in_order(expected), f"the versions that {person} received")


def long_texts(updates):
    texts = [str(read_value(variable_of(update)))[:6] for update in updates]
    return [decoded(int, text, "a text that begins with its number") for text in texts]


@step("{person}'s watch ends/ended {end}")
@needs(watch_of("person"), last_call)
def step_watch_ends(context, person, end):
    """Check that the bridge ends a watch with this status, and at the time that the step may name."""
    watch = expect_end(context.world, person, end.status, end.phrase, end.within_s or DEADLINE_S)
    if end.within_s is not None:
        passed_s = watch.ended_at - context.world.acted_at
        assert_that(passed_s, less_than_or_equal_to(end.within_s), "the seconds from the last call or event")
    if end.later_s is not None:
        passed_s = watch.ended_at - context.world.reads.quiet_since
        assert_that(passed_s, greater_than_or_equal_to(end.later_s), "the seconds passed")


@then("the end of {person}'s watch names the oldest sequence that is retained")
@needs(watch_of("person"))
def step_end_names_oldest(context, person):
    """Check that the end's message has a sequence N such that a watch that resumes after N-1 begins at N."""
    watcher = context.world.watchers[person]
    message = expect_end(context.world, person, "as out of range").ended.message
    oldest = [n for n in map(int, re.findall(r"\d{1,18}", message)) if begins_at(watcher, n)]
    assert_that(oldest, has_length(greater_than_or_equal_to(1)), f"the oldest sequences named by {message!r}")


def begins_at(watcher, sequence):
    with collect(watcher.session, *watcher.names, resume_after=sequence - 1) as watch:
        updates = watch.wait_for(lambda received: len(received) > 0, 1.0)
        return bool(updates) and updates[0].sequence == sequence


@then("{person} receives a heartbeat with the sequence of {person}'s last update")
@needs(watch_of("person"), watch_of("other"))
def step_heartbeat(context, person, other):
    """Check that an idle watch receives a heartbeat with the session's current sequence and no variable."""
    expect_heartbeat(context.world, person, other)


@then("{person} receives {int} heartbeats at the configured interval")
@needs(watch_of("person"), ServerNotes.heartbeat_interval_s)
def step_heartbeats_at_interval(context, person, count):
    """Check that the first updates of an idle watch are heartbeats, that they take a fourth to four times as
    long as so many intervals, and that a watch states this interval, if it states one."""
    interval_s = context.world.starts.heartbeat_interval_s
    stated_s = stated_interval_s(context.world)
    expect(
        stated_s in (None, interval_s),
        f"a watch to state an interval of {interval_s:g} s, if it states one",
        f"it stated {stated_s} s",
    )
    expected_s = count * interval_s
    expect_heartbeats(context.world, person, count, expected_s / 4, expected_s * 4)


@step("{person} receives/received {int} heartbeat(s) in {number} to {number} s")
@needs(watch_of("person"))
def step_heartbeats(context, person, count, least, most):
    """Check that the first updates of an idle watch are heartbeats, and that the last comes in this time."""
    expect_heartbeats(context.world, person, count, least, most)


def expect_heartbeats(world, person, count, least, most):
    def heartbeats(updates):
        return [update for update in updates if update.kind == "heartbeat"]

    began = time.monotonic()
    watch = world.watchers[person].watch
    updates = watch.wait_for(lambda received: len(heartbeats(received)) >= count, most)
    took = time.monotonic() - began
    number = len(heartbeats(updates))
    assert_that(number, greater_than_or_equal_to(count), f"the heartbeats that {person} received")
    assert_that(took, greater_than_or_equal_to(least), f"the seconds in which {person} received them")
    kinds = [update.kind for update in updates[:count]]
    assert_that(kinds, equal_to(["heartbeat"] * count), f"the first updates that {person} received")


@then("{person} and {person} receive {int} updates in the same order, with the same sequences")
@needs(watch_of("person"), watch_of("other"))
def step_same_order(context, person, other, count):
    """Check that two watches receive the same updates with the same sequences."""
    received = []
    for watcher in (person, other):
        updates = wait_for_news(context.world.watchers[watcher].watch, count)
        received.append([(u.sequence, variable_of(u).name, variable_of(u).version) for u in updates])
    assert_that(received[0], has_length(count), f"the updates that {person} received")
    expected = in_order(
        received[0], lambda update: "{1!r} at version {2} with the sequence {0}".format(*update)
    )
    assert_that(received[1], expected, f"what {other} received, compared with what {person} received")


@then("{person} receives the updates of {name} and {name} in pairs, one for each batch")
@needs(watch_of("person"), LoadNotes.changes)
def step_pairs(context, person, first, second):
    """Check that no other update comes between the two updates of an atomic batch."""
    total = context.world.loads.changes
    updates = wait_for_news(context.world.watchers[person].watch, total)
    assert_that(updates, has_length(total), f"the updates that {person} received")
    of_batches = [
        (place, variable_of(update).version)
        for place, update in enumerate(updates)
        if variable_of(update).name in (first, second)
    ]
    expect(len(of_batches) % 2 == 0, "two updates for each batch", f"there were {len(of_batches)} in all")
    pairs = zip(of_batches[::2], of_batches[1::2], strict=True)
    for (place, version), (next_place, next_version) in pairs:
        between = f", after a {describe(updates[place + 1])}" if next_place > place + 1 else ""
        expect(
            (next_place, next_version) == (place + 1, version),
            f"the partner of update {place + 1}, version {version}, to be update {place + 2}",
            f"it was update {next_place + 1}, version {next_version}{between}",
        )


@then("each client receives the versions {int} to {int}")
@needs(Watchers.pool)
def step_many_receive(context, first, last):
    """Check that each client's watch receives these versions, each with its version number as value."""
    watch_pool = context.world.watchers.pool
    expected = [(number, number) for number in range(first, last + 1)]
    watch_pool.wait_for(len(expected), 6 * DEADLINE_S)
    for number, received in enumerate(watch_pool.received, 1):
        versions = in_order(expected, lambda pair: f"version {pair[0]} with {pair[1]}")
        assert_that(received, versions, f"what watch {number} of {len(watch_pool.received)} received")


@then("{person} has received no change of a locked variable")
@needs(watch_of("person"))
def step_no_change_under_lock(context, person):
    """Check that after a last change no update of a watch shows a value change of a locked variable."""
    world = context.world
    watcher = world.watchers[person]
    marker = world.session.register("the last one", "integer", encode("integer", 0)).id
    updates = watcher.watch.wait_for(
        lambda received: any(update.variable_id == marker for update in received), 6 * DEADLINE_S
    )
    expect(
        any(update.variable_id == marker for update in updates),
        f"{person} to receive the last registration",
        "it did not come",
    )
    changed = [
        update.variable.name
        for update in updates
        if update.kind == "value_change" and update.variable and update.variable.optimizer_id is not None
    ]
    assert_that(changed, has_length(0), "the variables that were changed while they were locked")


@then("each watch receives every later version")
@needs(LoadNotes.writers, LoadNotes.resumed)
def step_no_gap_after(context):
    """Check that each watch received exactly the versions after the one after which it resumed."""
    writers = context.world.loads.writers
    for number, (version, watcher) in enumerate(context.world.loads.resumed, 1):
        updates = watcher.watch.wait_for(writers.arrived, DEADLINE_S)
        violations = writers.violations_after(version, f"watch {number}", updates)
        assert_that(violations, no_faults(), "the missed or wrong updates")


@then("each watch receives its initial values and every later version")
@needs(LoadNotes.writers, LoadNotes.opened)
def step_no_gap(context):
    """Check that each watch received the initial values first, then every later version."""
    writers = context.world.loads.writers
    for number, watcher in enumerate(context.world.loads.opened):
        updates = watcher.watch.wait_for(writers.arrived, DEADLINE_S)
        violations = writers.violations(f"watch {number}", updates)
        assert_that(violations, no_faults(), "the missed or wrong updates")
