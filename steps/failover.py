"""Steps about clients that write on and on at bridges that share their state, whatever becomes of these."""

import threading

from behave import when

from varbridge.conformance.clients.crash_workload import CrashWorkload
from varbridge.conformance.clients.failover_workload import FailoverWorkload
from varbridge.conformance.scenario.world import DEADLINE
from varbridge.conformance.vocabulary.phrases import prefix, run_step

BATCHES = 40  # that are acknowledged before a kill


def failover_workload(context, count):
    """Clients at all bridges that write on and on."""
    world = context.world
    world.client.bridges.roaming = True
    context.world.loads.workload = FailoverWorkload(world.sessions.id, world.client.connect, count)
    return context.world.loads.workload


@when("{int} clients write while one bridge after the other is killed, {int} times in all")
def step_write_while_killed(context, count, times):
    """Each is started again when clients have got on without it."""
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


@prefix("{int} clients write while {step}")
def step_write_while(context, count, step):
    """Any When, in the midst of clients at all bridges, each of which then gets on within 15 s."""
    with failover_workload(context, count) as workload:
        workload.get_on()
        run_step(context, step)
        workload.get_on()
    context.world.inspect_everywhere(context.world.loads.workload)


@when("{int} clients write batches at a bridge until it is killed, {int} times, each time at another")
def step_batches_until_killed(context, count, times):
    """Looked at each time at the bridge that is left; the other one is started again then."""
    world = context.world
    context.world.loads.workload = workload = CrashWorkload(world.sessions.id, count, 2)
    names = world.client.bridges.names
    for turn in range(times):
        name, other = names[turn % len(names)], names[(turn + 1) % len(names)]
        with world.client.at_bridge(name):
            workload.run(world.client.connect, world.client.bridges.process(name), BATCHES)
        world.client.bridges.expect(name)
        with world.client.at_bridge(other), world.client.retrying(3 * DEADLINE):
            workload.inspect(world.session)
        world.start_bridges_again(name)
    workload.inspect_watch(world.session)


@prefix("{person} is killed at version {int} of {name}, and {step}")
def step_kill_in_the_midst(context, bridge, version, name, step):
    """Any When of clients at once, in the midst of which a bridge is killed."""
    world = context.world
    watch = world.client.bridges.connection(bridge).session(world.sessions.id).watch(name)

    def kill():
        watch.wait_for(lambda got: any(u.variable and u.variable.version >= version for u in got), 30.0)
        world.client.bridges.kill(bridge)

    killer = threading.Thread(target=kill)
    killer.start()
    run_step(context, step)
    killer.join()
    watch.close()
