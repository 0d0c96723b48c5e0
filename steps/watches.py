"""Steps about watches."""

import time

from behave import given, then, when
from hamcrest import assert_that, equal_to, greater_than, greater_than_or_equal_to, has_length

from harness.crowd import Crowd
from harness.literals import Literal
from harness.matchers import describe, is_refusal, is_update
from harness.world import DEADLINE
from proto import snakepit_bridge_pb2 as pb


def news(updates):
    """The updates that are about variables: heartbeats come when they come."""
    return [update for update in updates if update.kind != "heartbeat"]


def receives(context, person, rows):
    """The next updates of a person's watch are these, in this order."""
    watcher = context.world.watchers[person]
    wanted = watcher.position + len(rows)
    got = news(watcher.watch.wait_for(lambda updates: len(news(updates)) >= wanted, DEADLINE))
    fresh = got[watcher.position : wanted]
    for number, (update, row) in enumerate(zip(fresh, rows, strict=False), 1):
        assert_that(update, is_update(row), f"update {number} that {person} received")
    if len(fresh) < len(rows):
        heard = "; ".join(map(describe, fresh)) or "nothing"
        end = f", then the watch ended: {watcher.watch.ended}" if watcher.watch.over else ""
        raise AssertionError(
            f"{person} should have received {len(rows)} updates within {DEADLINE:g} s,"
            f" but received {heard}{end}"
        )
    watcher.position = wanted


@given("{person:Person} watches {names:Names}, present values included")
@when("{person:Person} watches {names:Names}, present values included")
def step_watch_with_initial(context, person, names):
    """Someone watches variables, and gets their present values first."""
    context.world.watch(person, names, initial=True)


@given("{person:Person} watches {names:Names}")
@when("{person:Person} watches {names:Names}")
def step_watch(context, person, names):
    """Someone watches variables, on a connection of their own."""
    context.world.watch(person, names)


@given("{people:People} each watch {names:Names}, present values included")
def step_each_watch_with_initial(context, people, names):
    """Several people watch the same variables, and get their present values first."""
    for person in people:
        context.world.watch(person, names, initial=True)


@given("{people:People} each watch {names:Names}")
def step_each_watch(context, people, names):
    """Several people watch the same variables, each on a connection of their own."""
    for person in people:
        context.world.watch(person, names)


@given("{person:Person} watches every variable")
def step_watch_all(context, person):
    """Someone watches all variables, also those to come."""
    context.world.watch(person, [])


@given("{person:Person} watches {name:Name} by its id")
def step_watch_by_id(context, person, name):
    """Someone watches a variable that is named by its id."""
    context.world.watch(person, [context.world.id_of(name)])


@when("{person:Person} watches {name:Name} by its name and by its id, present values included")
def step_watch_twice_with_initial(context, person, name):
    """Someone names one variable twice in a watch, and gets present values first."""
    context.world.watch(person, [name, context.world.id_of(name)], initial=True)


@given("{person:Person} watches {name:Name} by its name and by its id")
def step_watch_twice(context, person, name):
    """Someone names one variable twice in a watch."""
    context.world.watch(person, [name, context.world.id_of(name)])


@when("{name:Name} goes through {values:Value}")
def step_set_each(context, name, values):
    """Set a variable to one value after the other, given as a JSON list."""
    for value in values.python():
        context.world.attempt(lambda value=value: context.world.set(name, Literal(repr(value))))


@when("{person:Person} stops watching")
def step_stop_watching(context, person):
    """Someone cancels their watch."""
    context.world.watchers[person].watch.close()


@given("{person:Person} watches {names:Names} over a line of their own")
def step_watch_over_line(context, person, names):
    """Someone watches over a connection that the scenario can cut or stall."""
    context.world.line_of(person)
    context.world.watch(person, names)


@given("{person:Person}'s line was cut")
@when("{person:Person}'s line is cut")
def step_cut(context, person):
    """Someone's connection breaks."""
    context.world.line_of(person).cut()
    context.world.watchers[person].watch.wait_until_over(DEADLINE)


