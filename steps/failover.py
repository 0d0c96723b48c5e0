"""Steps about clients that write continuously while processes are killed, paused and cut off."""

import threading

from behave import given, then, when
from hamcrest import assert_that, equal_to

from varbridge import Variable
from varbridge.conformance.clients.collected_watch import collect
from varbridge.conformance.clients.crash_workload import CrashWorkload
from varbridge.conformance.clients.failover_workload import FailoverWorkload
from varbridge.conformance.scenario.client import Client
from varbridge.conformance.scenario.notes import LoadNotes, ReadNotes
from varbridge.conformance.scenario.prerequisites import bridge_named, needs, own_bridge_named, provides
from varbridge.conformance.scenario.servers import Servers
from varbridge.conformance.scenario.world import DEADLINE_S
from varbridge.conformance.vocabulary.matchers import holds
from varbridge.conformance.vocabulary.phrases import event, prefix, run_step
from varbridge.messages import snakepit_bridge_pb2 as pb

ACKNOWLEDGED = 40
"""The number of writes or batches that must be acknowledged before a bridge is killed."""

SIZES = {"values": 1, "batches": 2}
"""The number of variables that a client sets in one call, by the words of the features."""


def bridges_killed(arguments):
    """Return the bridges that a step needs in order to kill them while clients write."""
    own = arguments["bridges"] == "the bridge"
    return [Servers.process, Servers.data_dir] if own else [Client.bridges]


@when("{int} clients write {writes} while {killed} is killed and restarted, {int} times in all")
@needs(bridges_killed)
@provides(LoadNotes.workload)
def step_write_while_killed(context, count, writes, bridges, times):
    """Write from several clients while bridges are killed.

    Later steps check that no acknowledged change is lost, no batch is applied in part, and no update is
    wrong.
    """
    if bridges == "the bridge":
        write_while_bridge_is_killed(context, count, SIZES[writes], times)
        return
    if writes == "batches":
        write_batches_while_each_is_killed(context, count, times)
    else:
        write_values_while_each_is_killed(context, count, times)


def write_while_bridge_is_killed(context, count, size, times):
    """Write to the bridge until it is killed; inspect it after each restart, and a watch at the end."""
    world = context.world
    world.loads.workload = workload = CrashWorkload(world.sessions.id, count, size)
    for _ in range(times):
        workload.run(world.client.connect, world.servers.process, ACKNOWLEDGED)
        world.start_again()
        workload.inspect(world.session)
    workload.inspect_watch(world.session)


def write_values_while_each_is_killed(context, count, times):
    """Write from clients that fail over; kill each bridge in turn, and restart it after more writes."""
    bridges = context.world.client.bridges
    with failover_workload(context, count) as workload:
        for turn in range(times):
            workload.get_on()
            name = bridges.names[turn % len(bridges.names)]
            bridges.kill(name)
            workload.get_on()
            context.world.start_bridges_again(name)
        workload.get_on()
    context.world.inspect_everywhere(context.world.loads.workload)


def write_batches_while_each_is_killed(context, count, times):
    """Write at one bridge until it is killed, inspect the state at another one, and continue at the next."""
    world = context.world
    world.loads.workload = workload = CrashWorkload(world.sessions.id, count, SIZES["batches"])
    names = world.client.bridges.names
    for turn in range(times):
        name, other = names[turn % len(names)], names[(turn + 1) % len(names)]
        with world.client.at_bridge(name):
            workload.run(world.client.connect, world.client.bridges.process(name), ACKNOWLEDGED)
        world.client.bridges.expect(name)
        with world.client.at_bridge(other), world.client.retrying(3 * DEADLINE_S):
            workload.inspect(world.session)
        world.start_bridges_again(name)
    workload.inspect_watch(world.session)


def failover_workload(context, count):
    """Return a workload of clients that fail over between all bridges."""
    world = context.world
    world.client.bridges.roaming = True
    world.loads.workload = FailoverWorkload(world.sessions.id, world.client.connect, count)
    return world.loads.workload


@prefix("{int} clients write while {step}")
@needs(Client.bridges)
@provides(LoadNotes.workload)
def step_write_while(context, count, step):
    """Run a step while clients write at all bridges; then each gets more writes acknowledged within 15 s."""
    with failover_workload(context, count) as workload:
        workload.get_on()
        run_step(context, step)
        workload.get_on()
    context.world.inspect_everywhere(context.world.loads.workload)


@event("{person} is {absence} until clients have written more")
@needs(own_bridge_named("bridge"))
def step_away(context, bridge, state):
    """A bridge is paused, or cut off from the store; what it had sent to the store arrives afterwards."""
    bridges = context.world.client.bridges
    leave, come_back = {
        "paused": (bridges.pause, bridges.go_on),
        "cut off from the store": (bridges.cut_off, bridges.reconnect),
    }[state]
    leave(bridge)
    context.world.loads.workload.get_on()
    come_back(bridge)


@prefix("{person} is killed at version {int} of {name} while {step}")
@needs(own_bridge_named("bridge"))
def step_kill_while(context, bridge, version, name, step):
    """Run a step of several clients, and kill a bridge when a variable reaches a version."""
    world = context.world
    watch = collect(world.client.bridges.connection(bridge).session(world.sessions.id), name)

    def kill():
        watch.wait_for(lambda got: any(u.variable and u.variable.version >= version for u in got), 30.0)
        world.client.bridges.kill(bridge)

    killer = threading.Thread(target=kill)
    killer.start()
    run_step(context, step)
    killer.join()
    watch.close()


@given("{int} reads of {name} wait at {person}")
@needs(bridge_named("bridge"))
@provides(ReadNotes.waiting)
def step_waiting_reads(context, count, name, bridge):
    """Several reads that are sent to a paused bridge, which answers them when it is resumed."""
    world = context.world
    request = pb.GetVariableRequest(session_id=world.sessions.id, variable_identifier=name)
    connection = world.client.bridges.connection(bridge)
    world.reads.waiting = [connection.start("GetVariable", request, timeout=30.0) for _ in range(count)]


@then("each read is answered with {value} at version {int}, or as unavailable")
@needs(ReadNotes.waiting)
def step_no_stale_reads(context, value, version):
    """Check that no read that waited is answered with outdated state of the paused bridge."""
    for call in context.world.reads.waiting:
        error = call.exception(timeout=3 * DEADLINE_S)
        if error is None:
            assert_that(Variable(call.result().variable), holds(value, version), "a read that waited")
        else:
            assert_that(error.code().name, equal_to("UNAVAILABLE"), "the end of a read")
