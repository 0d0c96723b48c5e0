"""Steps that start bridges, or let other processes start them."""

import os
import signal
import socket
import sys
import time
from contextlib import ExitStack, closing, suppress
from tempfile import NamedTemporaryFile

from behave import given, then, when

from varbridge import WorkerError
from varbridge.conformance.faults.polling import eventually
from varbridge.conformance.faults.ports import free_ports
from varbridge.conformance.faults.processes import is_running
from varbridge.conformance.scenario.heartbeats import use_short_heartbeats
from varbridge.conformance.scenario.notes import ServerNotes
from varbridge.conformance.scenario.prerequisites import STARTED, needs, provides
from varbridge.conformance.scenario.servers import Servers
from varbridge.conformance.target.credentials import OWN
from varbridge.conformance.target.startup import FAILED_START_TIMEOUT_S, START_TIMEOUT_S
from varbridge.conformance.vocabulary.matchers import expect
from varbridge.process import ServerProcess

STARTER = """
import subprocess, sys
bridge = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
print(bridge.pid, file=sys.stderr, flush=True)
bridge.wait()
"""


EARLY_STARTER = """
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
    flags = shared_flags(context, settings)
    show_credentials(context, settings)
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
    if settings.tls == "mutual TLS":
        flags += client.access.authority_flags()
    if settings.tokens:
        flags += client.own_access().write_tokens(settings.tokens)
    if settings.metrics:
        (port,) = free_ports(1)
        context.world.starts.metrics_address = f"127.0.0.1:{port}"
        flags += ["--metrics", context.world.starts.metrics_address]
    show_credentials(context, settings)
    if settings.data_directory:
        context.world.start_durable(*flags)
    else:
        port = context.world.servers.start(*flags).wait_ready(START_TIMEOUT_S)
        client.use_bridge(f"127.0.0.1:{port}")


def shared_flags(context, settings):
    """Return the flags of the settings, with certificates and tokens that other bridges have too."""
    access = context.world.client.access
    flags = [*settings.flags]
    if settings.tls:
        flags += access.certificate()
    if settings.tls == "mutual TLS":
        flags += access.authority_flags()
    if settings.tokens:
        flags += access.tokens(settings.tokens)
    return flags


def show_credentials(context, settings):
    """Set the clients' credentials from the settings."""
    client = context.world.client
    if settings.tls == "mutual TLS":
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
            process.wait_ended(FAILED_START_TIMEOUT_S)
    if first is not None:
        world.starts.first = first
    elif process.port is not None:
        world.client.use_bridge(f"127.0.0.1:{process.port}")


def flags_and_port(context, settings, resources):
    """Return the flags and the port of a bridge that may fail to start; the port 0 stands for any."""
    world = context.world
    flags = shared_flags(context, settings)
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
