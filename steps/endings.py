"""Steps about a bridge that is told to end, or whose starter has ended, and about what is left of it."""

import os
import signal
import socket
import sys
import time
from contextlib import closing, suppress

from behave import given, then, when
from hamcrest import assert_that, empty

from varbridge.conformance.faults.processes import alive, end_in_words, offspring
from varbridge.conformance.scenario.world import DEADLINE
from varbridge.conformance.vocabulary.matchers import expect, is_refusal
from varbridge.conformance.vocabulary.outcome import Outcome
from varbridge.process import ServerProcess

END = 5.0  # seconds that a stop may take

STARTER = """
import subprocess, sys
bridge = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
print(bridge.pid, file=sys.stderr, flush=True)
bridge.wait()
"""


@when("the bridge is told to end by {signal}")
def step_signal(context, name):
    """Send the process SIGTERM or SIGINT."""
    context.world.servers.process.signal(name)


@then("the bridge ends with exit code {int}")
def step_ends(context, code):
    """The process ends within its grace and a little more."""
    actual = context.world.servers.process.wait_ended(5 + END)
    expect(actual == code, f"the bridge to end with exit code {code}", end_in_words(actual, 5 + END))


@then("nothing answers at its port")
def step_port_is_free(context):
    """The port of the ended server takes no connection."""
    with closing(socket.socket()) as knock:
        refused = knock.connect_ex(("127.0.0.1", context.world.servers.process.port))
    expect(refused != 0, "nothing to answer at its port", "something answered")


@then("new calls are refused as unavailable, while the tool still runs")
def step_no_new_calls(context):
    """A call made now does not succeed, although the one that is under way has not ended yet."""
    refuses_new_calls(context)
    expect(not context.world.tools.running.done(), "the tool to run still", "it had ended")


@given("the bridge was told to end by {signal}, and refuses new calls")
def step_is_ending(context, name):
    """A process that has got a signal, and shows it."""
    context.world.servers.process.signal(name)
    refuses_new_calls(context)


def refuses_new_calls(context):
    """A call is refused as soon as the signal has come."""
    deadline = time.monotonic() + DEADLINE
    error = None
    while error is None and time.monotonic() < deadline:  # the signal is on its way
        error = Outcome.of(context.world.client.connection.ping).examine()
    assert_that(error, is_refusal("as unavailable"))


# Of whoever started it


@given("a bridge that a process of its own has started")
def step_start_by_other(context):
    """A bridge whose parent is not the suite, but a process that does nothing else."""
    command = (sys.executable, "-c", STARTER, *context.world.target.servers.command_with())
    context.world.starts.starter = starter = ServerProcess(command)
    context.add_cleanup(end_both, starter)
    starter.wait_ready(15.0)


def end_both(starter):
    """Kill the starter, and the bridge that it names on its first line, where they are there."""
    if starter.exit_code is None:
        starter.kill()
    for line in [*starter.stderr]:
        if line.isdecimal():
            with suppress(ProcessLookupError):
                os.kill(int(line), signal.SIGKILL)


@when("that process is killed")
def step_kill_starter(context):
    """SIGKILL to the process that started the bridge."""
    context.world.starts.starter.kill()


@then("nothing answers at the bridge's port within {int} s")
def step_port_falls_silent(context, seconds):
    """The bridge's port takes no connection any more."""
    deadline = time.monotonic() + seconds
    answers = True
    while answers and time.monotonic() < deadline:
        with closing(socket.socket()) as knock:
            answers = knock.connect_ex(("127.0.0.1", context.world.starts.starter.port)) == 0
    expect(not answers, f"nothing to answer at its port after {seconds} s", "something still answered")


@then("the bridge ends within {int} s")
def step_ends_soon(context, seconds):
    """The process is gone in time, with whichever exit code."""
    code = context.world.servers.process.wait_ended(seconds)
    expect(
        code is not None, f"the bridge to end within {seconds} s", f"it was still running after {seconds} s"
    )


@given("the processes that the bridge has started are noted")
def step_note_processes(context):
    """Those that come of the bridge's process, as Linux tells them; none elsewhere."""
    context.world.starts.offspring = offspring(context.world.servers.process.pid)


@then("none of these processes is there within {int} s")
def step_none_left(context, seconds):
    """What the bridge had started is gone with it."""
    deadline = time.monotonic() + seconds
    while (left := alive(context.world.starts.offspring)) and time.monotonic() < deadline:
        pass
    assert_that(left, empty(), "the processes that the bridge has left behind")
