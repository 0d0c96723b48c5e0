"""Steps about what a bridge reports to operators: --check, logs, metrics, health and reflection."""

from behave import then
from grpc import StatusCode
from hamcrest import assert_that, contains_string, empty, equal_to, has_length

from varbridge.conformance.faults.polling import eventually
from varbridge.conformance.scenario import observability
from varbridge.conformance.scenario.notes import ServerNotes
from varbridge.conformance.scenario.prerequisites import answer, needs, provides
from varbridge.conformance.scenario.servers import Servers
from varbridge.conformance.vocabulary.cells import NUMBER, WORDS, one_of
from varbridge.conformance.vocabulary.matchers import expect, in_order
from varbridge.conformance.vocabulary.phrases import action
from varbridge.conformance.vocabulary.tables import table
from varbridge.messages.traits import METHODS


@then("it confirms in one line on stdout, and ends with exit code {int}")
@needs(Servers.process)
def step_confirms(context, code):
    """Check that the bridge wrote one line on stdout (not READY), nothing on stderr, and ended."""
    process = context.world.servers.process
    output = observability.all_words(process)
    expect(process.port is None, "no READY line of a bridge that does not serve", "there was one")
    assert_that(process.exit_code, equal_to(code), f"the exit code, after the output {output!r}")
    assert_that([*process.stdout], has_length(1), "the lines on stdout")
    assert_that([*process.stderr], empty(), "the lines on stderr")


@then("it says why not on stderr, and ends with exit code {int}")
@needs(Servers.process)
def step_says_why_not(context, code):
    """Check that the bridge wrote a reason on stderr, nothing on stdout, and ended."""
    process = context.world.servers.process
    output = observability.all_words(process)
    assert_that(process.exit_code, equal_to(code), f"the exit code, after the output {output!r}")
    assert_that([*process.stdout], empty(), "the lines on stdout")
    expect(bool(process.stderr), "the reason on stderr", "stderr was empty")


@then("within {int} s the log has these calls:")
@needs(Servers.process)
@table({"call": one_of(*METHODS), "status": one_of(*(code.name for code in StatusCode))})
def step_logged(context, seconds, rows):
    """Check that the log has exactly these calls of the session, each as an object with method, status and
    duration."""
    world = context.world
    expected = [(row["call"], row["status"]) for row in rows]

    def calls():
        return [
            call
            for call in observability.logged_calls(world.servers.process)
            if call.get("session") == world.sessions.id
        ]

    eventually(lambda: len(calls()) >= len(expected), seconds)
    matcher = in_order(expected, lambda call: f"{call[0]}, which was {call[1]}")
    assert_that(
        [(call.get("call"), call.get("status")) for call in calls()],
        matcher,
        "the calls of the session in the log",
    )
    for call in calls():
        took_ms = call.get("ms")
        timed = isinstance(took_ms, int | float) and took_ms > 0 and bool(call.get("timestamp"))
        expect(timed, f"a time of {call['call']}, and how long it took", f"the log has {call}")


@then("a line of the bridge's output contains {texts}")
@needs(Servers.process)
def step_output_contains(context, texts):
    """Check that the bridge, until its end, wrote a line with all of these texts."""
    output = observability.all_words(context.world.servers.process)
    matches = [line for line in output.splitlines() if all(text in line for text in texts)]
    expect(bool(matches), f"a line with {', '.join(texts)}", f"it wrote: {output}")


@then("the bridge's output does not contain {texts}")
@needs(Servers.process)
def step_output_lacks(context, texts):
    """Check that the bridge, until its end, wrote none of these texts."""
    output = observability.all_words(context.world.servers.process)
    matches = [line for line in output.splitlines() if any(text in line for text in texts)]
    assert_that(matches, empty(), f"the lines that have {' or '.join(texts)}")


@then("within {int} s the metrics are:")
@needs(ServerNotes.metrics_address)
@table({"name": WORDS, "number": NUMBER})
def step_metrics(context, seconds, rows):
    """Check that the metrics for Prometheus reach these numbers, given as a table of name and number."""
    context.world.require_success()
    expected = {row["name"]: row["number"] for row in rows}

    def metrics():
        samples = observability.samples(observability.metrics(context.world.starts.metrics_address))
        return {name: samples.get(name) for name in expected}

    eventually(lambda: metrics() == expected, seconds)
    assert_that(metrics(), equal_to(expected), "the values of the metrics")


@then("the metrics contain neither {texts} nor the id of the session")
@needs(ServerNotes.metrics_address)
def step_metrics_lack(context, texts):
    """Check that no line of the metrics has one of these names, or the session's id."""
    page = observability.metrics(context.world.starts.metrics_address)
    names = (*texts, context.world.sessions.id)
    matches = [line for line in page.splitlines() if any(name in line for name in names)]
    assert_that(matches, empty(), "the lines of the metrics with names that clients have chosen")


@action("the health service is called")
@provides(answer("a health status"))
def step_call_health(context):
    """Call gRPC's health service for the whole server."""
    return observability.health(context.world.client.connection)


@action("the reflection service is called")
@provides(answer("a list of services"))
def step_call_reflection(context):
    """Call gRPC's reflection service for the list of services."""
    return observability.interface(context.world.client.connection)


@then("the health status is {health}")
@needs(answer("a health status"))
def step_health(context, status):
    """Check that the health service answered this status, such as SERVING."""
    assert_that(context.world.require_success(), equal_to(status), "the health that was answered")


@then("the services include {text}")
@needs(answer("a list of services"))
def step_services(context, name):
    """Check that the reflection service answered a list that contains this service."""
    services = context.world.require_success().decode("utf-8", "replace")
    assert_that(services, contains_string(name), "what the reflection service answered")
