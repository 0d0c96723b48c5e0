"""Steps about the worker that keeps a bridge running, and callers that ask it for a connection."""

import signal
import threading

from behave import given, then, when
from hamcrest import (
    assert_that,
    equal_to,
    has_items,
    has_length,
    is_not,
    less_than_or_equal_to,
    matches_regexp,
)

from varbridge import WorkerError
from varbridge.conformance.report.record import Figure
from varbridge.conformance.scenario.notes import ServerNotes
from varbridge.conformance.scenario.prerequisites import needs, provides
from varbridge.conformance.scenario.processes import named
from varbridge.conformance.scenario.servers import Servers
from varbridge.conformance.scenario.world import DEADLINE_S
from varbridge.conformance.vocabulary.matchers import expect

KILLS = 4
"""The maximum number of kills; the fastest reaction counts, since other load may delay some of them."""


@given("a worker with {worker_start}")
@provides(Servers.worker)
def step_worker(context, bridge):
    """A worker of this scenario: with a running bridge, without a bridge, or with one that cannot start."""
    worker = context.world.start_worker()
    if bridge == "a running bridge":
        worker.connection()
    elif bridge == "a bridge that cannot start":
        worker.command = (*worker.command, "--no-such-flag-at-all")


@when("{int} callers ask the worker for a connection at once")
@needs(Servers.worker)
@provides(ServerNotes.callers)
def step_callers(context, count):
    """Ask the worker for its connection in several threads at the same moment."""
    barrier = threading.Barrier(count)
    answers = []

    def ask():
        barrier.wait()
        try:
            answers.append(context.world.servers.worker.connection())
        except WorkerError as error:
            answers.append(error)

    threads = [threading.Thread(target=ask) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    context.world.starts.callers = answers


@then("they all get the same connection, and it works")
@needs(ServerNotes.callers)
def step_same_connection(context):
    """Check that all callers got one connection, which answers Ping."""
    assert_that(
        {id(connection) for connection in context.world.starts.callers},
        has_length(1),
        "the connections handed out",
    )
    assert_that(context.world.starts.callers[0].ping("one"), equal_to("one"), "the answer to Ping")


@then("the worker has started one process")
@needs(Servers.worker)
def step_one_process(context):
    """Check that the worker has started one process in all."""
    assert_that(context.world.servers.worker.processes, has_length(1), "the processes started")


@then("the worker reports {texts}")
@needs(Servers.worker)
def step_worker_reports(context, expected):
    """Check that the worker's events include these; <port> stands for the bridge's port."""
    worker = context.world.servers.worker
    events = [text.replace("<port>", str(worker.process.port)) for text in expected]
    kinds_and_sentences = [text for event in context.world.servers.events for text in event]
    assert_that(kinds_and_sentences, has_items(*events), "the worker's events")


@then("the worker restarts the bridge")
@needs(Servers.worker, ServerNotes.killed)
def step_restarted(context):
    """Check that the worker's connection works again, and leads to a new process."""
    world = context.world
    world.servers.worker.connection_after(world.starts.killed).ping("again")
    assert_that(
        world.servers.worker.process.pid,
        is_not(equal_to(world.starts.killed.pid)),
        "the new server's process",
    )


@then("the worker notices the crash within {int} ms")
@needs(Servers.worker, ServerNotes.killed, ServerNotes.killed_at)
def step_notices_crash(context, limit):
    """Check the time from the kill to the worker's event; on a busy machine, in the best of several kills."""
    world = context.world
    times = [world.servers.noticed_after_ms(world.starts.killed_at, DEADLINE_S)]
    while len(times) < KILLS and min(times) > limit:
        world.servers.worker.connection_after(world.starts.killed).ping()
        named(world, "the worker's bridge").end(signal.SIGKILL)
        times.append(world.servers.noticed_after_ms(world.starts.killed_at, DEADLINE_S))
    world.figures.append(Figure("time until a worker notices a crash", min(times), "ms", limit))
    assert_that(min(times), less_than_or_equal_to(limit), "the time until the worker noticed it, in ms")


@then("each caller gets an error with the bridge's stderr")
@needs(ServerNotes.callers)
def step_callers_get_errors(context):
    """Check that every caller got an error with the exit code and the stderr of the bridge."""
    for answer in context.world.starts.callers:
        expect(isinstance(answer, WorkerError), "a caller to get an error", f"it got {answer!r}")
        assert_that(str(answer), matches_regexp(r"(?s)exit code \d+.*no-such-flag-at-all"), "the error")