@given("{person:Person}'s line has stalled")
def step_stall(context, person):
    """Nothing comes through someone's connection any more, and it stays open."""
    context.world.line_of(person).stall()


@when("{person:Person}'s line flows again")
def step_flow(context, person):
    """Everything that waited in someone's connection comes through."""
    context.world.line_of(person).flow()


@given("{name:Name} was set {times:d} times to long texts")
@when("{name:Name} is set {times:d} times to long texts")
def step_set_long(context, name, times):
    """Set a string over and over to texts of 50,000 characters that tell which they are."""
    context.long_texts = times
    for number in range(times):
        context.world.session.set(name, long_text(number), kind="string")


def long_text(number):
    return f"{number:06} " + "x" * 50_000


@then("{person:Person} receives all of them, in order")
def step_receives_long(context, person):
    """Each of the long texts came, once, in order."""
    times = context.long_texts
    updates = news(
        context.world.watchers[person].watch.wait_for(lambda got: len(news(got)) >= times, DEADLINE)
    )
    got = [update.variable.value[:6] for update in updates]
    assert_that(
        got, equal_to([f"{number:06}" for number in range(times)]), f"the texts that {person} received"
    )


@then("{person:Person} receives them in order without a gap, to the last or to an end as out of range")
def step_receives_or_learns(context, person):
    """A reader that was held up gets everything, or the word that it does not."""
    times = context.long_texts
    watch = context.world.watchers[person].watch
    updates = news(watch.wait_for(lambda got: len(news(got)) >= times, 6 * DEADLINE))
    got = [update.variable.value[:6] for update in updates]
    assert_that(
        got, equal_to([f"{number:06}" for number in range(len(got))]), f"the texts that {person} received"
    )
    if len(got) < times:
        ends(context, person, "out of range")


@given("{person:Person} stopped watching")
def step_stopped_watching(context, person):
    """Someone has cancelled their watch."""
    context.world.watchers[person].watch.close()


@given("{person:Person} hung up")
@when("{person:Person} hangs up")
def step_hang_up(context, person):
    """Someone's connection goes away without a word."""
    context.world.hang_up(person)
    context.world.watchers[person].watch.wait_until_over(DEADLINE)


@given("{person:Person} received {count:d} update")
@given("{person:Person} received {count:d} updates")
def step_received(context, person, count):
    """Someone has got so many updates."""
    watcher = context.world.watchers[person]
    got = news(watcher.watch.wait_for(lambda updates: len(news(updates)) >= count, DEADLINE))
    assert_that(len(got), equal_to(count), f"the updates that {person} received")
    watcher.position = count


def resume(context, person, names, after=None, **options):
    """Watch again, after a sequence or after the last one seen."""
    if after is None:
        after = context.world.watchers[person].watch.updates[-1].sequence
    context.world.watch(person, names, resume_after=after, **options)


@when("{person:Person} resumes watching {names:Names}, present values included")
def step_resume_with_initial(context, person, names):
    """Someone watches again after the last update that they saw, and asks for present values."""
    resume(context, person, names, initial=True)


@when("{person:Person} resumes watching {names:Names}")
def step_resume(context, person, names):
    """Someone watches again, after the last update that they saw."""
    resume(context, person, names)


@when("{person:Person} resumes watching {names:Names} after sequence {sequence:d}")
def step_resume_after(context, person, names, sequence):
    """Someone asks for what follows this sequence."""
    resume(context, person, names, sequence)


@when("{person:Person} resumes watching {names:Names} {ahead:d} after the last sequence")
def step_resume_ahead(context, person, names, ahead):
    """Someone asks for what follows a sequence that is yet to come."""
    with context.world.session.watch(*names, initial=True) as watch:
        (present,) = watch.wait_for(lambda updates: len(updates) == 1, DEADLINE)
    resume(context, person, names, present.sequence + ahead)


@then("within {seconds:d} s {person:Person} can watch {names:Names}")
def step_can_watch(context, seconds, person, names):
    """A place for a watch becomes free in time: someone who tries again and again gets it."""
    deadline = time.monotonic() + seconds
    session = context.world.session_of(person)
    refusals = []
    while time.monotonic() < deadline:
        with session.watch(*names, initial=True) as watch:
            if watch.wait_for(lambda updates: len(updates) > 0, DEADLINE):
                return
            refusals.append(watch.ended)
    raise AssertionError(f"no watch was accepted within {seconds} s; the last answer was {refusals[-1]}")


