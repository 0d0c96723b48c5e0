"""Steps about the server process, and the worker that keeps it running."""

import json
import signal
import socket
import threading
import time
from contextlib import closing

from behave import given, then, when
from hamcrest import assert_that, empty, equal_to, has_item, has_length, is_not, matches_regexp

from client import WorkerError
from harness import machine
from harness.matchers import is_refusal, is_so
from harness.outcome import Outcome
from harness.world import DEADLINE

END = 5.0  # seconds that a start that fails, or a stop, may take


def start(context, *flags, port=0):
    """Start a process, and try its port the very moment that it says that it is ready."""
    context.knocks = []

    def knock(port):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1.0):
                context.knocks.append("answered")
        except OSError as error:
            context.knocks.append(f"refused: {error}")

    return context.world.start_process(*flags, port=port, on_ready=knock)


@given("a bridge that has just started")
@when("a bridge is started")
def step_start(context):
    """A server process of the scenario's own."""
    port = start(context).wait_ready(15.0)
    context.world.use_bridge(f"127.0.0.1:{port}")


@given("a bridge started with {flags:Name}")
def step_start_with(context, flags):
    """A server with these flags; shared by the scenarios that ask for the same."""
    context.world.use_bridge(context.world.target.with_flags(*flags.split()))


@given("a bridge of its own, started with {flags:Name}")
def step_start_own_with(context, flags):
    """A server process of the scenario's own, with these flags."""
    port = start(context, *flags.split()).wait_ready(15.0)
    context.world.use_bridge(f"127.0.0.1:{port}")


@when("another bridge is started")
def step_start_another(context):
    """A second server process."""
    context.first = context.world.process
    start(context).wait_ready(15.0)


@when("another bridge is started on the same port")
def step_start_another_there(context):
    """A second server process that is told to take the first one's port."""
    context.first = context.world.process
    start(context, port=context.first.port).wait_ended(END)


@when("a client works with it")
def step_work(context):
    """Call most of what there is, a failing call included."""
    session = context.world.session
    session.initialize()
    session.register("x", "float", 0.5)
    with session.watch("x", initial=True) as watch:
        session.set("x", 0.75)
        watch.wait_for(lambda got: len(got) == 2)
    context.world.attempt(lambda: session.get("nothing_here"))
    context.world.outcome.examine()


@when("a bridge is started with the flag {flag:Name}")
def step_start_flag(context, flag):
    """Start a server that may fail to start."""
    start(context, flag)


@when("a bridge is started with the flags {flags:Name}")
def step_start_flags(context, flags):
    """Start a server that may fail to start, with these flags."""
    start(context, *flags.split()).wait_ended(END)


@when("a bridge is started on a port that is taken")
def step_start_on_taken_port(context):
    """Start a server on a port where something listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        process = start(context, port=taken.getsockname()[1])
        process.wait_ended(END)


@when("the bridge is told to end by {name}")
def step_signal(context, name):
    """Send the process SIGTERM or SIGINT."""
    context.world.process.signal(signal.Signals[name])


@then("a connection to the port that it names is answered at once")
def step_port_answers(context):
    """The port of the READY line took a connection when the line was read."""
    assert_that(context.knocks, equal_to(["answered"]), "a connection made when GRPC_READY was read")


@then("it answers at no address but loopback")
def step_loopback_alone(context):
    """No other address of this machine takes a connection at the bridge's port."""
    port = context.world.process.port
    answered = []
    for address in machine.addresses():
        with closing(socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)) as knock:
            knock.settimeout(1.0)
            if knock.connect_ex((address, port)) == 0:
                answered.append(address)
    assert_that(answered, empty(), "the addresses that answer beside loopback")
    assert_that(context.world.connection.ping("here"), equal_to("here"), "the answer on loopback")


@then("it answers a call at once")
def step_answers_call(context):
    """A call made right after the READY line is answered."""
    assert_that(context.world.connection.ping("hello"), equal_to("hello"), "the answer to Ping")


@then("its stdout is one line, GRPC_READY with its port")
def step_one_line(context):
    """Up to its end, the server writes exactly one line on stdout."""
    process = context.world.process
    process.stop(END)
    process.last_words()
    assert_that(list(process.stdout), has_length(1), "the lines on stdout")
    assert_that(process.stdout[0], matches_regexp(r"^GRPC_READY:[1-9]\d*$"), "the line on stdout")


@then("the two have different ports, and both answer")
def step_two_ports(context):
    """Both servers take calls, each at its own port."""
    ports = [context.first.port, context.world.process.port]
    assert_that(set(ports), has_length(2), "the ports")
    for port in ports:
        answer = context.world.connect(f"127.0.0.1:{port}").ping(str(port))
        assert_that(answer, equal_to(str(port)), "the answer to Ping")


@then("the first bridge still answers")
def step_first_answers(context):
    """The server that was there first takes calls."""
    assert_that(context.world.connection.ping("first"), equal_to("first"), "the answer to Ping")


@then("it ends with an error within 5 s, and says why on stderr")
def step_fails_to_start(context):
    """The process ends by itself, not with 0, with a reason on stderr and no READY line."""
    process = context.world.process
    code = process.wait_ended(END)
    fails = is_so(f"the bridge to end with an error within {END:g} s", end_of(code, END))
    assert_that(code not in (None, 0), fails)
    process.last_words()
    told = any(line.strip() for line in process.stderr)
    assert_that(told, is_so("the reason of its end on stderr", "nothing stood there"))
    unready = is_so("no READY line of a bridge that does not start", f"it named the port {process.port}")
    assert_that(process.port is None, unready)


