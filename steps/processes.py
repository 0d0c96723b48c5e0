"""Steps about bridges that start, and what they report about it."""

import os
import signal
import socket
import sys
import time
from contextlib import ExitStack, closing, suppress
from tempfile import NamedTemporaryFile

from behave import given, then, when
from hamcrest import assert_that, empty, equal_to, has_length, matches_regexp

from varbridge import WorkerError
from varbridge.conformance.clients.collected_watch import collect
from varbridge.conformance.faults.etcd import free_ports
from varbridge.conformance.faults.polling import eventually
from varbridge.conformance.faults.processes import (
    end_in_words,
    is_running,
    use_processor,
    worked,
    worked_within,
)
from varbridge.conformance.scenario import network
from varbridge.conformance.scenario.heartbeats import use_short_heartbeats
from varbridge.conformance.scenario.notes import ServerNotes
from varbridge.conformance.scenario.prerequisites import OUTCOME, STARTED, needs, provides
from varbridge.conformance.scenario.servers import Servers
from varbridge.conformance.target.credentials import OWN
from varbridge.conformance.target.startup import START_TIMEOUT_S
from varbridge.conformance.vocabulary.encoding import encode
from varbridge.conformance.vocabulary.matchers import expect
from varbridge.conformance.vocabulary.outcome import Outcome
from varbridge.process import ServerProcess

END = 5.0
"""The maximum time until a bridge that cannot start has ended, in seconds."""

STARTER = """
import subprocess, sys
bridge = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
print(bridge.pid, file=sys.stderr, flush=True)
bridge.wait()
"""


EARLY_STARTER = """
from varbridge.conformance.vocabulary.encoding import encode
import os, subprocess, sys, time
bridge = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
print(bridge.pid, file=sys.stderr, flush=True)
used, changed = 0, time.monotonic()
while bridge.poll() is None and time.monotonic() - changed < 1:
    with open(f"/proc/{bridge.pid}/stat") as file:
        now = sum(int(ticks) for ticks in file.read().rpartition(")")[2].split()[11:13])
    if now != used:
        used, changed = now, time.monotonic()
    if used >= 0.1 * os.sysconf("SC_CLK_TCK"):
        break
"""


def of_settings(arguments):
    """Return what a new bridge provides because of its settings."""
    settings = arguments["settings"]
    return [
        *([Servers.data_dir] if settings.data_directory else []),
        *([ServerNotes.metrics_address] if settings.metrics else []),
    ]


def of_shared_settings(arguments):
    """Return what a shared bridge provides because of its settings."""
    return [STARTED, Servers.process, Servers.data_dir] if arguments["settings"].data_directory else []


def earlier_bridge(arguments):
    """Return the earlier bridge whose port or data directory the settings of a bridge name."""
    settings = arguments["settings"]
    return [
        *([Servers.data_dir] if settings.data_directory == "the same data directory" else []),
        *([Servers.process] if settings.port == "the same port" else []),
    ]


@given("a bridge{shared_settings}")
@provides(of_shared_settings)
def step_shared(context, settings):
    """A bridge that scenarios with the same settings share; with a data directory, they may restart it."""
    access = context.world.client.access
    flags = [*settings.flags]
    if settings.tls:
        flags += access.certificate()
    if settings.tokens:
        flags += access.tokens(settings.tokens)
    show_credentials(context, settings, flags)
    if settings.data_directory:
        context.world.share_durable(*flags)
    else:
        context.world.client.use_bridge(context.world.target.servers.with_flags(*flags))


@given("a bridge with short heartbeats")
@provides(ServerNotes.heartbeat_interval_s)
def step_short_heartbeats(context):
    """A bridge with heartbeats every 0.2 s, or at the interval of at most 2 s that its watches state."""
    context.world.starts.heartbeat_interval_s = use_short_heartbeats(context.world)


@given("a new bridge{settings}")
@provides(STARTED, Servers.process, of_settings)
def step_new(context, settings):
    """A bridge that only this scenario uses, so that the scenario may end it or replace its files."""
    client = context.world.client
    flags = [*settings.flags]
    if settings.tls:
        flags += client.own_access().write_certificate()
    if settings.tokens:
        flags += client.own_access().write_tokens(settings.tokens)
    if settings.metrics:
        (port,) = free_ports(1)
        context.world.starts.metrics_address = f"127.0.0.1:{port}"
        flags += ["--metrics", context.world.starts.metrics_address]
    show_credentials(context, settings, flags)
    if settings.data_directory:
        context.world.start_durable(*flags)
    else:
        port = context.world.servers.start(*flags).wait_ready(START_TIMEOUT_S)
        client.use_bridge(f"127.0.0.1:{port}")


def show_credentials(context, settings, flags):
    """Set the clients' credentials from the settings, and append the flags of mutual TLS to ``flags``."""
    client = context.world.client
    if settings.tls == "mutual TLS":
        flags += client.access.authority_flags()
        client.credentials = client.credentials._replace(tls=client.access.tls(signed_by=OWN))
    elif settings.tls:
        client.credentials = client.credentials._replace(tls=client.access.tls())
    if settings.tokens:
        client.credentials = client.credentials._replace(token=settings.token)


