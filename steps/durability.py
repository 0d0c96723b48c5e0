"""Steps about what survives the death of the process: data directories, kills, and starting again."""

import random
import signal
from pathlib import Path
from tempfile import NamedTemporaryFile

from behave import given, then, when
from hamcrest import assert_that, equal_to

from varbridge.conformance.clients.crash_workload import CrashWorkload
from varbridge.conformance.scenario.world import DEADLINE
from varbridge.conformance.vocabulary.literals import Literal
from varbridge.conformance.vocabulary.matchers import expect, no_faults
from varbridge.conformance.vocabulary.outcome import Outcome

END = 5.0  # seconds that an end, or a start that fails, may take

ACKNOWLEDGED = 40  # writes before a kill

MOMENTS = {
    "in the middle of a batch": "half-written",
    "before a change is kept": "before-commit",
    "after a change is kept": "after-commit",
}
"""The words of the features for the moments that ``--failpoint`` takes."""


@given("a bridge with a data directory, started with {name}")
def step_durable_with(context, flags):
    """A server with an empty data directory of its own, and these flags."""
    context.world.start_durable(*flags.split())


@given("a bridge with a data directory that will die {words}")
def step_doomed(context, moment):
    """A server with a data directory that kills itself at a moment which only it knows."""
    context.world.starts.failpoint = MOMENTS[moment]
    context.world.start_durable("--failpoint", context.world.starts.failpoint)


@given("a bridge with a data directory")
def step_durable(context):
    """A server with an empty data directory of its own."""
    context.world.start_durable()


@given("the bridge was {words} and started again")
@when("the bridge is {words} and started again")
def step_restart(context, ended):
    """End the server by SIGKILL or SIGTERM, and start it again with the same data directory and flags."""
    end(context.world.servers.process, {"killed": signal.SIGKILL, "stopped": signal.SIGTERM}[ended])
    context.world.start_again()


def end(process, number):
    """End a process by a signal, and wait until it is gone."""
    process.signal(number)
    ended = process.wait_ended(2 * END) is not None
    expect(ended, "the bridge to end", f"it was still running after {2 * END:g} s")


@when("these are set together with its last breath, and it is started again:")
def step_last_breath(context):
    """Set variables, given as a table of name and value, in a batch at which the server kills itself."""
    world = context.world
    updates = {
        row["variable"]: Literal(row["value"]).raw(world.sessions.kind_of(row["variable"]))
        for row in context.table
    }
    metadata = {"failpoint": context.world.starts.failpoint}
    outcome = Outcome.of(lambda: world.session.set_many(updates, atomic=True, metadata=metadata))
    expect(
        outcome.examine() is not None,
        "the batch to stay without an answer, as the bridge dies",
        "it was answered",
    )
    assert_that(
        world.servers.process.wait_ended(DEADLINE), equal_to(-signal.SIGKILL), "how the process ended"
    )
    world.start_again()


@when("{int} clients write until the bridge is killed, and it is started again, {int} times over")
def step_writers(context, count, times):
    """Clients set variables of their own, one at a time, while the server is killed again and again."""
    torment(context, count, 1, times)


@when("{int} clients write batches until the bridge is killed, and it is started again, {int} times over")
def step_batch_writers(context, count, times):
    """Clients set pairs of variables of their own, all or none, as the server is killed again and again."""
    torment(context, count, 2, times)


def torment(context, count, size, times):
    """Write, kill and start again, and look each time at what is there."""
    world = context.world
    context.world.loads.workload = workload = CrashWorkload(world.sessions.id, count, size)
    for _ in range(times):
        workload.run(world.client.connect, world.servers.process, ACKNOWLEDGED)
        world.start_again()
        workload.inspect(world.session)
    workload.inspect_watch(world.session)


@then("every change that was acknowledged is there")
def step_all_there(context):
    """After each start, every variable was at the version acknowledged last, or at that under way."""
    assert_that(context.world.loads.workload.lost, no_faults(), "what is not there")


@then("every batch is there as a whole")
def step_batches_whole(context):
    """After each start, variables that were only ever set together were at the same version."""
    assert_that(context.world.loads.workload.torn, no_faults(), "what is there in part")


@then("whoever watched was told of each change once, and of none that is not there")
def step_watched(context):
    """Resumed after each crash, a watch was told of all versions, in order, and of none that was lost."""
    assert_that(context.world.loads.workload.discrepancies, no_faults(), "what a watch was told")


@when("another bridge is started on the same data directory")
def step_second_there(context):
    """A second server process that is told to use the first one's data directory."""
    context.world.servers.start("--data-dir", context.world.servers.data_dir.name).wait_ended(END)


@when("a bridge is started with a file as its data directory")
def step_start_in_file(context):
    """A server whose data directory is no directory."""
    with NamedTemporaryFile() as file:
        context.world.servers.start("--data-dir", file.name).wait_ended(END)


@given("the bridge was stopped, and each file in its data directory overwritten with noise")
def step_damage(context):
    """Ended by SIGTERM; then every file has its length and nothing of its content any more."""
    end(context.world.servers.process, signal.SIGTERM)
    noise = random.Random(1)
    for file in files_of(context):
        file.write_bytes(noise.randbytes(file.stat().st_size))
    context.world.starts.files = contents_of(context)
    expect(
        bool(context.world.starts.files),
        "files in the data directory of a bridge that has ended",
        "there is none",
    )


@when("the bridge is started on it again")
def step_start_there(context):
    """A start that may fail, with the same data directory."""
    context.world.servers.start("--data-dir", context.world.servers.data_dir.name).wait_ended(END)


@then("the files in its data directory are as they were")
def step_left_alone(context):
    """Every file has the content that it had before the start."""
    now = contents_of(context)
    names = {**context.world.starts.files, **now}
    changed = [Path(path).name for path in names if context.world.starts.files.get(path) != now.get(path)]
    expect(
        now == context.world.starts.files,
        "the files to be as they were before the start",
        f"changed: {', '.join(changed)}",
    )


def files_of(context):
    """The files in the scenario's data directory, however deep."""
    return sorted(path for path in Path(context.world.servers.data_dir.name).rglob("*") if path.is_file())


def contents_of(context):
    """The same with their contents."""
    return {str(path): path.read_bytes() for path in files_of(context)}