@then("{person:Person} receives:")
def step_receives(context, person):
    """The next updates of someone's watch, as a table."""
    context.world.require_success()
    receives(context, person, [row.as_dict() for row in context.table])


@then("{people:People} each receive:")
def step_each_receives(context, people):
    """The next updates of several people's watches, as a table."""
    context.world.require_success()
    for person in people:
        receives(context, person, [row.as_dict() for row in context.table])


@then("{person:Person} receives the values {values:Value} of {name:Name}")
def step_receives_values(context, person, values, name):
    """The next updates of someone's watch are changes to these values, in this order."""
    rows = [{"update": "value change", "variable": name, "value": repr(v)} for v in values.python()]
    receives(context, person, rows)


@then("{people:People} each receive the values {values:Value} of {name:Name}")
def step_each_receives_values(context, people, values, name):
    """The next updates of several people's watches are changes to these values, in this order."""
    for person in people:
        step_receives_values(context, person, values, name)


@then("{person:Person} receives nothing else")
def step_receives_nothing_else(context, person):
    """Nothing came besides: the next update is that of a change made now, as a marker."""
    world = context.world
    world.require_success()
    watcher = world.watchers[person]
    found, _ = watcher.session.get_many(watcher.names or [watcher.session.list()[0].name])
    marked = next(variable for variable in found.values() if watcher.sees(variable))
    version = watcher.session.set(marked.id, marked.raw)
    receives(
        context,
        person,
        [{"update": "value change", "variable": marked.name, "version": str(version)}],
    )


@then("{person:Person}'s watch ends as {reason:Reason}, saying {phrase:Name}")
def step_watch_ends_saying(context, person, reason, phrase):
    """The bridge ended someone's watch with this status and these words."""
    ends(context, person, reason, phrase)


@then("{person:Person}'s watch ends as {reason:Reason}")
def step_watch_ends(context, person, reason):
    """The bridge ended someone's watch with this status."""
    ends(context, person, reason)


@then("{person:Person}'s watch ends as {reason:Reason}, not before {seconds:d} s have passed")
def step_watch_ends_later(context, person, reason, seconds):
    """The bridge ended someone's watch, and so much time had passed since the last call."""
    watch = ends(context, person, reason)
    assert_that(watch.ended_at - context.quiet_since, greater_than_or_equal_to(seconds), "the seconds passed")


def ends(context, person, reason, phrase=None):
    watch = context.world.watchers[person].watch
    assert_that(watch.wait_until_over(DEADLINE), equal_to(True), f"whether {person}'s watch ended")
    assert_that(watch.ended, is_refusal(reason, phrase), f"the end of {person}'s watch")
    return watch


@then("{person:Person}'s watch receives a heartbeat with the sequence of the last update")
def step_heartbeat(context, person):
    """An idle watch gets a heartbeat that carries the current sequence and no variable."""
    expect_heartbeat(context, person, person)


@then("{person:Person}'s watch receives a heartbeat with the sequence that {other:Person} saw last")
def step_heartbeat_of_session(context, person, other):
    """The sequence of a heartbeat is the session's, also where the last update was not for this watch."""
    expect_heartbeat(context, person, other)


def expect_heartbeat(context, person, other):
    last = max(update.sequence for update in news(context.world.watchers[other].watch.updates))
    watch = context.world.watchers[person].watch
    # One that was sent before the last update may come first; the next carries that update's sequence.
    updates = watch.wait_for(lambda got: any(is_heartbeat(u) and u.sequence >= last for u in got), DEADLINE)
    beats = [update for update in updates if is_heartbeat(update)]
    assert_that(len(beats), greater_than(0), f"the heartbeats that {person} received within {DEADLINE:g} s")
    assert_that(beats[-1].sequence, equal_to(last), "the sequence of the last heartbeat")
    assert_that([beat.variable for beat in beats if beat.variable], equal_to([]), "variables in heartbeats")


