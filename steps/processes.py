"""Steps about the server process: how it starts, and what it says of that."""

import socket
from contextlib import closing

from behave import given, then, when
from hamcrest import assert_that, empty, equal_to, has_length, matches_regexp

from varbridge.conformance.faults.polling import eventually
from varbridge.conformance.faults.processes import end_in_words, use_processor, worked
from varbridge.conformance.scenario import network
from varbridge.conformance.vocabulary.matchers import expect

END = 5.0  # seconds that a start that fails may take


def start(context, *flags, port=0):
    """Start a process, and try its port the very moment that it says that it is ready."""
    context.world.starts.knocks = []

    def knock(port):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1.0):
                context.world.starts.knocks.append("answered")
        except OSError as error:
            context.world.starts.knocks.append(f"refused: {error}")

    return context.world.servers.start(*flags, port=port, on_ready=knock)


@given("a bridge that has just started")
@when("a bridge is started")
def step_start(context):
    """A server process of the scenario's own."""
    port = start(context).wait_ready(15.0)
    context.world.client.use_bridge(f"127.0.0.1:{port}")


@given("a bridge started with {name}")
def step_start_with(context, flags):
    """A server with these flags; shared by the scenarios that ask for the same."""
    context.world.client.use_bridge(context.world.target.servers.with_flags(*flags.split()))


@given("a bridge of its own, started with {name}")
def step_start_own_with(context, flags):
    """A server process of the scenario's own, with these flags."""
    port = start(context, *flags.split()).wait_ready(15.0)
    context.world.client.use_bridge(f"127.0.0.1:{port}")


@when("another bridge is started")
def step_start_another(context):
    """A second server process."""
    context.world.starts.first = context.world.servers.process
    start(context).wait_ready(15.0)


@when("another bridge is started on the same port")
def step_start_another_there(context):
    """A second server process that is told to take the first one's port."""
    context.world.starts.first = context.world.servers.process
    start(context, port=context.world.starts.first.port).wait_ended(END)


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


@when("a bridge is started with the flag {name}")
def step_start_flag(context, flag):
    """Start a server that may fail to start."""
    start(context, flag)


@when("a bridge is started with the flags {name}")
def step_start_flags(context, flags):
    """Start a server that may fail to start, with these flags."""
    start(context, *flags.split()).wait_ended(END)


@when("a bridge is started on a port that is taken")
def step_start_on_taken_port(context):
    """Start a server on a port where something listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        process = start(context, port=taken.getsockname()[1])
        process.wait_ended(END)


@then("a connection to the port that it names is answered at once")
def step_port_answers(context):
    """The port of the READY line took a connection when the line was read."""
    assert_that(
        context.world.starts.knocks, equal_to(["answered"]), "a connection made when GRPC_READY was read"
    )


@then("it answers at no address but loopback")
def step_loopback_alone(context):
    """No other address of this machine takes a connection at the bridge's port."""
    port = context.world.servers.process.port
    answered = []
    for address in network.addresses():
        with closing(socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)) as knock:
            knock.settimeout(1.0)
            if knock.connect_ex((address, port)) == 0:
                answered.append(address)
    assert_that(answered, empty(), "the addresses that answer beside loopback")
    assert_that(context.world.client.connection.ping("here"), equal_to("here"), "the answer on loopback")


@then("it answers a call at once")
def step_answers_call(context):
    """A call made right after the READY line is answered."""
    assert_that(context.world.client.connection.ping("hello"), equal_to("hello"), "the answer to Ping")


@then("its stdout is one line, GRPC_READY with its port")
def step_one_line(context):
    """Up to its end, the server writes exactly one line on stdout."""
    process = context.world.servers.process
    process.stop(END)
    process.last_words()
    assert_that(list(process.stdout), has_length(1), "the lines on stdout")
    assert_that(process.stdout[0], matches_regexp(r"^GRPC_READY:[1-9]\d*$"), "the line on stdout")


@then("the two have different ports, and both answer")
def step_two_ports(context):
    """Both servers take calls, each at its own port."""
    ports = [context.world.starts.first.port, context.world.servers.process.port]
    assert_that(set(ports), has_length(2), "the ports")
    for port in ports:
        answer = context.world.client.connect(f"127.0.0.1:{port}").ping(str(port))
        assert_that(answer, equal_to(str(port)), "the answer to Ping")


@then("the first bridge still answers")
def step_first_answers(context):
    """The server that was there first takes calls."""
    assert_that(context.world.client.connection.ping("first"), equal_to("first"), "the answer to Ping")


@then("it ends with an error within 5 s, and says why on stderr")
def step_fails_to_start(context):
    """The process ends by itself, not with 0, with a reason on stderr and no READY line."""
    process = context.world.servers.process
    code = process.wait_ended(END)
    expect(
        code not in (None, 0), f"the bridge to end with an error within {END:g} s", end_in_words(code, END)
    )
    process.last_words()
    told = any(line.strip() for line in process.stderr)
    expect(told, "the reason of its end on stderr", "nothing stood there")
    expect(
        process.port is None,
        "no READY line of a bridge that does not start",
        f"it named the port {process.port}",
    )


@then("the bridge is at rest within {int} s")
def step_at_rest(context, seconds):
    """While a busy loop takes 0.2 s of processor time, the process and its children take hardly any."""
    pid = context.world.servers.process.pid
    before = worked(pid)

    def rests():
        # Beside a loop that is busy for as long: a machine with much else to do slows both down alike.
        begun = worked(pid)
        use_processor(0.2)
        return 0.0 <= worked(pid) - begun < 0.05

    context.world.require_success()
    is_at_rest = eventually(rests, float(seconds))
    words = f"it used {worked(pid) - before:.1f} s of processor time in them"
    expect(is_at_rest, f"the bridge to be at rest within {seconds} s", words)