def end_of(code, seconds):
    return f"it was still running after {seconds:g} s" if code is None else f"it ended with exit code {code}"


@then("the bridge ends with exit code {code:d}")
def step_ends(context, code):
    """The process ends within its grace and a little more."""
    actual = context.world.process.wait_ended(5 + END)
    assert_that(actual == code, is_so(f"the bridge to end with exit code {code}", end_of(actual, 5 + END)))


@then("nothing answers at its port")
def step_port_is_free(context):
    """The port of the ended server takes no connection."""
    with closing(socket.socket()) as knock:
        refused = knock.connect_ex(("127.0.0.1", context.world.process.port))
    assert_that(refused != 0, is_so("nothing to answer at its port", "something answered"))


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


@when("{count:d} callers ask the worker for a connection at once")
def step_callers(context, count):
    """Several threads ask for the connection at the same moment."""
    barrier = threading.Barrier(count)
    got = []

    def ask():
        barrier.wait()
        try:
            got.append(context.world.worker.connection())
        except WorkerError as error:
            got.append(error)

    threads = [threading.Thread(target=ask) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    context.got = got


@given("its server was killed, and started again")
def step_was_killed(context):
    """A server that was killed, and whose successor serves."""
    process = context.world.worker.process
    process.kill()
    process.wait_ended(DEADLINE)
    context.world.worker.connection_after(process).ping()


@when("its server is killed")
def step_kill(context):
    """SIGKILL, and wait until the process is gone."""
    context.killed = process = context.world.worker.process
    process.kill()
    process.wait_ended(DEADLINE)


@when("its server is killed while the tool {tool:Name} runs with:")
def step_kill_during_call(context, tool):
    """SIGKILL while a call is under way."""
    (row,) = context.table.rows
    parameters = {name: json.loads(row[name]) for name in context.table.headings}
    process = context.world.worker.process
    session = context.world.session
    outcome = []
    call = threading.Thread(
        target=lambda: outcome.append(Outcome.of(lambda: session.execute(tool, parameters)))
    )
    call.start()
    # The call is on its way once a later one on the same connection is answered.
    context.world.connection.ping()
    process.kill()
    call.join(DEADLINE)
    context.world.outcome = outcome[0]


@then("they all have the same connection, and it works")
def step_same_connection(context):
    """Everyone was given one and the same connection."""
    assert_that({id(connection) for connection in context.got}, has_length(1), "the connections handed out")
    assert_that(context.got[0].ping("one"), equal_to("one"), "the answer to Ping")


@then("one server was started")
def step_one_server(context):
    """The worker started a single process."""
    assert_that(context.world.worker.processes, has_length(1), "the processes started")


@then("the worker says {sentence:Name}")
def step_worker_says(context, sentence):
    """One of the worker's events is this sentence, with its server's port for <port>."""
    worker = context.world.worker
    expected = sentence.replace("<port>", str(worker.process.port))
    assert_that([said for _, said in context.world.events], has_item(expected), "what the worker said")


@then("the worker says that the server {event}")
def step_worker_tells(context, event):
    """One of the worker's events is of this kind: crashed, say."""
    kinds = {"crashed": "crashed", "is restarting": "restarting"}
    assert_that([kind for kind, _ in context.world.events], has_item(kinds[event]), "the worker's events")


@then("the worker starts it again")
def step_restarted(context):
    """The connection is there again, to another process."""
    world = context.world
    world.worker.connection_after(context.killed).ping("again")
    assert_that(world.worker.process.pid, is_not(equal_to(context.killed.pid)), "the new server's process")


@then("a variable can be registered and read")
def step_registers_and_reads(context):
    """The session takes a variable and gives it back."""
    context.world.session.register("fresh", "float", 0.5)
    assert_that(context.world.session.get("fresh").value, equal_to(0.5), "the value read")


@then("each of them learns why, with the server's own words")
def step_learn_why(context):
    """Everyone got an error with the stderr of the server."""
    for got in context.got:
        assert_that(isinstance(got, WorkerError), is_so("a caller to get an error", f"it got {got!r}"))
        assert_that(str(got), matches_regexp(r"(?s)exit code \d+.*no-such-flag-at-all"), "the error")


@then("new calls are refused as unavailable, while the tool still runs")
def step_no_new_calls(context):
    """A call made now does not succeed, although the one that is under way has not ended yet."""
    refuses_new_calls(context)
    assert_that(not context.running.done(), is_so("the tool to run still", "it had ended"))


@given("the bridge was told to end by {name}, and refuses new calls")
def step_is_ending(context, name):
    """A process that has got a signal, and shows it."""
    context.world.process.signal(signal.Signals[name])
    refuses_new_calls(context)


def refuses_new_calls(context):
    """A call is refused as soon as the signal has come."""
    deadline = time.monotonic() + DEADLINE
    error = None
    while error is None and time.monotonic() < deadline:  # the signal is on its way
        error = Outcome.of(context.world.connection.ping).examine()
    assert_that(error, is_refusal("unavailable"))
