"""Steps about what becomes of bridges that share their state: killed, ended, paused, cut off."""

import signal

from behave import given, then, when
from hamcrest import assert_that, equal_to

from varbridge import Variable
from varbridge.conformance.scenario.notes import LoadNotes
from varbridge.conformance.scenario.world import DEADLINE
from varbridge.conformance.vocabulary.matchers import expect, holds
from varbridge.messages import snakepit_bridge_pb2 as pb


@given("{person} was killed")
@when("{person} is killed")
def step_kill(context, bridge):
    """SIGKILL, and wait until the process is gone."""
    context.world.client.bridges.kill(bridge)


@given("{person} was started again")
@when("{person} is started again")
def step_start_again(context, bridge):
    """A bridge that has ended is started at the port that it had."""
    context.world.start_bridges_again(bridge)


@when("{person} is killed and started again")
def step_restart(context, bridge):
    """SIGKILL, and a new process at the same port."""
    context.world.client.bridges.kill(bridge)
    context.world.start_bridges_again(bridge)


@when("all bridges are {word} and started again")
def step_restart_all(context, ended):
    """SIGKILL or SIGTERM to each, and only then new processes; what clients wrote before is looked at."""
    bridges = context.world.client.bridges
    number = {"killed": signal.SIGKILL, "stopped": signal.SIGTERM}[ended]
    for name in bridges.names:
        bridges.send_signal(name, number)
    for name in bridges.names:
        code = bridges.process(name).wait_ended(2 * DEADLINE)
        expect(code is not None, f"{name} to end", "it was still running")
    context.world.start_bridges_again(*bridges.names)
    if (workload := LoadNotes.workload.get(context.world.loads)) is not None:
        context.world.inspect_everywhere(workload)


@when("{person} is told to end")
def step_terminate(context, bridge):
    """SIGTERM, and wait for the end."""
    context.world.starts.exit_code = context.world.client.bridges.end(bridge, signal.SIGTERM)


@then("it has ended with exit code {int}")
def step_ended(context, code):
    """The bridge that was told to end has."""
    assert_that(context.world.starts.exit_code, equal_to(code), "its exit code")


@when("{person}'s line to the store stalls until clients have got on without it")
def step_stall_for_long(context, bridge):
    """What the bridge had sent to the store arrives when others have its sessions."""
    context.world.client.bridges.cut_off(bridge)
    context.world.loads.workload.get_on()
    context.world.client.bridges.reconnect(bridge)


@when("{person} is paused until clients have got on without it")
def step_pause_for_long(context, bridge):
    """SIGSTOP in the midst of clients that write, and SIGCONT when each of them has written more."""
    context.world.client.bridges.pause(bridge)
    context.world.loads.workload.get_on()
    context.world.client.bridges.go_on(bridge)


@given("{person} was paused")
@when("{person} is paused")
def step_pause(context, bridge):
    """SIGSTOP: the process keeps its connections and its memory, and does nothing."""
    context.world.client.bridges.pause(bridge)


@given("{person} goes on again")
@when("{person} goes on")
def step_go_on(context, bridge):
    """SIGCONT."""
    context.world.client.bridges.go_on(bridge)


@given("{int} reads of {name} are waiting at {person}")
def step_waiting_reads(context, count, name, bridge):
    """Calls that a paused bridge has been sent, and finds when it goes on."""
    world = context.world
    request = pb.GetVariableRequest(session_id=world.sessions.id, variable_identifier=name)
    connection = world.client.bridges.connection(bridge)
    context.world.reads.waiting = [
        connection.start("GetVariable", request, timeout=30.0) for _ in range(count)
    ]


@then("each of these reads is answered with {value} at version {int}, or as unavailable")
def step_no_stale_reads(context, value, version):
    """None of the calls that waited was answered with what the paused bridge remembered."""
    for call in context.world.reads.waiting:
        error = call.exception(timeout=3 * DEADLINE)
        if error is None:
            assert_that(Variable(call.result().variable), holds(value, version), "a read that waited")
        else:
            assert_that(error.code().name, equal_to("UNAVAILABLE"), "the end of a read")
