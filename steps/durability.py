"""Steps about data directories, and clients that write until a bridge is killed."""

import random
import signal
from pathlib import Path

from behave import given, then
from hamcrest import assert_that, equal_to

from varbridge.conformance.scenario.notes import LoadNotes, ServerNotes
from varbridge.conformance.scenario.prerequisites import needs, provides
from varbridge.conformance.scenario.processes import named
from varbridge.conformance.scenario.servers import Servers
from varbridge.conformance.scenario.world import DEADLINE_S
from varbridge.conformance.vocabulary.cells import NAME, VALUE
from varbridge.conformance.vocabulary.matchers import expect, no_faults
from varbridge.conformance.vocabulary.outcome import Outcome
from varbridge.conformance.vocabulary.phrases import event
from varbridge.conformance.vocabulary.tables import table


@event("a batch that triggers the failpoint sets these, and the bridge is restarted:")
@needs(Servers.process, Servers.data_dir)
@table({"variable": NAME, "value": VALUE})
def step_batch_at_failpoint(context, rows):
    """Set variables in an atomic batch that makes the bridge kill itself at its --failpoint; restart it."""
    world = context.world
    process = world.servers.process
    updates = {row["variable"]: row["value"].raw(world.sessions.kind_of(row["variable"])) for row in rows}
    metadata = {"failpoint": process.command[process.command.index("--failpoint") + 1]}
    outcome = Outcome.of(lambda: world.session.set_many(updates, atomic=True, metadata=metadata))
    expect(
        outcome.examine() is not None,
        "the batch to stay without an answer, as the bridge dies",
        "it was answered",
    )
    assert_that(process.wait_ended(DEADLINE_S), equal_to(-signal.SIGKILL), "how the process ended")
    world.start_again()


@then("no acknowledged change is lost")
@needs(LoadNotes.workload)
def step_none_lost(context):
    """Check that after each kill, no variable was behind its last acknowledged set or over one set ahead
    of it."""
    assert_that(context.world.loads.workload.lost, no_faults(), "the acknowledged changes lost")


@then("no batch is applied in part")
@needs(LoadNotes.workload)
def step_batches_whole(context):
    """Check that after each kill, variables that clients set only in batches were at the same version."""
    assert_that(context.world.loads.workload.torn, no_faults(), "the batches applied in part")


@then("a watch has received each change once, and none that was lost")
@needs(LoadNotes.workload)
def step_watched(context):
    """Check that a watch, resumed after each kill, received all versions in order, and no others."""
    assert_that(context.world.loads.workload.discrepancies, no_faults(), "the wrong updates of a watch")


@given("the bridge was stopped and its data files were overwritten")
@needs(Servers.process, Servers.data_dir)
@provides(ServerNotes.files)
def step_damage(context):
    """The bridge has ended, and its data files have random bytes instead of their content."""
    named(context.world, "the bridge").end(signal.SIGTERM)
    noise = random.Random(1)
    for file in files_of(context):
        file.write_bytes(noise.randbytes(file.stat().st_size))
    context.world.starts.files = contents_of(context)
    expect(
        bool(context.world.starts.files),
        "files in the data directory of a bridge that has ended",
        "there is none",
    )


@then("the data files are unchanged")
@needs(ServerNotes.files)
def step_unchanged(context):
    """Check that every file in the data directory is as before the last start; none is new or missing."""
    before, now = context.world.starts.files, contents_of(context)
    changed = [Path(path).name for path in {**before, **now} if before.get(path) != now.get(path)]
    expect(now == before, "the files to be as they were before the start", f"changed: {', '.join(changed)}")


def files_of(context):
    """Return the files in the scenario's data directory and its subdirectories."""
    return sorted(path for path in Path(context.world.servers.data_dir.name).rglob("*") if path.is_file())


def contents_of(context):
    """Return the contents of the files in the scenario's data directory by path."""
    return {str(path): path.read_bytes() for path in files_of(context)}
