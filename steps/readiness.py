"""Steps about a bridge that was started: its READY line, its addresses, and its failure to start."""

import socket
import time
from contextlib import closing

from behave import given, then, when
from hamcrest import assert_that, empty, equal_to, has_length, matches_regexp

from varbridge import WorkerError
from varbridge.conformance.clients.collected_watch import collect
from varbridge.conformance.faults.polling import eventually
from varbridge.conformance.faults.processes import (
    end_in_words,
    use_processor,
    worked,
    worked_within,
)
from varbridge.conformance.scenario import network
from varbridge.conformance.scenario.notes import ServerNotes
from varbridge.conformance.scenario.prerequisites import OUTCOME, needs, provides
from varbridge.conformance.scenario.servers import Servers
from varbridge.conformance.target.startup import FAILED_START_TIMEOUT_S
from varbridge.conformance.vocabulary.encoding import encode
from varbridge.conformance.vocabulary.matchers import expect, is_refusal
from varbridge.conformance.vocabulary.outcome import Outcome


@when("a client uses the bridge")
@provides(OUTCOME)
def step_use(context):
    """Open a session, register, watch and set a variable, and read an unknown one, which is refused."""
    session = context.world.session
    session.initialize()
    session.register("x", "float", encode("float", 0.5))
    with collect(session, "x", initial=True) as watch:
        session.set("x", encode("float", 0.75))
        watch.wait_for(lambda got: len(got) == 2)
    context.world.attempt(lambda: session.get("nothing_here"))
    context.world.outcome.examine()


@then("a connection to the bridge's port is accepted at once")
@needs(ServerNotes.connections)
def step_port_accepts(context):
    """Check that the port accepted a connection at the moment at which the READY line was read."""
    assert_that(
        context.world.starts.connections, equal_to(["accepted"]), "a connection made when GRPC_READY was read"
    )


@then("the (first )bridge answers a call")
def step_answers_call(context):
    """Check that the bridge that clients use answers Ping."""
    assert_that(context.world.client.connection.ping("hello"), equal_to("hello"), "the answer to Ping")


@then("stdout is one line, GRPC_READY with the bridge's port")
@needs(Servers.process)
def step_one_line(context):
    """Stop the bridge; until its end, it wrote exactly one line on stdout."""
    process = context.world.servers.process
    process.stop(FAILED_START_TIMEOUT_S)
    process.last_words()
    assert_that(list(process.stdout), has_length(1), "the lines on stdout")
    assert_that(process.stdout[0], matches_regexp(r"^GRPC_READY:[1-9]\d*$"), "the line on stdout")


@then("both bridges answer, on different ports")
@needs(ServerNotes.first, Servers.process)
def step_two_ports(context):
    """Check that the two bridges that the scenario started answer Ping, each on its own port."""
    ports = [context.world.starts.first.port, context.world.servers.process.port]
    assert_that(set(ports), has_length(2), "the ports")
    for port in ports:
        answer = context.world.client.connect(f"127.0.0.1:{port}").ping(str(port))
        assert_that(answer, equal_to(str(port)), "the answer to Ping")


@then("the bridge is reachable at every address of this machine")
def step_reachable_everywhere(context):
    """Check that a call is answered at loopback and at each IPv4 address that other machines know."""
    world = context.world
    port = world.client.connection.address.rpartition(":")[2]
    silent = {}
    for address in ["127.0.0.1", *(address for address in network.addresses() if ":" not in address)]:
        error = Outcome.of(world.client.connect(f"{address}:{port}").ping).examine()
        if error is not None:
            silent[address] = str(error)
    assert_that(silent, empty(), "the addresses where it does not answer")


@then("the bridge is reachable at loopback addresses only")
@needs(Servers.process)
def step_reachable_locally(context):
    """Check that loopback answers, and that no other address of this machine accepts a connection."""
    world = context.world
    require_local(world.servers.process.port)
    assert_that(world.client.connection.ping("here"), equal_to("here"), "the answer on loopback")


def require_local(port):
    answered = []
    for address in network.addresses():
        with closing(socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)) as client:
            client.settimeout(1.0)
            if client.connect_ex((address, port)) == 0:
                answered.append(address)
    assert_that(answered, empty(), "the addresses other than loopback that answer")


@then("it ends with an error within 5 s, and says why on stderr")
@needs(ServerNotes.began, Servers.process)
def step_fails_to_start(context):
    """Check that the process ends by itself, with an exit code other than 0, a reason on stderr and no READY
    line."""
    require_failed_start(context.world.servers.process, context.world.starts.began)


def require_failed_start(process, began):
    """Check that a process that was started at ``began`` has ended with an error, and named the reason."""
    code = process.wait_ended(FAILED_START_TIMEOUT_S)
    took_s = None if code is None else process.ended_at - began
    expect(
        took_s is not None
        and took_s <= 2 * FAILED_START_TIMEOUT_S
        and code != 0,  # a busy machine may need twice the time
        f"the bridge to end with an error within {FAILED_START_TIMEOUT_S:g} s",
        end_in_words(code, FAILED_START_TIMEOUT_S, took_s or 0.0),
    )
    process.last_words()
    reported = any(line.strip() for line in process.stderr)
    expect(reported, "the reason of its end on stderr", "stderr was empty")
    expect(
        process.port is None,
        "no READY line of a bridge that does not start",
        f"it named the port {process.port}",
    )


@given("another bridge did not start with the same data directory")
@needs(Servers.data_dir, Servers.process)
def step_second_refused(context):
    """Start a second bridge with the data directory of the first one, and require that it ends with an
    error."""
    servers = context.world.servers
    first, began = servers.process, time.monotonic()
    second = servers.start("--data-dir", servers.data_dir.name)
    servers.process = first
    require_failed_start(second, began)


@then("it ends with an error within 5 s, or is reachable at loopback addresses only")
@needs(ServerNotes.began, Servers.process)
def step_fails_or_local(context):
    """Check that the process ends with an error, or accepts connections at addresses of loopback only."""
    if (port := port_if_started(context)) is not None:
        require_local(port)


@then("it ends with an error within 5 s, or refuses calls without a token")
@needs(ServerNotes.began, Servers.process)
def step_fails_or_refuses(context):
    """Check that the process ends with an error, or refuses a call without a token."""
    if (port := port_if_started(context)) is not None:
        error = Outcome.of(context.world.client.connect(f"127.0.0.1:{port}").ping).examine()
        assert_that(error, is_refusal("as unauthenticated"))


def port_if_started(context):
    """Return the port of the bridge; None if the bridge has ended with an error."""
    try:
        return context.world.servers.process.wait_ready(FAILED_START_TIMEOUT_S)
    except WorkerError:
        step_fails_to_start(context)
        return None


@then("the bridge is idle within {int} s")
@needs(Servers.process)
def step_idle(context, seconds):
    """Check that while a busy loop takes 0.2 s of processor time, the bridge and its children take less than
    0.05 s."""
    pid = context.world.servers.process.pid
    before = worked(pid)

    def is_idle():
        if worked_within(pid, 0.1) > 0.02:
            return False
        # Compared with a busy loop of the same duration: other load slows both down alike.
        start = worked(pid)
        use_processor(0.2)
        return 0.0 <= worked(pid) - start < 0.05

    context.world.require_success()
    idle = eventually(is_idle, float(seconds))
    used = f"it used {worked(pid) - before:.1f} s of processor time in them"
    expect(idle, f"the bridge to be at rest within {seconds} s", used)
