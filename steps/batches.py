"""Steps about several variables that are read or set in one call."""

import threading
from functools import partial

from behave import then, when
from hamcrest import assert_that, contains_string, equal_to, greater_than, has_entries

from varbridge import Variable
from varbridge.conformance.scenario.notes import LoadNotes
from varbridge.conformance.scenario.prerequisites import answer, needs, provides
from varbridge.conformance.vocabulary.cells import EMPTY_WORDS, IDENTIFIER, TEXTS, VALUE, VERSION
from varbridge.conformance.vocabulary.contents import item
from varbridge.conformance.vocabulary.encoding import encode, read_value
from varbridge.conformance.vocabulary.matchers import expect, holds, no_faults
from varbridge.conformance.vocabulary.outcome import Outcome
from varbridge.conformance.vocabulary.phrases import action
from varbridge.conformance.vocabulary.tables import optional, table
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.session import BatchResult
from varbridge.wire import to_any


def list_all(session, _):
    return {variable.name: variable for variable in session.list()}


def open_again(session, _):
    answered = session.initialize().initial_variables
    return {name: Variable(message) for name, message in answered.items()}


READINGS = {
    "reads both in one call": lambda session, names: session.get_many(names)[0],
    "reads both in one call, without their metadata": lambda session, names: session.get_many(
        names, metadata=False
    )[0],
    "reads both and 300 others in one call": lambda session, names: session.get_many(
        [names[0], *(f"v{number}" for number in range(300)), names[1]]
    )[0],
    "reads one after the other": lambda session, names: {name: session.get(name) for name in names},
    "lists both in one call": list_all,
    "opens the session again": open_again,
}
"""The functions that read two variables, by their words."""


@action("{variables} are/were read in one call")
@provides(answer("several variables"))
def step_read_together(context, variables):
    """Read several variables in one call."""
    return context.world.session.get_many([*map(context.world.sessions.identifier, variables)])


@action("{variables} are/were read in one call, without their metadata")
@provides(answer("several variables"))
def step_read_together_bare(context, variables):
    """Read several variables in one call that does not ask for their metadata."""
    identifiers = [*map(context.world.sessions.identifier, variables)]
    return context.world.session.get_many(identifiers, metadata=False)


@action("these are/were set in a(n) {batch}{options}:")
@provides(answer("a batch"))
@table({"name": IDENTIFIER, "value": VALUE})
def step_set_batch(context, atomic, options, rows):
    """Set variables in one call: a table of name, or "id of NAME", and value."""
    sessions = context.world.sessions
    request = pb.BatchSetVariablesRequest(session_id=sessions.id, atomic=atomic, **options.arguments())
    for row in rows:
        identifier = sessions.identifier(row["name"])
        raw = row["value"].raw(sessions.kind(row["name"]))
        if not row["value"].is_absent:
            request.updates[identifier].CopyFrom(to_any(raw))
        if raw.array:
            request.binary_updates[identifier] = raw.array
    reply = context.world.client.connection.call("SetVariables", request)
    return BatchResult(reply.success, dict(reply.new_versions), dict(reply.errors))


@action("an empty atomic batch is/was set")
@provides(answer("a batch"))
def step_set_nothing(context):
    """Send an atomic batch without any variable."""
    return context.world.session.set_many({}, atomic=True)


@when("one client sets {name} and {name} {int} times in an atomic batch while another {reading}")
@provides(LoadNotes.pairs)
def step_set_while_reading(context, name, other, times, reading):
    """Set two variables to equal numbers in each batch, while another client repeatedly reads both."""
    read = READINGS[reading]
    reader = context.world.session_of("Reader")
    set_while(context.world, name, other, times, lambda: read(reader, [name, other]))


