"""Steps about processes that get signals, end and are restarted, and what they leave behind."""

import signal
import socket
import time
from contextlib import closing

from behave import step, then
from hamcrest import assert_that, empty

from varbridge.conformance.clients.collected_watch import collect
from varbridge.conformance.faults.processes import alive, end_in_words, offspring
from varbridge.conformance.scenario.notes import ServerNotes
from varbridge.conformance.scenario.prerequisites import STARTED, needs, provides
from varbridge.conformance.scenario.processes import (
    CHILDREN,
    END_S,
    ENDINGS,
    killed_worker,
    named,
    process_named,
    restart_of,
)
from varbridge.conformance.scenario.servers import Servers
from varbridge.conformance.scenario.world import DEADLINE_S
from varbridge.conformance.vocabulary.matchers import expect, is_refusal
from varbridge.conformance.vocabulary.outcome import Outcome
from varbridge.conformance.vocabulary.phrases import event


@event("{process} is/was killed")
@needs(process_named)
@provides(killed_worker)
def step_kill(context, name):
    """Send SIGKILL to a process, and wait for its end."""
    named(context.world, name).end(signal.SIGKILL)


@event("{process} is/was {ending} and restarted")
@needs(process_named, restart_of)
@provides(killed_worker)
def step_restart(context, name, end):
    """Kill (SIGKILL) or stop (SIGTERM) a process, and start it again with its data, flags and port."""
    processes = named(context.world, name)
    processes.end(ENDINGS[end])
    processes.restart()


@event("{process} is/was restarted")
@needs(process_named, restart_of)
def step_start_again(context, name):
    """Restart a process that has ended; for the store, restart every member that does not run."""
    named(context.world, name).restart()


@event("{process} is/was paused")
@needs(process_named)
def step_pause(context, name):
    """Send SIGSTOP: the process keeps its connections and its memory, and does nothing."""
    named(context.world, name).signal(signal.SIGSTOP)


@event("{process} is/was resumed")
@needs(process_named)
def step_resume(context, name):
    """Send SIGCONT to a process that was paused."""
    named(context.world, name).signal(signal.SIGCONT)


@event("{process} receives/received {signal}")
@needs(process_named)
@provides(ServerNotes.offspring)
def step_signal(context, name, number):
    """Send a signal to a process, and do not wait for its end."""
    process = Servers.process.get(context.world.servers)
    if name == "the bridge" and process is not None:
        context.world.starts.offspring = offspring(process.pid)
    named(context.world, name).signal(number)


@then("{process} ends with exit code {int}")
@needs(process_named)
def step_ends(context, name, code):
    """Check that the process ends with this exit code within 10 s."""
    actual = named(context.world, name).wait_ended(END_S)
    expect(actual == code, f"{name} to end with exit code {code}", end_in_words(actual, END_S))


@then("{process} end(s) within {int} s")
@needs(process_named)
def step_ends_soon(context, name, seconds):
    """Check that the process ends in time, with any exit code; child processes are those that ran before the
    signal."""
    if name == CHILDREN:
        require_no_children(context, seconds)
        return
    code = named(context.world, name).wait_ended(seconds)
    expect(code is not None, f"{name} to end within {seconds} s", f"it was still running after {seconds} s")


def require_no_children(context, seconds):
    """Check that all processes that the bridge had started before the signal have ended; on Linux only."""
    deadline = time.monotonic() + seconds
    while (left := alive(context.world.starts.offspring)) and time.monotonic() < deadline:
        pass
    assert_that(left, empty(), "the processes that the bridge has left behind")


@step("new calls are refused as unavailable")
def step_refuses_new_calls(context):
    """Within 5 s, the bridge has received the signal and refuses a call, and then also a watch."""
    deadline = time.monotonic() + DEADLINE_S
    error = None
    while error is None and time.monotonic() < deadline:  # the signal is on its way
        error = Outcome.of(context.world.client.connection.ping).examine()
    assert_that(error, is_refusal("as unavailable"))
    with collect(context.world.session) as watch:
        watch.wait_until_over(DEADLINE_S)
        assert_that(watch.ended, is_refusal("as unavailable"), "a new watch")


@then("nothing listens on the bridge's port")
@needs(STARTED)
def step_port_closed(context):
    """Check that the port refuses connections: at once, or within 5 s if the bridge is not a child of the
    suite."""
    process = Servers.process.get(context.world.servers)
    is_orphan = process is None  # its end cannot be waited for
    port = context.world.starts.starter.port if is_orphan else process.port
    deadline = time.monotonic() + (DEADLINE_S if is_orphan else 0.0)
    answers = is_open(port)
    while answers and time.monotonic() < deadline:
        answers = is_open(port)
    limit = f" after {DEADLINE_S:g} s" if is_orphan else ""
    expect(not answers, f"nothing to answer at its port{limit}", "something still answered")


def is_open(port):
    """Return True if a local port accepts a connection."""
    with closing(socket.socket()) as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
