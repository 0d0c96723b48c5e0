"""Steps about several variables read or set in one call."""

import threading

from behave import then, when
from hamcrest import assert_that, contains_string, equal_to, greater_than, has_entries

from varbridge.conformance.vocabulary.literals import Literal
from varbridge.conformance.vocabulary.matchers import expect, holds, no_faults
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.values import to_any

_ID_OF = "id of "


def identifier_of(context, text):
    """What a cell names a variable by: its name, or where the cell says "id of NAME", its id."""
    return context.world.sessions.id_of(text.removeprefix(_ID_OF)) if text.startswith(_ID_OF) else text


def updates_of(context):
    """A table of name and value as values by identifier."""
    updates = {}
    for row in context.table:
        kind = context.world.sessions.kind_of(row["name"].removeprefix(_ID_OF))
        updates[identifier_of(context, row["name"])] = Literal(row["value"]).raw(kind)
    return updates


@when("{names} are read together")
def step_read_together(context, names):
    """Read several variables in one call."""
    context.world.attempt(lambda: context.world.session.get_many(names))


@when("{names} are read together, without their metadata")
def step_read_together_bare(context, names):
    """Read several variables in one call, which does not ask for their metadata."""
    context.world.attempt(lambda: context.world.session.get_many(names, metadata=False))


@when("{name}, by its id, and {name}, by its name, are read together")
def step_read_by_both(context, one, other):
    """Read two variables in one call, which names one of them by its id."""
    identifiers = [context.world.sessions.id_of(one), other]
    context.world.attempt(lambda: context.world.session.get_many(identifiers))


@then("{name} is found by its id, and {name} by its name")
def step_found_by_both(context, one, other):
    """The answer has each variable under the identifier that was asked for, and under no other."""
    found, _ = context.world.require_success()
    names = {identifier: variable.name for identifier, variable in found.items()}
    assert_that(names, equal_to({context.world.sessions.id_of(one): one, other: other}), "what was found")


@when("these are set together, all or none:")
def step_set_atomic(context):
    """Set several variables in an atomic batch, given as a table of name and value."""
    context.world.attempt(lambda: context.world.session.set_many(updates_of(context), atomic=True))


@when("these are set together, all or none, with the metadata {value}:")
def step_set_atomic_with_metadata(context, metadata):
    """Set several variables in an atomic batch, with metadata as a JSON object."""
    updates, given = updates_of(context), metadata.python()
    context.world.attempt(lambda: context.world.session.set_many(updates, atomic=True, metadata=given))


@when("these are set together, each on its own:")
def step_set_batch(context):
    """Set several variables in a batch that is not atomic: a table of name, or "id of NAME", and value."""
    context.world.attempt(lambda: context.world.session.set_many(updates_of(context)))


@when("{name} is set twice in a batch, all or none: by name to {value}, by id to {value}")
def step_set_twice(context, name, one, other):
    """Name one variable twice in an atomic batch."""
    updates = both_ways(context, name, one, other)
    context.world.attempt(lambda: context.world.session.set_many(updates, atomic=True))


@when("{name} is set twice in a batch, each on its own: by name to {value}, by id to {value}")
def step_set_twice_each(context, name, one, other):
    """Name one variable twice in a batch that is not atomic."""
    updates = both_ways(context, name, one, other)
    context.world.attempt(lambda: context.world.session.set_many(updates))


def both_ways(context, name, one, other):
    kind = context.world.sessions.kind_of(name)
    return {name: one.raw(kind), context.world.sessions.id_of(name): other.raw(kind)}


@when("a batch sets {name} to {value} and brings bytes for {name}")
def step_stray_bytes(context, name, value, other):
    """Send a batch with bytes for a variable that it does not set."""
    world = context.world
    request = pb.BatchSetVariablesRequest(
        session_id=world.sessions.id,
        updates={name: to_any(value.raw(world.sessions.kind_of(name)))},
        binary_updates={other: b"stray"},
    )
    world.attempt(lambda: world.client.connection.call("SetVariables", request))


