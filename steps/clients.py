"""Steps about several clients at once."""

import threading
import time
from functools import partial

from behave import given, then, when
from hamcrest import assert_that, equal_to

from varbridge.conformance.invariants.linearizability import Operation, violations
from varbridge.conformance.vocabulary.matchers import expect, in_order, no_faults
from varbridge.conformance.vocabulary.outcome import Outcome


def at_once(context, count, action):
    """Let clients, each on a connection of its own, do something at the same moment."""
    world = context.world
    barrier = threading.Barrier(count)
    connections = [world.client.connect() for _ in range(count)]
    for connection in connections:
        connection.wait_until_ready()
    outcomes = [None] * count

    def run(number):
        session = connections[number].session(world.sessions.id)
        barrier.wait()
        outcomes[number] = Outcome.of(lambda: action(number, session))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.outcomes = outcomes


@when("{int} clients at once each register a float variable of their own")
def step_register_own(context, count):
    """Several clients register different names in one session."""
    at_once(context, count, lambda n, session: session.register(f"variable_{n}", "float", float(n)))


@when("{int} clients at once each register the variable {name}")
def step_register_same(context, count, name):
    """Several clients register the same name in one session."""
    at_once(context, count, lambda n, session: session.register(name, "float", float(n)))


@when("{int} clients at once each set {name} {int} times")
def step_set_many_times(context, count, name, times):
    """Several clients set one variable again and again, to values of their own."""

    def work(number, session):
        return [session.set(name, float(number * times + turn), kind="float") for turn in range(times)]

    at_once(context, count, work)


@given("{int} other requests set {name} to {value}")
def step_many_requests(context, count, name, value):
    """Several clients set one variable again and again, each time under a request id of its own."""
    clients = 12
    raw = value.raw(context.world.sessions.kind_of(name))

    def work(number, session):
        for turn in range(number, count, clients):
            session.set(name, raw, request_id=f"other-{turn}")

    at_once(context, clients, work)
    for outcome in context.world.outcomes:
        outcome.require_success()


@when("{int} clients at once each set {name}, expected at version {int}")
def step_set_racing(context, count, name, version):
    """Several clients set one variable, all of them from the same version."""
    at_once(
        context,
        count,
        lambda n, session: session.set(name, float(n), kind="float", expected_version=version),
    )


@when("{int} clients at once each send the request {name}, which sets {name} to {value}")
def step_same_request(context, count, request, name, value):
    """Several clients set one variable under one request id."""
    raw = value.raw(context.world.sessions.kind_of(name))
    at_once(context, count, lambda _, session: session.set(name, raw, request_id=request))


@when("{int} clients at once each read and set {name} {int} times")
def step_read_and_set(context, count, name, times):
    """Several clients read and set one variable, and note when each call began and ended."""
    before = context.world.session.get(name)
    context.world.loads.start = before.version, before.value

    def timed(client, wrote, action):
        started = time.monotonic()
        version, value = action()
        return Operation(client, wrote, version, value, started, time.monotonic())

    def work(number, session):
        client = f"client {number}"

        def read():
            variable = session.get(name)
            return variable.version, variable.value

        operations = []
        for value in range(number * times, (number + 1) * times):
            operations.append(timed(client, False, read))
            write = partial(session.set, name, value, kind="integer")
            operations.append(timed(client, True, lambda write=write, value=value: (write(), value)))
        return operations

    at_once(context, count, work)


@then("one order explains all that they read and wrote")
def step_linearizable(context):
    """The history is linearizable: each call seems to happen at one moment between its start and end."""
    operations = [operation for outcome in context.world.outcomes for operation in outcome.require_success()]
    assert_that(violations(operations, *context.world.loads.start), no_faults(), "what no order explains")


@when("{int} clients at once each work in a session of their own")
def step_own_sessions(context, count):
    """Each client opens its session, registers "x", sets it to its own values, and reads it each time."""
    world = context.world

    def work(number, session):
        own = session.connection.session(f"{world.sessions.id}-{number}")
        own.initialize()
        own.register("x", "integer", number)
        seen = []
        for turn in range(1, 11):
            own.set("x", number * 100 + turn)
            seen.append(own.get("x").value)
        own.clean_up()
        return seen == [number * 100 + turn for turn in range(1, 11)]

    at_once(context, count, work)


@when("{int} clients at once set {name} and {name} {int} times each")
def step_set_in_turn(context, count, one, other, times):
    """Each client sets one of the variables over and over."""
    names = [one, other]

    def work(number, session):
        return [session.set(names[number % 2], turn, kind="integer") for turn in range(times)]

    at_once(context, count, work)


@when("{name} and {name} are set together {int} times while {name} is set {int} times")
def step_batches_and_sets(context, one, other, times, third, again):
    """One client sets a pair in atomic batches, another sets a third variable."""

    def work(number, session):
        for turn in range(1, (again if number else times) + 1):
            if number == 0:
                session.set_many({one: turn, other: turn}, atomic=True)
            else:
                session.set(third, turn, kind="integer")

    at_once(context, 2, work)
    for outcome in context.world.outcomes:
        outcome.require_success()
    context.world.loads.changes = 2 * times + again


@then("each of them is answered version {int}")
def step_all_answered(context, version):
    """All clients got the same answer."""
    answers = [outcome.require_success() for outcome in context.world.outcomes]
    assert_that(answers, equal_to([version] * len(answers)), "the versions answered")


@then("each of them saw its own values alone")
def step_saw_own(context):
    """No client read a value that it had not written."""
    for number, outcome in enumerate(context.world.outcomes):
        expect(
            outcome.require_success(), f"client {number} to read just what it wrote", "it read something else"
        )


@then("the versions answered are {int} to {int}, each once")
def step_versions_once(context, first, last):
    """Over all clients, every version was answered to exactly one set."""
    versions = sorted(v for outcome in context.world.outcomes for v in outcome.require_success())
    assert_that(versions, in_order(range(first, last + 1)), "the versions answered, in order")


@then("the variables {name} 0 to {int} hold 0 to {int}")
def step_own_values(context, prefix, last, last_value):
    """Each client's variable is there with its value."""
    names = [f"{prefix}{number}" for number in range(last + 1)]
    found, missing = context.world.session.get_many(names)
    assert_that(missing, equal_to([]), "the variables missing")
    values = [found[name].value for name in names]
    assert_that(values, in_order([float(n) for n in range(last_value + 1)]), "the values")


@then("{name} holds what its last writer wrote, at version {int}")
def step_holds_one_of(context, name, version):
    """The value is that of the set that answered this version."""
    variable = context.world.session.get(name)
    assert_that(variable.version, equal_to(version), "the version")
    answers = [outcome.require_success() for outcome in context.world.outcomes]
    times = len(answers[0])
    writers = {v: float(n * times + turn) for n, own in enumerate(answers) for turn, v in enumerate(own)}
    assert_that(variable.value, equal_to(writers[version]), "the value")
