"""Steps about watches: who watches what, over which line, and who stops."""

import time
from concurrent.futures import ThreadPoolExecutor

from behave import given, then, when
from hamcrest import assert_that, equal_to

from varbridge.conformance.clients.racing_writers import RacingWriters
from varbridge.conformance.clients.watch_pool import WatchPool
from varbridge.conformance.scenario.watch_assertions import wait_for_news
from varbridge.conformance.scenario.world import DEADLINE
from varbridge.conformance.vocabulary.literals import Literal
from varbridge.messages import snakepit_bridge_pb2 as pb


@given("{person} watches {names}, present values included")
@when("{person} watches {names}, present values included")
def step_watch_with_initial(context, person, names):
    """Someone watches variables, and gets their present values first."""
    context.world.watch(person, names, initial=True)


@given("{person} watches {names}")
@when("{person} watches {names}")
def step_watch(context, person, names):
    """Someone watches variables, on a connection of their own."""
    context.world.watch(person, names)


@given("{people} each watch {names}, present values included")
def step_each_watch_with_initial(context, people, names):
    """Several people watch the same variables, and get their present values first."""
    for person in people:
        context.world.watch(person, names, initial=True)


@given("{people} each watch {names}")
def step_each_watch(context, people, names):
    """Several people watch the same variables, each on a connection of their own."""
    for person in people:
        context.world.watch(person, names)


@when("{person} watches every variable, present values included")
def step_watch_all_included(context, person):
    """Someone watches all variables, and is to be told first what they are."""
    context.world.watch(person, [], initial=True)


@given("{person} watches every variable")
def step_watch_all(context, person):
    """Someone watches all variables, also those to come."""
    context.world.watch(person, [])


@given("{person} watches {name} by its id")
def step_watch_by_id(context, person, name):
    """Someone watches a variable that is named by its id."""
    context.world.watch(person, [context.world.sessions.id_of(name)])


@when("{person} watches {name} by its name and by its id, present values included")
def step_watch_twice_with_initial(context, person, name):
    """Someone names one variable twice in a watch, and gets present values first."""
    context.world.watch(person, [name, context.world.sessions.id_of(name)], initial=True)


@given("{person} watches {name} by its name and by its id")
def step_watch_twice(context, person, name):
    """Someone names one variable twice in a watch."""
    context.world.watch(person, [name, context.world.sessions.id_of(name)])


@when("{name} goes through {value}")
def step_set_each(context, name, values):
    """Set a variable to one value after the other, given as a JSON list."""
    for value in values.python():
        context.world.attempt(lambda value=value: context.world.set(name, Literal(repr(value))))


@when("{person} stops watching")
def step_stop_watching(context, person):
    """Someone cancels their watch."""
    context.world.watchers[person].watch.close()


@given("{person} watches {names} over a line of their own")
def step_watch_over_line(context, person, names):
    """Someone watches over a connection that the scenario can cut or stall."""
    context.world.people.proxy_of(person)
    context.world.watch(person, names)


@given("{person}'s line was cut")
@when("{person}'s line is cut")
def step_cut(context, person):
    """Someone's connection breaks."""
    context.world.people.proxy_of(person).cut()
    context.world.watchers[person].watch.wait_until_over(DEADLINE)


@given("{person}'s line has stalled")
def step_stall(context, person):
    """Nothing comes through someone's connection any more, and it stays open."""
    context.world.people.proxy_of(person).stall()


@when("{person}'s line flows again")
def step_flow(context, person):
    """Everything that waited in someone's connection comes through."""
    context.world.people.proxy_of(person).flow()


@given("{name} was set {int} times to long texts")
@when("{name} is set {int} times to long texts")
def step_set_long(context, name, times):
    """Set a string over and over to texts of 50,000 characters that tell which they are."""
    context.world.loads.long_texts = times
    for number in range(times):
        context.world.session.set(name, f"{number:06} " + "x" * 50_000, kind="string")


