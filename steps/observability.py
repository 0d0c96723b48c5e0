"""Steps about what a bridge tells those who run it: --check, log, metrics, health, interface."""

from behave import given, then, when
from hamcrest import assert_that, contains_string, empty, equal_to, has_length

from varbridge.conformance.faults.etcd import free_ports
from varbridge.conformance.faults.polling import eventually
from varbridge.conformance.scenario import observability
from varbridge.conformance.target.server_pool import START_TIMEOUT
from varbridge.conformance.vocabulary.matchers import expect, in_order

# Whether it could serve


@when("a bridge is asked whether it could serve")
def step_check(context):
    """Start a bridge with --check, at a port of its own."""
    context.world.servers.start("--check").wait_ended(START_TIMEOUT)


@when("a bridge is asked whether it could serve with {name}")
def step_check_with(context, flags):
    """Start a bridge with --check and these flags."""
    context.world.servers.start("--check", *flags.split()).wait_ended(START_TIMEOUT)


@when("a bridge is asked whether it could serve at the same port")
def step_check_there(context):
    """Start a bridge with --check, at the port of the one that runs."""
    context.world.starts.first = context.world.servers.process
    context.world.servers.start("--check", port=context.world.starts.first.port).wait_ended(START_TIMEOUT)


@when("a bridge is asked whether it could serve with the same data directory")
def step_check_data(context):
    """Start a bridge with --check, and the data directory of the one that runs."""
    context.world.starts.first = context.world.servers.process
    flags = ["--check", "--data-dir", context.world.servers.data_dir.name]
    context.world.servers.start(*flags).wait_ended(START_TIMEOUT)


@then("it says in one line that it could, and ends with exit code {int}")
def step_could(context, code):
    """One line on stdout, which is no READY line, and the end."""
    process = context.world.servers.process
    words = observability.all_words(process)
    assert_that(process.exit_code, equal_to(code), f"the exit code, after the words {words!r}")
    assert_that([*process.stdout], has_length(1), "the lines on stdout")
    expect(process.port is None, "no READY line of a bridge that does not serve", "there was one")
    assert_that([*process.stderr], empty(), "the lines on stderr")


@then("it says why not on stderr, and ends with exit code {int}")
def step_could_not(context, code):
    """A reason on stderr, nothing on stdout, and the end."""
    process = context.world.servers.process
    words = observability.all_words(process)
    assert_that(process.exit_code, equal_to(code), f"the exit code, after the words {words!r}")
    assert_that([*process.stdout], empty(), "the lines on stdout")
    expect(bool(process.stderr), "the reason on stderr", "nothing stood there")


# Its log


@then("its log has these calls within {int} s:")
def step_logged(context, seconds):
    """The log has an object for each call of the session, in order: its status, its session and its time."""
    world = context.world
    expected = [(row["call"], row["status"]) for row in context.table]

    def calls():
        return [
            one
            for one in observability.logged_calls(world.servers.process)
            if one["session"] == world.sessions.id
        ]

    eventually(lambda: len(calls()) >= len(expected), seconds)
    told = in_order(expected, lambda one: f"{one[0]}, which was {one[1]}")
    assert_that(
        [(one["call"], one["status"]) for one in calls()], told, "the calls of the session in the log"
    )
    for one in calls():
        timed = one["ms"] > 0 and bool(one["timestamp"])
        expect(timed, f"a time of {one['call']}, and how long it took", f"the log has {one}")


@then("a line of what it wrote has {names}")
def step_line_has(context, words):
    """Until its end, it wrote a line in which all of these stand."""
    written = observability.all_words(context.world.servers.process)
    found = [line for line in written.splitlines() if all(word in line for word in words)]
    expect(bool(found), f"a line with {', '.join(words)}", f"it wrote: {written}")


@then("nothing that it wrote has {names}")
def step_nothing_has(context, words):
    """Until its end, it wrote none of these anywhere."""
    written = observability.all_words(context.world.servers.process)
    found = [line for line in written.splitlines() if any(word in line for word in words)]
    assert_that(found, empty(), f"the lines that have {' or '.join(words)}")


# Its metrics


@given("a bridge that serves its metrics")
def step_metrics(context):
    """A bridge, and a port on loopback where its metrics are."""
    (port,) = free_ports(1)
    context.world.starts.metrics_address = f"127.0.0.1:{port}"
    process = context.world.servers.start("--metrics", context.world.starts.metrics_address)
    context.world.client.use_bridge(f"127.0.0.1:{process.wait_ready(START_TIMEOUT)}")


@then("its metrics tell within {int} s:")
def step_metrics_tell(context, seconds):
    """The page for Prometheus comes to have these numbers, as a table of name and number."""
    context.world.require_success()
    expected = {row["name"]: float(row["number"]) for row in context.table}

    def told():
        samples = observability.samples(observability.metrics(context.world.starts.metrics_address))
        return {name: samples.get(name) for name in expected}

    eventually(lambda: told() == expected, seconds)
    assert_that(told(), equal_to(expected), "what the metrics tell")


@then("its metrics have neither {names} nor the id of the session")
def step_metrics_do_not_tell(context, words):
    """No name that a client has chosen stands on the page for Prometheus."""
    page = observability.metrics(context.world.starts.metrics_address)
    names = (*words, context.world.sessions.id)
    found = [line for line in page.splitlines() if any(name in line for name in names)]
    assert_that(found, empty(), "the lines of the metrics with names that clients have chosen")


# Its health, and its interface


@when("its health is asked for")
def step_health(context):
    """Ask gRPC's health service for the whole server."""
    context.world.attempt(lambda: observability.health(context.world.client.connection))


@then("it says that it is serving")
def step_serving(context):
    """The health service answered SERVING."""
    assert_that(context.world.require_success(), equal_to("SERVING"), "the health that was answered")


@then("it says that it is not serving")
def step_not_serving(context):
    """The health service answered NOT_SERVING."""
    assert_that(context.world.require_success(), equal_to("NOT_SERVING"), "the health that was answered")


@when("its interface is asked for")
def step_interface(context):
    """Ask gRPC's reflection service for the services that there are."""
    context.world.attempt(lambda: observability.interface(context.world.client.connection))


@then("it names the service {name}")
def step_names_service(context, name):
    """The reflection service answered with this name among others."""
    told = context.world.require_success().decode("utf-8", "replace")
    assert_that(told, contains_string(name), "what the reflection service answered")


@then("it is told to nobody")
def step_not_told(context):
    """There is no reflection service."""
    error = context.world.outcome.examine()
    words = "it was told" if error is None else f"it was refused otherwise: {error}"
    expect(error is not None and error.code.name == "UNIMPLEMENTED", "no such service", words)
