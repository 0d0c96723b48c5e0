"""Steps about clients that write on and on at bridges that share their state, whatever becomes of these."""

import threading

from behave import when

from harness.onward import Onward
from harness.saying import say
from harness.traffic import Traffic
from harness.world import DEADLINE

BATCHES = 40  # that are acknowledged before a kill


def onward(context, count):
    """Clients at all bridges that write on and on."""
    world = context.world
    world.bridges.roaming = True
    context.traffic = Onward(world.session_id, world.connect, count)
    return context.traffic


@when("{count:d} clients write while one bridge after the other is killed, {times:d} times in all")
def step_write_while_killed(context, count, times):
    """Each is started again when clients have got on without it."""
    bridges = context.world.bridges
    with onward(context, count) as traffic:
        for turn in range(times):
            traffic.get_on()
            name = bridges.names[turn % len(bridges.names)]
            bridges.kill(name)
            traffic.get_on()
            context.world.start_bridges_again(name)
        traffic.get_on()
    context.traffic.inspect_at_all(context.world)


@when("{count:d} clients write while {step}")
def step_write_while(context, count, step):
    """Any When, in the midst of clients at all bridges, each of which then gets on within 15 s."""
    with onward(context, count) as traffic:
        traffic.get_on()
        say(context, "When", step)
        traffic.get_on()
    context.traffic.inspect_at_all(context.world)


@when("{count:d} clients write batches at a bridge until it is killed, {times:d} times, each time at another")
def step_batches_until_killed(context, count, times):
    """Looked at each time at the bridge that is left; the other one is started again then."""
    world = context.world
    context.traffic = traffic = Traffic(world.session_id, count, 2)
    names = world.bridges.names
    for turn in range(times):
        name, other = names[turn % len(names)], names[(turn + 1) % len(names)]
        with world.at_bridge(name):
            traffic.run(world.connect, world.bridges.process(name), BATCHES)
        world.bridges.expect(name)
        with world.at_bridge(other), world.patient(3 * DEADLINE):
            traffic.inspect(world.session)
        world.start_bridges_again(name)
    traffic.inspect_watch(world.session)


@when("{bridge:Person} is killed at version {version:d} of {name:Name}, and {step}")
def step_kill_in_the_midst(context, bridge, version, name, step):
    """Any When of clients at once, in the midst of which a bridge is killed."""
    world = context.world
    watch = world.bridges.connection(bridge).session(world.session_id).watch(name)

    def kill():
        watch.wait_for(lambda got: any(u.variable and u.variable.version >= version for u in got), 30.0)
        world.bridges.kill(bridge)

    killer = threading.Thread(target=kill)
    killer.start()
    say(context, "When", step)
    killer.join()
    watch.close()
