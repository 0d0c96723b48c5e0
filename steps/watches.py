"""Steps about watches: their variables, their connections, and their ends."""

import time
from concurrent.futures import ThreadPoolExecutor

from behave import given, then
from hamcrest import assert_that, equal_to

from varbridge.conformance.clients.collected_watch import collect
from varbridge.conformance.clients.racing_writers import RacingWriters
from varbridge.conformance.clients.watch_pool import WatchPool
from varbridge.conformance.scenario.notes import LoadNotes
from varbridge.conformance.scenario.prerequisites import answer, needs, provides, watch_of
from varbridge.conformance.scenario.watch_assertions import wait_for_news
from varbridge.conformance.scenario.watchers import Watchers
from varbridge.conformance.scenario.world import DEADLINE_S
from varbridge.conformance.vocabulary.contents import item
from varbridge.conformance.vocabulary.encoding import encode
from varbridge.conformance.vocabulary.phrases import action, event
from varbridge.messages import snakepit_bridge_pb2 as pb


def earlier_watch(arguments):
    """Return the person's earlier watch, if a new one resumes after its last update."""
    request = arguments["request"]
    return [watch_of("person")] if request.after is None and request.beyond is None else []


@event("{people} (each )watch/watches {watch}")
@provides(watch_of("people"))
def step_watch(context, people, request):
    """Open a watch for each client, on a connection of its own; the watches are open after this step."""
    for person in people:
        watch(context, person, request)


@event("{person} resumes watching {watch}")
@needs(earlier_watch)
@provides(watch_of("person"))
def step_resume(context, person, request):
    """Open a watch that resumes after a sequence: the named one, or that of the client's last update."""
    after = request.after
    if request.beyond is not None:
        after = last_sequence(context, request) + request.beyond
    elif after is None:
        updates = context.world.watchers[person].watch.updates
        after = item(updates, -1, f"an update that {person} received").sequence
    watch(context, person, request, resume_after=after)


def watch(context, person, request, **options):
    world = context.world
    if request.proxy:
        world.people.proxy_of(person)
    names = [world.sessions.identifier(variable) for variable in request.variables]
    world.watch(person, names, initial=request.initial, **options)


def last_sequence(context, request):
    names = [context.world.sessions.identifier(variable) for variable in request.variables]
    with collect(context.world.session, *names, initial=True) as present:
        updates = present.wait_for(lambda received: len(received) >= max(1, len(names)), DEADLINE_S)
    return item(updates, 0, "an initial value").sequence


@event("{person} stops/stopped watching")
@needs(watch_of("person"))
def step_stop_watching(context, person):
    """Cancel the current watch of a client."""
    context.world.watchers[person].watch.close()


@event("{person} disconnects/disconnected")
@needs(watch_of("person"))
def step_disconnect(context, person):
    """Close a client's connection, on which its watch is still open."""
    context.world.people.hang_up(person)
    context.world.watchers[person].watch.wait_until_over(DEADLINE_S)


@event("{person}'s connection is/was {fault}")
@needs(watch_of("person"))
def step_fault(context, person, fault):
    """Cut or stall a client's connection at its fault proxy, or resume one that was stalled."""
    proxy = context.world.people.proxy_of(person)
    {"cut": proxy.cut, "stalled": proxy.stall, "resumed": proxy.flow}[fault]()
    if fault == "cut":
        context.world.watchers[person].watch.wait_until_over(DEADLINE_S)


@action("{name} is/was set to {int} long texts in turn")
@provides(answer("a version"))
def step_set_long(context, name, count):
    """Set a string to texts of 50,000 characters, each of which begins with its number."""
    for number in range(count):
        version = context.world.session.set(name, encode("string", f"{number:06} " + "x" * 50_000))
    return version


@given("{person} received {int} update(s)")
@needs(watch_of("person"))
def step_received(context, person, count):
    """Wait until a client has received this number of updates, and check that it has not received more."""
    watcher = context.world.watchers[person]
    updates = wait_for_news(watcher.watch, count)
    assert_that(len(updates), equal_to(count), f"the updates that {person} received")
    watcher.position = count


@then("{person} can watch {name} within {int} s")
def step_can_watch(context, person, name, seconds):
    """Check that a watch is accepted within that time; the client tries again after each refusal."""
    deadline = time.monotonic() + seconds
    session = context.world.session_of(person)
    refusals = []
    while time.monotonic() < deadline:
        with collect(session, name, initial=True) as attempt:
            if attempt.wait_for(lambda updates: len(updates) > 0, DEADLINE_S):
                return
            refusals.append(attempt.ended)
    raise AssertionError(f"no watch was accepted within {seconds} s; the last answer was {refusals[-1]}")


@given("{int} clients watch {name}")
@provides(Watchers.pool)
def step_many_watch(context, count, name):
    """Open so many watches of one variable, on ten connections."""
    world = context.world
    request = pb.WatchVariablesRequest(session_id=world.sessions.id, variable_identifiers=[name])
    world.watchers.pool = WatchPool(
        world.client.connection.address,
        world.target.options.service,
        request,
        count,
        6 * DEADLINE_S,
        tls=world.client.credentials.tls,
        token=world.client.credentials.token,
    )


@event("{int} watches of {names} start while {int} client(s) set(s) it/them without a pause")
@provides(LoadNotes.writers, LoadNotes.opened)
def step_watch_during_writes(context, count, names, clients):
    """Open watches with initial values, up to four at a time, while clients set the variables repeatedly."""
    world = context.world
    openers = [world.session_of(f"Opener {number}") for number in range(min(clients, 4))]

    def start(number):
        opener = openers[number % len(openers)]
        return world.watch(f"watch {number}", names, session=opener, initial=True)

    world.loads.writers = RacingWriters(writers(world, clients), names, least=count)
    with world.loads.writers, ThreadPoolExecutor(len(openers)) as pool:
        world.loads.opened = [*pool.map(start, range(count))]


@event("{int} watches of {name} resume in turn while {int} client(s) set(s) it without a pause")
@provides(LoadNotes.writers, LoadNotes.resumed)
def step_resume_during_writes(context, count, name, clients):
    """Open watches one after another while clients set a variable, each after the first update of the one
    before."""
    world = context.world
    session = world.session_of("Resumer")
    world.loads.writers = RacingWriters(writers(world, clients), [name], least=count)
    world.loads.resumed = []
    with world.loads.writers:
        watcher = world.watch("watch 0", [name], session=session)
        for number in range(1, count + 1):
            first = item(wait_for_news(watcher.watch, 1), 0, f"an update of watch {number - 1}")
            watcher = world.watch(f"watch {number}", [name], session=session, resume_after=first.sequence)
            world.loads.resumed.append((first.variable.version, watcher))


def writers(world, clients):
    return [world.session_of(f"Writer {number}") for number in range(clients)]
