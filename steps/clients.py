"""Steps about several clients that call at the same time."""

import threading
import time
from functools import partial

from behave import given, then, when
from hamcrest import assert_that, equal_to

from varbridge.conformance.clients.many_sets import set_with_request_ids
from varbridge.conformance.invariants.linearizability import Operation, violations
from varbridge.conformance.scenario.notes import LoadNotes
from varbridge.conformance.scenario.prerequisites import OUTCOMES, answer, needs, provides
from varbridge.conformance.scenario.tools import NOWHERE, run_tool
from varbridge.conformance.vocabulary.contents import item
from varbridge.conformance.vocabulary.encoding import encode, read_value
from varbridge.conformance.vocabulary.matchers import expect, in_order, no_faults
from varbridge.conformance.vocabulary.outcome import Outcome
from varbridge.messages import snakepit_bridge_pb2 as pb


def at_once(context, count, action):
    """Run an action in ``count`` clients at once, each on its own connection; the world gets the outcomes."""
    world = context.world
    barrier = threading.Barrier(count)
    connections = [world.client.connect() for _ in range(count)]
    for connection in connections:
        connection.wait_until_ready()
    outcomes = [None] * count
    failures = []

    def run(number):
        session = connections[number].session(world.sessions.id)
        barrier.wait()
        try:
            outcomes[number] = Outcome.of(lambda: action(number, session))
        except Exception as error:  # raised below, on the thread of the step
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for failure in failures:
        raise failure
    world.outcomes = outcomes


@when("{int} clients at once each register a float variable of their own")
@provides(OUTCOMES)
def step_register_own(context, count):
    """Register one variable per client in the same session: variable_0, variable_1 and so on."""
    at_once(
        context,
        count,
        lambda n, session: session.register(f"variable_{n}", "float", encode("float", float(n))),
    )


@when("{int} clients at once each register the tool {name} with a number of their own")
@provides(OUTCOMES)
def step_register_own_tool(context, count, name):
    """Register one tool per client in the same session: its name is followed by 0, 1 and so on."""
    at_once(
        context,
        count,
        lambda n, session: session.register_tools([pb.ToolRegistration(name=f"{name}{n}")], NOWHERE),
    )


@when("{int} clients at once each register the variable {name}")
@provides(OUTCOMES)
def step_register_same(context, count, name):
    """Register a variable of the same name from several clients in one session."""
    at_once(context, count, lambda n, session: session.register(name, "float", encode("float", float(n))))


@when("{int} clients at once each set {name} {int} times")
@provides(OUTCOMES, answer("several versions each"))
def step_set_many_times(context, count, name, times):
    """Set one variable repeatedly from several clients, each time to another value."""
    at_once(context, count, lambda number, session: set_in_turn(session, name, number * times, times))


def set_in_turn(session, name, first, times):
    """Set a variable to consecutive numbers, and return the versions answered."""
    return [session.set(name, encode("float", float(first + turn))) for turn in range(times)]


@when("{int} clients at once each set the {int} variables {name} in {int} atomic batches")
@provides(OUTCOMES)
def step_set_batches_at_once(context, clients, count, prefix, batches):
    """Set variables whose names end with 0, 1 and so on to equal numbers, in batches of several clients."""
    names = [f"{prefix}{number}" for number in range(count)]

    def work(number, session):
        for turn in range(batches):
            value = encode("integer", 1 + number * batches + turn)
            result = session.set_many(dict.fromkeys(names, value), atomic=True)
            assert_that(result.errors, equal_to({}), "the errors of a batch")

    at_once(context, clients, work)


@when("{int} clients at once each set {name} {int} times, and another rolls it back to version 1 {int} times")
@provides(OUTCOMES, answer("several versions each"))
def step_set_and_roll_back(context, count, name, times, rollbacks):
    """Set one variable repeatedly from several clients, while another client restores its first value."""

    def work(number, session):
        if number == 0:
            return [session.roll_back(name, 1).version for _ in range(rollbacks)]
        return set_in_turn(session, name, number * times, times)

    at_once(context, 1 + count, work)


@when("{int} clients at once each set {name} to {value}{options}")
@provides(OUTCOMES, answer("a version each"))
def step_set_once(context, count, name, value, options):
    """Set one variable once from each of several clients, with the same options."""
    raw = value.raw(context.world.sessions.kind_of(name))
    at_once(context, count, lambda _, session: session.set(name, raw, **options.arguments()))


@when("{int} clients at once each run the tool {name}{arguments}")
@provides(OUTCOMES)
def step_run_at_once(context, count, tool, arguments):
    """Run a tool once from each of several clients, with the same arguments."""
    at_once(context, count, lambda _, session: run_tool(session, tool, arguments))


@given("{int} requests with other request ids set {name} to {value}")
def step_many_requests(context, count, name, value):
    """Set one variable so many times, each time with a new request id; all must succeed."""
    world = context.world
    ids = [f"other-{number}" for number in range(count)]
    raw = value.raw(world.sessions.kind_of(name))
    set_with_request_ids(world.client.connection, world.sessions.id, name, raw, ids)