def is_heartbeat(update):
    return update.kind == "heartbeat"


@then("{person:Person} receives the versions {first:d} to {last:d} of {name:Name}")
def step_receives_versions(context, person, first, last, name):
    """The next updates are these versions, where each version holds its own number."""
    receives_versions(context, person, first, last, name)


@then(
    "{people:People} each receive the versions {first:d} to {last:d} of {name:Name},"
    " each with the value of that version"
)
def step_each_receives_versions(context, people, first, last, name):
    """The next updates of several people's watches are these versions, each holding its own number."""
    for person in people:
        receives_versions(context, person, first, last, name)


def receives_versions(context, person, first, last, name):
    watcher = context.world.watchers[person]
    wanted = watcher.position + last - first + 1
    got = news(watcher.watch.wait_for(lambda updates: len(news(updates)) >= wanted, DEADLINE))
    pairs = [(update.variable.version, update.variable.value) for update in got[watcher.position : wanted]]
    assert_that({update.variable.name for update in got}, equal_to({name}), "the variables of the updates")
    expected = [(n, n) for n in range(first, last + 1)]
    assert_that(pairs, equal_to(expected), f"the versions and values that {person} received")
    watcher.position = wanted


@then("{one:Person} and {other:Person} received {count:d} updates in the same order, with the same sequences")
def step_same_order(context, one, other, count):
    """Two watches saw the same updates under the same sequences."""
    seen = []
    for person in (one, other):
        got = context.world.watchers[person].watch.wait_for(
            lambda updates: len(news(updates)) >= count, DEADLINE
        )
        seen.append([(u.sequence, u.variable.name, u.variable.version) for u in news(got)])
    assert_that(seen[0], has_length(count), f"the updates that {one} received")
    assert_that(seen[1], equal_to(seen[0]), f"what {other} received, beside what {one} received")


@then(
    "in what {person:Person} received, each change of {one:Name} or {other:Name} stands next to its partner"
)
def step_partners(context, person, one, other):
    """Between two updates of one atomic batch there is no other."""
    made = context.batches
    total = 3 * made
    got = news(context.world.watchers[person].watch.wait_for(lambda got: len(news(got)) >= total, DEADLINE))
    assert_that(got, has_length(total), f"the updates that {person} received")
    pairs = [
        (place, update.variable.version)
        for place, update in enumerate(got)
        if update.variable.name in (one, other)
    ]
    for (place, version), (next_place, next_version) in zip(pairs[::2], pairs[1::2], strict=True):
        assert_that(
            (next_place, next_version), equal_to((place + 1, version)), f"the partner of update {place}"
        )


@given("{count:d} clients watch {name:Name}")
def step_many_watch(context, count, name):
    """Very many watches of one variable."""
    world = context.world
    request = pb.WatchVariablesRequest(session_id=world.session_id, variable_identifiers=[name])
    world.crowd = Crowd(world.connection.address, world.target.service, request, count, 6 * DEADLINE)


@then("each of them receives the versions {first:d} to {last:d}")
def step_many_receive(context, first, last):
    """Each of very many watches got these versions, in order, each holding its own number."""
    crowd = context.world.crowd
    expected = [(n, n) for n in range(first, last + 1)]
    crowd.wait_for(len(expected), 6 * DEADLINE)
    for number, received in enumerate(crowd.received):
        assert_that(received, equal_to(expected), f"what watch {number} of {len(crowd.received)} received")


@then("each of them received every version from its first on")
def step_seam(context):
    """Each watch began with the present value, and every later version followed, up to the last."""
    for number, watch in enumerate(context.opened):
        got = watch.wait_for(lambda got: bool(got) and got[-1].variable.version >= context.last, DEADLINE)
        assert_that(got[0].kind, equal_to("initial_value"), f"the first update of watch {number}")
        versions = [update.variable.version for update in got]
        expected = list(range(versions[0], context.last + 1))
        assert_that(versions, equal_to(expected), f"the versions that watch {number} received")
        values = [update.variable.value for update in got]
        assert_that(values, equal_to(expected), f"the values that watch {number} received")
        watch.close()