@given("{person} stopped watching")
def step_stopped_watching(context, person):
    """Someone has cancelled their watch."""
    context.world.watchers[person].watch.close()


@given("{person} hung up")
@when("{person} hangs up")
def step_hang_up(context, person):
    """Someone's connection goes away without a word."""
    context.world.people.hang_up(person)
    context.world.watchers[person].watch.wait_until_over(DEADLINE)


@given("{person} received {int} update")
@given("{person} received {int} updates")
def step_received(context, person, count):
    """Someone has got so many updates."""
    watcher = context.world.watchers[person]
    got = wait_for_news(watcher.watch, count)
    assert_that(len(got), equal_to(count), f"the updates that {person} received")
    watcher.position = count


@given("{person} received a heartbeat")
def step_received_heartbeat(context, person):
    """Someone's idle watch has heard that it is there; it has got nothing else."""
    updates = context.world.watchers[person].watch.wait_for(lambda got: len(got) > 0, DEADLINE)
    assert_that([update.kind for update in updates[:1]], equal_to(["heartbeat"]), f"what {person} received")


def resume(context, person, names, after=None, **options):
    """Watch again, after a sequence or after the last one seen."""
    if after is None:
        after = context.world.watchers[person].watch.updates[-1].sequence
    context.world.watch(person, names, resume_after=after, **options)


@when("{person} resumes watching every variable")
def step_resume_all(context, person):
    """Someone watches all variables, after the last update that they saw."""
    resume(context, person, [])


@when("{person} resumes watching {names}, present values included")
def step_resume_with_initial(context, person, names):
    """Someone watches again after the last update that they saw, and asks for present values."""
    resume(context, person, names, initial=True)


@when("{person} resumes watching {names}")
def step_resume(context, person, names):
    """Someone watches again, after the last update that they saw."""
    resume(context, person, names)


@when("{person} resumes watching {names} after sequence {int}")
def step_resume_after(context, person, names, sequence):
    """Someone asks for what follows this sequence."""
    resume(context, person, names, sequence)


@when("{person} resumes watching {names} {int} after the last sequence")
def step_resume_ahead(context, person, names, ahead):
    """Someone asks for what follows a sequence that is yet to come."""
    with context.world.session.watch(*names, initial=True) as watch:
        (present,) = watch.wait_for(lambda updates: len(updates) == 1, DEADLINE)
    resume(context, person, names, present.sequence + ahead)


@then("within {int} s {person} can watch {names}")
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


@given("{int} clients watch {name}")
def step_many_watch(context, count, name):
    """Very many watches of one variable."""
    world = context.world
    request = pb.WatchVariablesRequest(session_id=world.sessions.id, variable_identifiers=[name])
    world.watchers.pool = WatchPool(
        world.client.connection.address, world.target.options.service, request, count, 6 * DEADLINE
    )


@when("{int} watches of {names} open while {int} clients set them over and over")
def step_open_under_fire(context, count, names, clients):
    """Watches open, present values included, four at a time, while writers write all the while."""
    world = context.world
    openers = [world.session_of(f"Opener {number}") for number in range(4)]

    def watch(number):
        opener = openers[number % len(openers)]
        return world.watch(f"watch {number}", names, session=opener, initial=True)

    context.world.loads.writers = RacingWriters(
        [world.session_of(f"Writer {number}") for number in range(clients)], names
    )
    with context.world.loads.writers, ThreadPoolExecutor(len(openers)) as pool:
        context.world.loads.opened = [*pool.map(watch, range(count))]


@when("{int} watches of {name} open while it is set over and over")
def step_open_one_by_one(context, count, name):
    """Watches open one after the other, present values included, while one writer writes all the while."""
    world = context.world
    context.world.loads.writers = RacingWriters([world.session_of("Writer")], [name], least=count)
    with context.world.loads.writers:
        context.world.loads.opened = [
            world.watch(f"watch {number}", [name], session=world.session, initial=True)
            for number in range(count)
        ]
