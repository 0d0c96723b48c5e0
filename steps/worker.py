"""Steps about the worker that keeps a server process running, and those who ask it for a connection."""

import threading

from behave import given, then, when
from hamcrest import assert_that, equal_to, has_item, has_length, is_not, matches_regexp

from varbridge import WorkerError
from varbridge.conformance.scenario.world import DEADLINE
from varbridge.conformance.vocabulary.matchers import expect
from varbridge.conformance.vocabulary.outcome import Outcome
from varbridge.conformance.vocabulary.tables import values_of


@given("a worker that runs a bridge")
def step_worker(context):
    """A worker of the scenario's own, with its server running."""
    context.world.start_worker().connection()


@given("a worker that runs nothing yet")
def step_idle_worker(context):
    """A worker whose server is not started."""
    context.world.start_worker()


@given("a worker whose bridge cannot start")
def step_hopeless_worker(context):
    """A worker whose server ends with an error at once."""
    worker = context.world.start_worker()
    worker.command = (*worker.command, "--no-such-flag-at-all")


@when("{int} callers ask the worker for a connection at once")
def step_callers(context, count):
    """Several threads ask for the connection at the same moment."""
    barrier = threading.Barrier(count)
    got = []

    def ask():
        barrier.wait()
        try:
            got.append(context.world.servers.worker.connection())
        except WorkerError as error:
            got.append(error)

    threads = [threading.Thread(target=ask) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    context.world.starts.callers = got


@given("its server was killed, and started again")
def step_was_killed(context):
    """A server that was killed, and whose successor serves."""
    process = context.world.servers.worker.process
    process.kill()
    process.wait_ended(DEADLINE)
    context.world.servers.worker.connection_after(process).ping()


@when("its server is killed")
def step_kill(context):
    """SIGKILL, and wait until the process is gone."""
    context.world.starts.killed = process = context.world.servers.worker.process
    process.kill()
    process.wait_ended(DEADLINE)


@when("its server is killed while the tool {name} runs with:")
def step_kill_during_call(context, tool):
    """SIGKILL while a call is under way."""
    parameters = values_of(context.table)
    process = context.world.servers.worker.process
    session = context.world.session
    outcome = []
    call = threading.Thread(
        target=lambda: outcome.append(Outcome.of(lambda: session.execute(tool, parameters)))
    )
    call.start()
    # The call is on its way once a later one on the same connection is answered.
    context.world.client.connection.ping()
    process.kill()
    call.join(DEADLINE)
    context.world.outcome = outcome[0]


@then("they all have the same connection, and it works")
def step_same_connection(context):
    """Everyone was given one and the same connection."""
    assert_that(
        {id(connection) for connection in context.world.starts.callers},
        has_length(1),
        "the connections handed out",
    )
    assert_that(context.world.starts.callers[0].ping("one"), equal_to("one"), "the answer to Ping")


@then("one server was started")
def step_one_server(context):
    """The worker started a single process."""
    assert_that(context.world.servers.worker.processes, has_length(1), "the processes started")


@then("the worker says {name}")
def step_worker_says(context, sentence):
    """One of the worker's events is this sentence, with its server's port for <port>."""
    worker = context.world.servers.worker
    expected = sentence.replace("<port>", str(worker.process.port))
    assert_that(
        [said for _, said in context.world.servers.events], has_item(expected), "what the worker said"
    )


@then("the worker says that the server {words}")
def step_worker_tells(context, event):
    """One of the worker's events is of this kind: crashed, say."""
    kinds = {"crashed": "crashed", "is restarting": "restarting"}
    assert_that(
        [kind for kind, _ in context.world.servers.events], has_item(kinds[event]), "the worker's events"
    )


@then("the worker starts it again")
def step_restarted(context):
    """The connection is there again, to another process."""
    world = context.world
    world.servers.worker.connection_after(context.world.starts.killed).ping("again")
    assert_that(
        world.servers.worker.process.pid,
        is_not(equal_to(context.world.starts.killed.pid)),
        "the new server's process",
    )


@then("a variable can be registered and read")
def step_registers_and_reads(context):
    """The session takes a variable and gives it back."""
    context.world.session.register("fresh", "float", 0.5)
    assert_that(context.world.session.get("fresh").value, equal_to(0.5), "the value read")


@then("each of them learns why, with the server's own words")
def step_learn_why(context):
    """Everyone got an error with the stderr of the server."""
    for got in context.world.starts.callers:
        expect(isinstance(got, WorkerError), "a caller to get an error", f"it got {got!r}")
        assert_that(str(got), matches_regexp(r"(?s)exit code \d+.*no-such-flag-at-all"), "the error")
