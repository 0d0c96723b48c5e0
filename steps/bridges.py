"""Steps about several bridges that share their state, and what becomes of them."""

import signal
import threading
import time

from behave import given, then, when
from hamcrest import assert_that, empty, equal_to

from client import Variable
from harness.bridges import Bridges
from harness.matchers import holds, in_order, is_refusal, is_so
from harness.onward import Onward
from harness.outcome import REASONS, Outcome
from harness.saying import say
from harness.traffic import Traffic
from harness.world import DEADLINE
from proto import snakepit_bridge_pb2 as pb

ACKNOWLEDGED = 20  # writes of each client before what happens, and after it
BATCHES = 40  # that are acknowledged before a kill


def begin(context, names, flags="", **options):
    """Have bridges, and speak to the first of them."""
    world = context.world
    world.use_bridges(Bridges(world.target, names, flags.split(), **options))


@given("the bridges {names:People}, which share their state, started with {flags:Name}")
def step_bridges_with(context, names, flags):
    """Bridges with these flags over one store; scenarios that ask for the same share them."""
    begin(context, names, flags)


@given("the bridges {names:People}, which share their state")
def step_bridges(context, names):
    """Bridges over one store, the first of which the clients speak to; scenarios share them."""
    begin(context, names)


@given("bridges of its own, {names:People}, which share their state, started with {flags:Name}")
def step_own_bridges_with(context, names, flags):
    """Bridges with these flags over one store, which the scenario may end."""
    begin(context, names, flags, own=True)


@given("bridges of its own, {names:People}, which share their state")
def step_own_bridges(context, names):
    """Bridges over one store, the first of which the clients speak to; the scenario may end them."""
    begin(context, names, own=True)


@given("bridges of its own, {names:People}, which share their state from machine to machine")
def step_bridges_apart(context, names):
    """Bridges over one store that take each other to be on other machines; the scenario may end them."""
    begin(context, names, own=True, apart=True)


@given("{person:Person} is at {bridge:Person}")
def step_person_at(context, person, bridge):
    """Someone is connected to a bridge of several from now on."""
    context.world.move(person, bridge)


@given("bridges of its own, {names:People}, which share their state over lines that can stall")
def step_bridges_over_lines(context, names):
    """Bridges each of which reaches the store over a line of its own; the scenario may end them."""
    begin(context, names, own=True, lines=True)


@given("clients that know all bridges, and call again where one is unavailable")
def step_roaming(context):
    """Clients begin at the bridges in turn, go on to the next when one is gone, and repeat what failed."""
    context.world.bridges.roaming = True


@given("at {bridge:Person}, {step}")
def step_given_at(context, bridge, step):
    """Any Given, at a bridge of several."""
    with context.world.at_bridge(bridge):
        say(context, "Given", step)


@when("at {bridge:Person}, {step}")
def step_when_at(context, bridge, step):
    """Any When, at a bridge of several."""
    with context.world.at_bridge(bridge):
        say(context, "When", step)


@then("at {bridge:Person}, {step}")
def step_then_at(context, bridge, step):
    """Any Then, at a bridge of several."""
    with context.world.at_bridge(bridge):
        say(context, "Then", step)


@given("within {seconds:d} s, {step}")
def step_given_within(context, seconds, step):
    """Any Given, where a bridge that is unavailable is called again until time is up."""
    with context.world.patient(seconds):
        say(context, "Given", step)


@when("within {seconds:d} s, {step}")
def step_when_within(context, seconds, step):
    """Any When, where a bridge that is unavailable is called again until time is up."""
    with context.world.patient(seconds):
        say(context, "When", step)


@then("within {seconds:d} s, {step}")
def step_then_within(context, seconds, step):
    """Any Then, where a bridge that is unavailable is called again until time is up."""
    with context.world.patient(seconds):
        say(context, "Then", step)


# What is the same at all of them


@when("at each bridge, {step}")
def step_when_at_each(context, step):
    """Any When, at one bridge after the other; what became of it is kept of each."""
    world = context.world
    outcomes = []
    for name in world.bridges.names:
        with world.at_bridge(name):
            say(context, "When", step)
        world.outcome.examine()
        outcomes.append(world.outcome)
    world.outcome, world.outcomes = Outcome(), outcomes


@then("each refuses it as {reason:Reason}, in the same words and for the same fields")
def step_same_refusals(context, reason):
    """Every bridge refused, and status, message and field violations are the very same."""
    errors = [outcome.examine() for outcome in context.world.outcomes]
    for error in errors:
        assert_that(error, is_refusal(reason))
    told = [(error.message, error.violations) for error in errors]
    assert_that(told[1:], equal_to(told[:-1]), "what the bridges said, beside what the first one said")