@when("a/another bridge is started{any_settings}")
@needs(earlier_bridge)
@provides(STARTED, Servers.process, ServerNotes.began, ServerNotes.connections, ServerNotes.first)
def step_start(context, settings):
    """Start a bridge that may fail to start; clients use the first one of the scenario that becomes ready."""
    world = context.world
    first = Servers.process.get(world.servers)
    with ExitStack() as resources:
        flags, port = flags_and_port(context, settings, resources)
        process = start(context, *flags, port=port)
        with suppress(WorkerError):  # a later step examines the end of the process
            process.wait_ready(START_TIMEOUT_S)
        if process.exit_code is None and process.port is None:
            process.wait_ended(END)
    if first is not None:
        world.starts.first = first
    elif process.port is not None:
        world.client.use_bridge(f"127.0.0.1:{process.port}")


def flags_and_port(context, settings, resources):
    """Return the flags and the port of a bridge that may fail to start; the port 0 stands for any."""
    world = context.world
    flags = [*settings.flags]
    if settings.tls:
        flags += world.client.access.certificate()
    if settings.tokens:
        flags += world.client.access.tokens(settings.tokens)
    if settings.data_directory == "the same data directory":
        flags += ["--data-dir", world.servers.data_dir.name]
    elif settings.data_directory == "a file as its data directory":
        file = resources.enter_context(NamedTemporaryFile())  # noqa: SIM115  # the stack closes it
        flags += ["--data-dir", file.name]
    if settings.port == "a busy port":
        listener = resources.enter_context(closing(socket.create_server(("127.0.0.1", 0))))
        return flags, listener.getsockname()[1]
    return flags, world.servers.process.port if settings.port == "the same port" else 0


def start(context, *flags, port=0):
    """Start a bridge, and record whether its port accepts a connection when it reports that it is ready."""
    starts = context.world.starts
    starts.connections = []

    def connect(port):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1.0):
                starts.connections.append("accepted")
        except OSError as error:
            starts.connections.append(f"refused: {error}")

    starts.began = time.monotonic()
    return context.world.servers.start(*flags, port=port, on_ready=connect)


@given("a bridge that another process started")
@provides(STARTED, ServerNotes.starter)
def step_start_by_other(context):
    """A bridge whose parent is a process that only waits for its end; clients call this bridge."""
    command = (sys.executable, "-c", STARTER, *context.world.target.servers.command_with())
    context.world.starts.starter = starter = ServerProcess(command)
    context.add_cleanup(end_both, starter)
    context.world.client.use_bridge(f"127.0.0.1:{starter.wait_ready(START_TIMEOUT_S)}")


@when("the process that starts a bridge ends before the bridge is ready")
@provides(ServerNotes.starter)
def step_end_early(context):
    """Start a bridge from a process that ends as soon as the bridge has used 0.1 s of processor time or is
    idle, whether it is ready or not."""
    command = (sys.executable, "-c", EARLY_STARTER, *context.world.target.servers.command_with())
    context.world.starts.starter = starter = ServerProcess(command)
    context.add_cleanup(end_both, starter)
    expect(
        starter.wait_ended(START_TIMEOUT_S) is not None,
        "the process that starts the bridge to end",
        "it was still running",
    )


@then("the bridge that it started ends within {int} s")
@needs(ServerNotes.starter)
def step_orphan_ends(context, seconds):
    """Check that the process whose parent has ended does not run any more."""
    (pid,) = (int(line) for line in context.world.starts.starter.stderr if line.isdecimal())
    ended = eventually(lambda: not is_running(pid), seconds)
    expect(ended, f"the bridge to end within {seconds} s", "it was still running")


def end_both(starter):
    """Kill the parent process, and the bridge, whose process id the parent wrote on stderr."""
    if starter.exit_code is None:
        starter.kill()
    for line in [*starter.stderr]:
        if line.isdecimal():
            with suppress(ProcessLookupError):
                os.kill(int(line), signal.SIGKILL)


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
    process.stop(END)
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
    port = world.servers.process.port
    answered = []
    for address in network.addresses():
        with closing(socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)) as client:
            client.settimeout(1.0)
            if client.connect_ex((address, port)) == 0:
                answered.append(address)
    assert_that(answered, empty(), "the addresses other than loopback that answer")
    assert_that(world.client.connection.ping("here"), equal_to("here"), "the answer on loopback")


@then("it ends with an error within 5 s, and says why on stderr")
@needs(ServerNotes.began, Servers.process)
def step_fails_to_start(context):
    """Check that the process ends by itself, with an exit code other than 0, a reason on stderr and no READY
    line."""
    process = context.world.servers.process
    code = process.wait_ended(END)
    took_s = None if code is None else process.ended_at - context.world.starts.began
    expect(
        took_s is not None and took_s <= 2 * END and code != 0,  # a busy machine may need twice the time
        f"the bridge to end with an error within {END:g} s",
        end_in_words(code, END, took_s or 0.0),
    )
    process.last_words()
    reported = any(line.strip() for line in process.stderr)
    expect(reported, "the reason of its end on stderr", "stderr was empty")
    expect(
        process.port is None,
        "no READY line of a bridge that does not start",
        f"it named the port {process.port}",
    )


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
