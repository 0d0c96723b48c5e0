"""Steps about the history of variables, and the times of changes."""

import time
from datetime import UTC, datetime, timedelta

from behave import then, when
from hamcrest import assert_that, equal_to, greater_than, less_than

from varbridge.conformance.invariants.versions import READ
from varbridge.conformance.scenario.notes import ReadNotes
from varbridge.conformance.scenario.prerequisites import answer, needs, provides
from varbridge.conformance.vocabulary.cells import TEXTS, VALUE, VERSION, WORDS
from varbridge.conformance.vocabulary.contents import item
from varbridge.conformance.vocabulary.encoding import decode
from varbridge.conformance.vocabulary.matchers import in_order, is_value
from varbridge.conformance.vocabulary.phrases import action
from varbridge.conformance.vocabulary.tables import optional, table
from varbridge.variable import time_of

CLOCK_DIFFERENCE = timedelta(minutes=5)
"""The largest difference between the clocks of two machines."""


@action("{variable} is/was rolled back to version {int}{options}")
@provides(answer("a variable"))
def step_roll_back(context, variable, version, options):
    """Set a variable to the value of an earlier version."""
    identifier = context.world.sessions.identifier(variable)
    return context.world.session.roll_back(identifier, version, **options.arguments())


@action("the newest {int} entries in the history of {variable} are/were read")
def step_read_history(context, limit, variable):
    """Read the history of a variable with a limit on its entries."""
    return context.world.session.history(context.world.sessions.identifier(variable), limit)


@then("the history of {name} is:")
@table(
    {"version": VERSION, "value": VALUE, "changed by": optional(WORDS), "metadata": optional(TEXTS)},
)
def step_history(context, name, rows):
    """Check all entries of a history, newest first: version, value, and perhaps changed by and metadata."""
    context.world.require_success()
    entries = context.world.session.history(name)
    versions = [row["version"] for row in rows]
    actual = [entry.version for entry in entries]
    assert_that(actual, equal_to(versions), f"the versions in the history of {name}")
    kind = context.world.session.get(name).type
    for entry, row in zip(entries, rows, strict=True):
        place = f"of version {entry.version} in the history of {name}"
        value = decode(kind, entry.value, entry.binary_value)
        assert_that(value, is_value(row["value"], exact=kind != "float"), f"the value {place}")
        if "changed by" in row:
            assert_that(entry.changed_by, equal_to(row["changed by"]), f"changed_by {place}")
        if "metadata" in row:
            metadata = own_metadata(entry, row["metadata"])
            assert_that(metadata, equal_to(row["metadata"]), f"the metadata {place}")


@then("the history of {name} has the versions {int} down to {int}")
def step_history_versions(context, name, newest, oldest):
    """Check the versions of all entries of a history, newest first."""
    context.world.require_success()
    versions = [entry.version for entry in context.world.session.history(name)]
    expected = range(newest, oldest - 1, -1)
    assert_that(versions, in_order(expected), f"the versions in the history of {name}")


@then("the newest {int} entries in the history of {name} have the versions {value}")
def step_newest(context, limit, name, versions):
    """Check the versions of a history that is read with a limit on its entries, newest first."""
    context.world.require_success()
    entries = context.world.session.history(name, limit)
    assert_that([entry.version for entry in entries], equal_to(versions.python()), "the versions")


@then("the newest {int} entries in the history of {name} are by {text}, with the metadata {texts_object}")
def step_newest_authors(context, limit, name, author, metadata):
    """Check that a history that is read with a limit has so many entries, with this author and metadata."""
    context.world.require_success()
    entries = context.world.session.history(name, limit)
    assert_that(len(entries), equal_to(limit), f"the number of entries in the history of {name}")
    actual = [(entry.changed_by, own_metadata(entry, metadata)) for entry in entries]
    assert_that(actual, in_order([(author, metadata)] * limit), f"the authors in the history of {name}")


def own_metadata(entry, expected):
    """Return the metadata of an entry, without what the bridge itself reads, unless it is expected."""
    return {key: text for key, text in entry.metadata.items() if key in expected or key not in READ}


@then("the times in the history of {name} are recent and in order")
def step_times(context, name):
    """Check that times never decrease, and that the last one and last_updated_at are within 5 min of now."""
    context.world.require_success()
    times = [time_of(entry.timestamp) for entry in context.world.session.history(name)]
    newest = item(times, 0, f"an entry in the history of {name}")
    assert_that(times, equal_to(sorted(times, reverse=True)), "the times, newest first")
    assert_that(
        abs(datetime.now(UTC) - newest), less_than(CLOCK_DIFFERENCE), "how far the last change is from now"
    )
    updated_at = context.world.session.get(name).updated_at
    assert_that(
        abs(datetime.now(UTC) - updated_at),
        less_than(CLOCK_DIFFERENCE),
        "how far last_updated_at is from now",
    )


@when("{name} is set repeatedly for {int} s or until last_updated_at increases")
@provides(ReadNotes.time_before)
def step_set_until_later(context, name, seconds):
    """Set a variable to its own value until last_updated_at increases, which may take a tick of a clock."""
    session = context.world.session
    before = session.get(name)
    context.world.reads.time_before = before.updated_at
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and session.get(name).updated_at == before.updated_at:
        session.set(before.id, before.raw)


@then("last_updated_at of {name} has increased")
@needs(ReadNotes.time_before)
def step_time_increased(context, name):
    """Check that last_updated_at is later than it was before the repeated sets."""
    updated_at = context.world.session.get(name).updated_at
    assert_that(updated_at, greater_than(context.world.reads.time_before), f"last_updated_at of {name}")