@then("all bridges tell the same of {name:Name}")
def step_tell_same(context, name):
    """A read, the list, the history and a description say the very same at each bridge."""
    world = context.world
    world.require_success()
    told = []
    for bridge in world.bridges.names:
        with world.at_bridge(bridge):
            session = world.session
            described = session.describe()
            told.append(
                (
                    session.get(name).message,
                    [variable.message for variable in session.list()],
                    [*session.history(name)],
                    dict(described.metadata),
                    described.variable_count,
                    described.created_at,
                )
            )
    assert_that(told[1:], equal_to(told[:-1]), "what the bridges tell, beside what the first one tells")


@given("{count:d} variables {prefix:Name}, each holding its number")
def step_many_variables(context, count, prefix):
    """Integer variables whose names end with 0 and so on."""
    for number in range(count):
        variable = context.world.session.register(f"{prefix}{number}", "integer", number)
        context.world.learn(variable.name, "integer", variable.id)


@when("all {count:d} variables {prefix:Name} are set together, each to its number and 1000")
def step_set_many(context, count, prefix):
    """One atomic batch."""
    updates = {f"{prefix}{number}": number + 1000 for number in range(count)}
    context.world.attempt(lambda: context.world.session.set_many(updates, atomic=True))


@then("all {count:d} variables {prefix:Name} hold their number and 1000, at version {version:d}")
def step_hold_many(context, count, prefix, version):
    """One read of all of them."""
    world = context.world
    result = world.require_success()
    assert_that(result.errors, empty(), "the errors of the batch")
    found, missing = world.session.get_many([f"{prefix}{number}" for number in range(count)])
    assert_that(missing, empty(), "the variables missing")
    held = [(variable.value, variable.version) for variable in found.values()]
    assert_that(sorted(held), in_order([(n + 1000, version) for n in range(count)]), "value and version")


@given("{person:Person} follows {names:Names}")
@when("{person:Person} follows {names:Names}")
def step_follow(context, person, names):
    """Someone's watch is put in place again wherever it is cut off, at any bridge, after what it saw."""
    context.world.follow(person, names)


# What becomes of bridges


@given("{bridge:Person} was killed")
@when("{bridge:Person} is killed")
def step_kill(context, bridge):
    """SIGKILL, and wait until the process is gone."""
    context.world.bridges.kill(bridge)


@given("{bridge:Person} was started again")
@when("{bridge:Person} is started again")
def step_start_again(context, bridge):
    """A bridge that has ended is started at the port that it had."""
    context.world.start_bridges_again(bridge)


@when("{bridge:Person} is killed and started again")
def step_restart(context, bridge):
    """SIGKILL, and a new process at the same port."""
    context.world.bridges.kill(bridge)
    context.world.start_bridges_again(bridge)


@when("all bridges are {ended} and started again")
def step_restart_all(context, ended):
    """SIGKILL or SIGTERM to each, and only then new processes; what clients wrote before is looked at."""
    bridges = context.world.bridges
    number = {"killed": signal.SIGKILL, "stopped": signal.SIGTERM}[ended]
    for name in bridges.names:
        bridges.tell(name, number)
    for name in bridges.names:
        code = bridges.process(name).wait_ended(2 * DEADLINE)
        assert_that(code is not None, is_so(f"{name} to end", "it was still running"))
    context.world.start_bridges_again(*bridges.names)
    if "traffic" in context:
        inspect(context)


@when("{bridge:Person} is told to end")
def step_terminate(context, bridge):
    """SIGTERM, and wait for the end."""
    context.code = context.world.bridges.end(bridge, signal.SIGTERM)


@then("it has ended with exit code {code:d}")
def step_ended(context, code):
    """The bridge that was told to end has."""
    assert_that(context.code, equal_to(code), "its exit code")


@when("{bridge:Person}'s line to the store stalls until clients have got on without it")
def step_stall_for_long(context, bridge):
    """What the bridge had sent to the store arrives when others have its sessions."""
    context.world.bridges.cut_off(bridge)
    context.traffic.wait(ACKNOWLEDGED)
    context.world.bridges.reconnect(bridge)


@when("{bridge:Person} is paused until clients have got on without it")
def step_pause_for_long(context, bridge):
    """SIGSTOP in the midst of clients that write, and SIGCONT when each of them has written more."""
    context.world.bridges.pause(bridge)
    context.traffic.wait(ACKNOWLEDGED)
    context.world.bridges.go_on(bridge)


@given("{bridge:Person} was paused")
@when("{bridge:Person} is paused")
def step_pause(context, bridge):
    """SIGSTOP: the process keeps its connections and its memory, and does nothing."""
    context.world.bridges.pause(bridge)


@given("{bridge:Person} goes on again")
@when("{bridge:Person} goes on")
def step_go_on(context, bridge):
    """SIGCONT."""
    context.world.bridges.go_on(bridge)


@given("{count:d} reads of {name:Name} are waiting at {bridge:Person}")
def step_waiting_reads(context, count, name, bridge):
    """Calls that a paused bridge has been sent, and finds when it goes on."""
    world = context.world
    request = pb.GetVariableRequest(session_id=world.session_id, variable_identifier=name)
    connection = world.bridges.connection(bridge)
    context.waiting = [connection.start("GetVariable", request, timeout=30.0) for _ in range(count)]