def set_while(world, name, other, times, read_both):
    """Set two variables in atomic batches, and note the pairs that another client reads meanwhile."""
    world.loads.pairs = []
    done = threading.Event()
    failures = []

    def read():
        try:
            while not done.is_set():
                variables = read_both()
                pair = [read_value(item(variables, key, f"{key} in a read of both")) for key in (name, other)]
                world.loads.pairs.append(pair)
        except Exception as error:  # raised below, on the thread of the step
            failures.append(error)

    reading = threading.Thread(target=read)
    reading.start()
    try:
        for number in range(1, times + 1):
            updates = dict.fromkeys((name, other), encode("integer", number))
            Outcome.of(partial(world.session.set_many, updates, atomic=True)).require_accepted()
    finally:
        done.set()
        reading.join()
    for failure in failures:
        raise failure


@then("every read returned equal numbers")
@needs(LoadNotes.pairs)
def step_equal_numbers(context):
    """Check that no read of the other client returned one half of a batch."""
    unequal = [f"the pair {first} and {second}" for first, second in pairs_read(context) if first != second]
    assert_that(unequal, no_faults(), "the unequal pairs read")


@then("no read returned a second number below the first")
@needs(LoadNotes.pairs)
def step_no_number_below(context):
    """Check that no second read of the other client was of an earlier batch than the first one."""
    outdated = [f"{second} after {first}" for first, second in pairs_read(context) if second < first]
    assert_that(outdated, no_faults(), "the outdated numbers read")


def pairs_read(context):
    """Return the pairs that the other client has read; it must have read at least one."""
    pairs = context.world.loads.pairs
    assert_that(len(pairs), greater_than(0), "the number of reads")
    return pairs


@then("the answer has:")
@needs(answer("several variables"))
@table({"name": IDENTIFIER, "value": VALUE, "version": VERSION, "metadata": optional(TEXTS)})
def step_batch_has(context, rows):
    """Check all variables read: a table of name, or "id of NAME", value, version and perhaps metadata."""
    variables, _ = context.world.require_success()
    expected_rows = {context.world.sessions.identifier(row["name"]): row for row in rows}
    assert_that(sorted(variables), equal_to(sorted(expected_rows)), "the identifiers answered")
    for identifier, row in expected_rows.items():
        variable, name = variables[identifier], row["name"]
        assert_that(variable, holds(row["value"], row["version"]), str(name))
        assert_that(variable.name, equal_to(name.name), f"the name of the variable under {name}")
        if "metadata" in row:
            expected = row["metadata"]
            assert_that(
                variable.metadata, has_entries(expected) if expected else equal_to({}), "the metadata"
            )


@then("{names} is/are missing")
@needs(answer("several variables"))
def step_batch_missing(context, names):
    """Check that the answer reports exactly these variables as missing, in this order."""
    _, missing = context.world.require_success()
    assert_that(missing, equal_to(names), "the names missing")


@then("nothing is missing")
@needs(answer("several variables"))
def step_batch_complete(context):
    """Check that the answer reports no variable as missing."""
    step_batch_missing(context, [])


@then("the batch succeeds")
@needs(answer("a batch"))
def step_batch_succeeds(context):
    """Check that the batch reports success and no errors."""
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
@needs(answer("a batch"))
@table({"name": IDENTIFIER, "version": VERSION})
def step_batch_versions(context, rows):
    """Check all new versions that the batch answered: a table of name and version."""
    result = context.world.require_success()
    expected = {context.world.sessions.identifier(row["name"]): row["version"] for row in rows}
    assert_that(dict(result.versions), equal_to(expected), "the new versions")


@then("the batch answers no versions")
@needs(answer("a batch"))
def step_batch_no_versions(context):
    """Check that the batch reports no new version."""
    assert_that(dict(context.world.require_success().versions), equal_to({}), "the new versions")


@then("the batch fails for:")
@needs(answer("a batch"))
@table({"name": IDENTIFIER, "because": EMPTY_WORDS})
def step_batch_fails(context, rows):
    """Check that exactly these variables have errors: a table of name and because, a part of the error or
    nothing."""
    result = context.world.require_success()
    expect(not result.success, "the batch to report failure", reported(result))
    because = {context.world.sessions.identifier(row["name"]): row.get("because", "") for row in rows}
    assert_that(sorted(result.errors), equal_to(sorted(because)), "the variables at fault")
    for identifier, words in because.items():
        assert_that(result.errors[identifier], contains_string(words), f"the error of {identifier}")
