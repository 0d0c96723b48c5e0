"""Steps about disks that fail."""

import time

import grpc
from behave import given, then
from hamcrest import assert_that, is_in

from varbridge.conformance.faults.faulty_disk import FOREVER, Plan
from varbridge.conformance.scenario.notes import DiskNotes
from varbridge.conformance.scenario.prerequisites import STARTED, needs, provides
from varbridge.conformance.scenario.servers import Servers
from varbridge.conformance.scenario.world import DEADLINE_S
from varbridge.conformance.vocabulary.encoding import encode, read_value
from varbridge.conformance.vocabulary.matchers import no_faults
from varbridge.conformance.vocabulary.outcome import Outcome
from varbridge.conformance.vocabulary.phrases import event

NOT_KNOWN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
"""The statuses of a set of which it is not known if it is saved; a set that reaches its deadline is a fault
as well."""


@given("a bridge with a data directory on a disk that can fail")
@provides(STARTED, Servers.process, Servers.data_dir, Servers.disk)
def step_start(context):
    """A bridge with an empty data directory, in which calls of the C library on files fail when a step says
    so."""
    context.world.start_on_faulty_disk()


@event("{name} is/was set {int} time(s) while {disk_calls} of the disk fails/failed")
@needs(Servers.disk)
@provides(DiskNotes.possible)
def step_set(context, name, count, kinds):
    """Set a variable several times while all calls of a kind fail with an input/output error."""
    world = context.world
    disk = world.disk
    disk.possible, disk.faults = [read_value(world.session.get(name))], []
    world.servers.disk.follow(Plan(kinds, 1, FOREVER))
    for number in range(1, count + 1):
        began = time.monotonic()
        error = Outcome.of(lambda number=number: world.session.set(name, encode("float", number))).examine()
        if (took := time.monotonic() - began) > DEADLINE_S:
            disk.faults.append(f"the set to {number} took {took:.1f} s")
        if error is None:
            disk.possible = [number]
        elif error.code in NOT_KNOWN and "nothing was changed" not in error.message:
            disk.possible.append(number)
    world.servers.disk.heal()


@then("{name} holds the last number that was acknowledged, or one of which that is not known")
@needs(DiskNotes.possible)
def step_hold(context, name):
    """Check the value after a disk failed: that of the last acknowledged set, or of a later one that is
    UNAVAILABLE and does not say that nothing was changed; and that each set was answered within 5 s."""
    disk = context.world.disk
    assert_that(disk.faults, no_faults(), "the calls on the disk that failed")
    assert_that(
        read_value(context.world.session.get(name)), is_in(disk.possible), "the value after the restart"
    )