@then("each of these reads is answered with {value:Value} at version {version:d}, or as unavailable")
def step_no_stale_reads(context, value, version):
    """None of the calls that waited was answered with what the paused bridge remembered."""
    for call in context.waiting:
        error = call.exception(timeout=3 * DEADLINE)
        if error is None:
            assert_that(Variable(call.result().variable), holds(value, version), "a read that waited")
        else:
            assert_that(error.code().name, equal_to(REASONS["unavailable"].name), "the end of a read")


# What becomes of the store


def member(context, which):
    """The leader of the store, or one of the others; or the one that the first bridge asks first."""
    cluster = context.world.target.store.cluster
    if which == "first member":
        return cluster.members[0]
    leader = cluster.leader()
    return leader if which == "leader" else next(one for one in cluster.members if one is not leader)


@given("the store's {which} was killed")
@when("the store's {which} is killed")
def step_kill_member(context, which):
    """SIGKILL to the member that leads, to another, or to the first that is named: leader, follower."""
    member(context, which).kill()


@when("the store's {which} is paused")
def step_pause_member(context, which):
    """SIGSTOP to the member that leads, or to another: leader or follower."""
    member(context, which).pause()


@when("the store's {which} is killed and started again")
def step_restart_member(context, which):
    """SIGKILL to a member, leader or follower, and a new process with its data."""
    one = member(context, which)
    one.kill()
    one.start()
    context.world.target.store.cluster.wait_healthy()


@when("all of the store is killed and started again")
def step_restart_store(context):
    """SIGKILL to all members, and new processes with their data."""
    store = context.world.target.store
    for one in store.cluster.members:
        one.kill()
    store.heal()


@given("most of the store was killed")
@when("most of the store is killed")
def step_kill_most(context):
    """SIGKILL to two members of three, the leader among them."""
    cluster = context.world.target.store.cluster
    leader = cluster.leader()
    other = next(one for one in cluster.members if one is not leader)
    for one in (leader, other):
        one.kill()


@given("the store is whole again")
@when("the store is whole again")
def step_heal(context):
    """Every member of the store runs and answers."""
    context.world.target.store.heal()


@given("within {seconds:d} s no bridge lets {name:Name} be read or set any more")
@then("within {seconds:d} s no bridge lets {name:Name} be read or set any more")
def step_nothing_works(context, seconds, name):
    """Each bridge refuses reads, and then sets, as unavailable; what it answered before was what is there."""
    world = context.world
    deadline = time.monotonic() + seconds
    for bridge in world.bridges.names:
        with world.at_bridge(bridge):
            error = None
            while error is None and time.monotonic() < deadline:
                error = Outcome.of(lambda: world.session.get(name)).examine()
            assert_that(error, is_refusal("unavailable"), f"a read at {bridge} after {seconds} s")
    for bridge in world.bridges.names:
        with world.at_bridge(bridge):
            outcome = Outcome.of(lambda: world.session.set(name, 0, kind="integer"))
            assert_that(outcome.examine(), is_refusal("unavailable"), f"a set at {bridge}")


# Clients that go on


def onward(context, count):
    """Clients at all bridges that write on and on."""
    world = context.world
    world.bridges.roaming = True
    context.traffic = Onward(world.session_id, world.connect, count)
    return context.traffic


def inspect(context):
    """Look at what is there, at each bridge that is left."""
    world = context.world
    for bridge in world.bridges.left():
        with world.patient(3 * DEADLINE), world.at_bridge(bridge):
            context.traffic.inspect(bridge, world.session)


@when("{count:d} clients write while one bridge after the other is killed, {times:d} times in all")
def step_write_while_killed(context, count, times):
    """Each is started again when clients have got on without it."""
    bridges = context.world.bridges
    with onward(context, count) as traffic:
        for turn in range(times):
            traffic.wait(ACKNOWLEDGED)
            name = bridges.names[turn % len(bridges.names)]
            bridges.kill(name)
            traffic.wait(ACKNOWLEDGED)
            context.world.start_bridges_again(name)
        traffic.wait(ACKNOWLEDGED)
    inspect(context)


@when("{count:d} clients write while {step}")
def step_write_while(context, count, step):
    """Any When, in the midst of clients at all bridges, each of which then gets on within 15 s."""
    with onward(context, count) as traffic:
        traffic.wait(ACKNOWLEDGED)
        say(context, "When", step)
        traffic.wait(ACKNOWLEDGED)
    inspect(context)


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


@then("{person:Person} is told the versions {first:d} to {last:d} of {name:Name}, each once")
def step_followed(context, person, first, last, name):
    """What a follower was told over all of its watches."""
    watch = context.world.watchers[person].watch
    got = watch.wait_for(lambda updates: len(updates) >= last - first + 1, 3 * DEADLINE)
    versions = [update.variable.version for update in got]
    assert_that(versions, in_order(range(first, last + 1)), f"the versions that {person} was told")
