"""Steps about the history of variables."""

import time
from datetime import UTC, datetime, timedelta

from behave import given, then, when
from hamcrest import assert_that, equal_to, greater_than, has_entries, less_than

from varbridge import values
from varbridge.conformance.vocabulary.literals import Literal
from varbridge.conformance.vocabulary.matchers import in_order, is_value
from varbridge.conformance.vocabulary.tables import row_of

CLOCKS = timedelta(minutes=5)  # by how much two machines' clocks may differ


@given("{name} was rolled back to version {int}")
def step_was_rolled_back(context, name, version):
    """A variable of which an old value was written again."""
    context.world.session.roll_back(name, version)


@when("{name} is rolled back to version {int}")
def step_roll_back(context, name, version):
    """Write an old value again."""
    context.world.attempt(lambda: context.world.session.roll_back(name, version))


@when("{name} is rolled back to version {int} for the optimizer {name}")
def step_roll_back_for(context, name, version, optimizer):
    """Write an old value again, in the name of an optimizer."""
    metadata = {"optimizer_id": optimizer}
    context.world.attempt(lambda: context.world.session.roll_back(name, version, metadata=metadata))


@when("{name} is rolled back to version {int}, with the metadata:")
def step_roll_back_with_metadata(context, name, version):
    """Write an old value again, with metadata as a table of one row."""
    metadata = row_of(context.table)
    context.world.attempt(lambda: context.world.session.roll_back(name, version, metadata=metadata))


@when("the newest {int} in the history of {name} are asked for")
def step_ask_history(context, limit, name):
    """Ask for so many entries."""
    context.world.attempt(lambda: context.world.session.history(name, limit))


@then("the history of {name} is:")
def step_history(context, name):
    """The whole history, newest first: version, value and, where it matters, changed by and metadata."""
    context.world.require_success()
    entries = context.world.session.history(name)
    versions = [int(row["version"]) for row in context.table]
    assert_that(
        [entry.version for entry in entries], equal_to(versions), f"the versions in the history of {name}"
    )
    kind = context.world.session.get(name).type
    for entry, row in zip(entries, context.table, strict=True):
        what = f"of version {entry.version} in the history of {name}"
        value = values.decode(kind, entry.value, entry.binary_value)
        assert_that(value, is_value(Literal(row["value"]), exact=kind != "float"), f"the value {what}")
        if "changed by" in context.table.headings:
            assert_that(entry.changed_by, equal_to(row["changed by"]), f"changed_by {what}")
        if "metadata" in context.table.headings:
            assert_that(
                entry.metadata, has_entries(Literal(row["metadata"]).python()), f"the metadata {what}"
            )


@then("the newest {int} in the history of {name} are {value}")
def step_newest(context, limit, name, versions):
    """A history with a limit has these versions."""
    context.world.require_success()
    entries = context.world.session.history(name, limit)
    assert_that([entry.version for entry in entries], equal_to(versions.python()), "the versions")


@then("the history of {name} has the versions {int} down to {int}")
def step_history_versions(context, name, newest, oldest):
    """The history has these versions, newest first."""
    context.world.require_success()
    entries = context.world.session.history(name)
    expected = list(range(newest, oldest - 1, -1))
    versions = [entry.version for entry in entries]
    assert_that(versions, in_order(expected), f"the versions in the history of {name}")


@then("the history of {name} has times that are recent and never go backwards")
def step_times(context, name):
    """The times of the changes are in order, and the last is that of the variable and is now."""
    context.world.require_success()
    times = [entry.timestamp.ToDatetime(UTC) for entry in context.world.session.history(name)]
    assert_that(times, equal_to(sorted(times, reverse=True)), "the times, newest first")
    assert_that(abs(datetime.now(UTC) - times[0]), less_than(CLOCKS), "how far the last is from now")
    updated_at = context.world.session.get(name).updated_at
    assert_that(abs(datetime.now(UTC) - updated_at), less_than(CLOCKS), "how far last_updated_at is from now")


@when("{name} is set again and again until its time has grown, for {int} s at most")
def step_set_until_later(context, name, seconds):
    """Set a variable to what it holds until a read tells another time: clocks may tick but once a second."""
    session = context.world.session
    before = session.get(name)
    context.world.reads.time_before = before.updated_at
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and session.get(name).updated_at == context.world.reads.time_before:
        session.set(before.id, before.raw)


@then("the time of {name} has grown")
def step_time_grown(context, name):
    """last_updated_at is later than it was before the sets."""
    updated_at = context.world.session.get(name).updated_at
    assert_that(updated_at, greater_than(context.world.reads.time_before), f"last_updated_at of {name}")