@when(
    "one client sets {name} and {name} together to equal numbers {int} times"
    " while another reads them together"
)
def step_set_while_reading(context, one, other, times):
    """Write a pair atomically over and over, while someone else reads the pair over and over."""
    world = context.world
    reader = world.session_of("Reader")
    context.world.loads.pairs = []
    done = threading.Event()

    def read():
        while not done.is_set():
            found, _ = reader.get_many([one, other])
            context.world.loads.pairs.append((found[one].value, found[other].value))

    reading = threading.Thread(target=read)
    reading.start()
    try:
        for number in range(1, times + 1):
            world.session.set_many({one: number, other: number}, atomic=True)
    finally:
        done.set()
        reading.join()


@then("every read saw equal numbers")
def step_equal_numbers(context):
    """No read saw one half of a batch."""
    assert_that(len(context.world.loads.pairs), greater_than(0), "the number of reads")
    unequal = [
        f"one was {one}, the other {other}" for one, other in context.world.loads.pairs if one != other
    ]
    assert_that(unequal, no_faults(), "the unequal pairs read")


@when("an empty batch is set")
def step_set_nothing(context):
    """Set no variable at all."""
    context.world.attempt(lambda: context.world.session.set_many({}, atomic=True))


@then("the answer has:")
def step_batch_has(context):
    """The variables read, as a table of name, value, version and perhaps metadata; these and no others."""
    found, _ = context.world.require_success()
    assert_that(sorted(found), equal_to(sorted(row["name"] for row in context.table)), "the names found")
    for row in context.table:
        assert_that(found[row["name"]], holds(Literal(row["value"]), int(row["version"])), row["name"])
        if "metadata" in context.table.headings:
            expected, told = Literal(row["metadata"]).python(), found[row["name"]].metadata
            assert_that(told, has_entries(expected) if expected else equal_to({}), "the metadata")


@then("{names} are missing")
@then("{names} is missing")
def step_batch_missing(context, names):
    """The variables that the answer calls missing, in this order."""
    _, missing = context.world.require_success()
    assert_that(missing, equal_to(names), "the names missing")


@then("nothing is missing")
def step_batch_complete(context):
    """The answer calls no variable missing."""
    _, missing = context.world.require_success()
    assert_that(missing, equal_to([]), "the names missing")


@then("the batch succeeds")
def step_batch_succeeds(context):
    """The batch reports success and no errors."""
    result = context.world.require_success()
    expect(
        (result.success, dict(result.errors)) == (True, {}),
        "the batch to report success, and no errors",
        reported(result),
    )


def reported(result):
    errors = "; ".join(f"of {name}: {words}" for name, words in sorted(result.errors.items()))
    return f"it reported {'success' if result.success else 'failure'}, with {errors or 'no errors'}"


@then("the batch answers the versions:")
def step_batch_versions(context):
    """The new versions, as a table of name and version; these and no others."""
    result = context.world.require_success()
    expected = {identifier_of(context, row["name"]): int(row["version"]) for row in context.table}
    assert_that(dict(result.versions), equal_to(expected), "the new versions")


@then("the batch answers no versions")
def step_batch_no_versions(context):
    """The batch made no version."""
    assert_that(dict(context.world.require_success().versions), equal_to({}), "the new versions")


@then("the batch fails for:")
def step_batch_fails(context):
    """The batch reports failure, for these alone, as a table of name and, where it matters, words."""
    result = context.world.require_success()
    expect(not result.success, "the batch to report failure", reported(result))
    because = {identifier_of(context, row["name"]): row["because"] for row in context.table}
    assert_that(sorted(result.errors), equal_to(sorted(because)), "those at fault")
    for identifier, words in because.items():
        assert_that(result.errors[identifier], contains_string(words), f"the error of {identifier}")