@when("{int} clients at once each read and set {name} {int} times")
@provides(OUTCOMES, LoadNotes.start, answer("timed calls"))
def step_read_and_set(context, count, name, times):
    """Read and set one variable from several clients, and record when each call began and ended."""
    before = context.world.session.get(name)
    context.world.loads.start = before.version, read_value(before)

    def timed(client, wrote, action):
        started = time.monotonic()
        version, value = action()
        return Operation(client, wrote, version, value, started, time.monotonic())

    def work(number, session):
        client = f"client {number}"

        def read():
            variable = session.get(name)
            return variable.version, read_value(variable)

        operations = []
        for value in range(number * times, (number + 1) * times):
            operations.append(timed(client, False, read))
            write = partial(session.set, name, encode("integer", value))
            operations.append(timed(client, True, lambda write=write, value=value: (write(), value)))
        return operations

    at_once(context, count, work)


@then("one order of the calls explains every read and every write")
@needs(LoadNotes.start, answer("timed calls"))
def step_linearizable(context):
    """Check that the calls are linearizable: each seems to happen at one moment while it runs."""
    operations = [operation for outcome in context.world.outcomes for operation in outcome.require_success()]
    assert_that(violations(operations, *context.world.loads.start), no_faults(), "what no order explains")


@when("{int} clients at once each use a session of their own")
@provides(OUTCOMES, answer("values of their own"))
def step_own_sessions(context, count):
    """Open a session for each client; set "x" there to values that no other client uses, and read it back."""
    world = context.world

    def work(number, session):
        own = session.connection.session(f"{world.sessions.id}-{number}")
        own.initialize()
        own.register("x", "integer", encode("integer", number))
        seen = []
        for turn in range(1, 11):
            own.set("x", encode("integer", number * 100 + turn))
            seen.append(read_value(own.get("x")))
        own.clean_up()
        return seen == [number * 100 + turn for turn in range(1, 11)]

    at_once(context, count, work)


@when("{int} clients at once set {name} and {name} {int} times each")
@provides(OUTCOMES, answer("several versions each"))
def step_set_in_turn(context, count, name, other, times):
    """Set two variables repeatedly: half of the clients set one of them, the other half the other."""
    names = [name, other]

    def work(number, session):
        return [session.set(names[number % 2], encode("integer", turn)) for turn in range(times)]

    at_once(context, count, work)


@when("{name} and {name} are set in {int} atomic batches while {name} is set {int} times")
@provides(OUTCOMES, LoadNotes.changes)
def step_batches_and_sets(context, name, other, batches, third, sets):
    """Set a pair of variables in atomic batches by one client, and a third variable by another client."""

    def work(number, session):
        for turn in range(1, (sets if number else batches) + 1):
            if number == 0:
                session.set_many(dict.fromkeys((name, other), encode("integer", turn)), atomic=True)
            else:
                session.set(third, encode("integer", turn))

    at_once(context, 2, work)
    for outcome in context.world.outcomes:
        outcome.require_success()
    context.world.loads.changes = 2 * batches + sets


@when("the {int} variables {name} are set in {int} atomic batches while {name} is set {int} times")
@provides(OUTCOMES, answer("several versions each"))
def step_many_batches_and_sets(context, count, prefix, batches, name, sets):
    """Set variables whose names end with 0, 1 and so on in atomic batches by one client, and one of them by
    another client."""
    names = [f"{prefix}{number}" for number in range(count)]

    def set_in_batch(session, value):
        result = session.set_many(dict.fromkeys(names, encode("integer", value)), atomic=True)
        return item(result.versions, name, f"{name} in the versions answered")

    def work(number, session):
        if number == 0:
            return [set_in_batch(session, value) for value in range(batches)]
        return [session.set(name, encode("integer", value)) for value in range(sets)]

    at_once(context, 2, work)


@then("each client is answered version {int}")
@needs(answer("a version each"))
def step_all_answered(context, version):
    """Check that the set of every client answered this version."""
    answers = [outcome.require_success() for outcome in context.world.outcomes]
    assert_that(answers, equal_to([version] * len(answers)), "the versions answered")


@then("each client read only its own values")
@needs(answer("values of their own"))
def step_saw_own(context):
    """Check that no client read a value that it had not written."""
    for number, outcome in enumerate(context.world.outcomes):
        expect(
            outcome.require_success(), f"client {number} to read only what it wrote", "it read something else"
        )


@then("the versions answered are {int} to {int}, each once")
@needs(answer("several versions each"))
def step_versions_once(context, first, last):
    """Check that every version was answered to exactly one set, over all clients."""
    versions = sorted(v for outcome in context.world.outcomes for v in outcome.require_success())
    assert_that(versions, in_order(range(first, last + 1)), "the versions answered, in order")


@then("the variables {name} 0 to {int} hold 0 to {int}")
def step_own_values(context, prefix, last, last_value):
    """Check that each client's variable exists and has the client's value."""
    names = [f"{prefix}{number}" for number in range(last + 1)]
    variables, missing = context.world.session.get_many(names)
    assert_that(missing, equal_to([]), "the variables missing")
    values = [read_value(item(variables, name, f"{name} in a read of all variables")) for name in names]
    assert_that(values, in_order([float(n) for n in range(last_value + 1)]), "the values")


@then("{name} holds the value that was answered version {int}")
@needs(answer("several versions each"))
def step_holds_one_of(context, name, version):
    """Check that the value is that of the set that answered the current version."""
    variable = context.world.session.get(name)
    assert_that(variable.version, equal_to(version), "the version")
    answers = [outcome.require_success() for outcome in context.world.outcomes]
    times = len(answers[0])
    writers = {v: float(n * times + turn) for n, own in enumerate(answers) for turn, v in enumerate(own)}
    expected = item(writers, version, f"a set that was answered version {version}")
    assert_that(read_value(variable), equal_to(expected), "the value")
