"""Steps about latency, throughput, and the resources that a bridge takes over time."""

import sys
import time

from behave import then
from hamcrest import assert_that, empty, greater_than, less_than

from varbridge.conformance.clients.latency import measured_latency
from varbridge.conformance.clients.soak import NAMES, Soak
from varbridge.conformance.report.record import Figure
from varbridge.conformance.scenario.prerequisites import Fact, needs, provides, watch_of
from varbridge.conformance.scenario.servers import Servers
from varbridge.conformance.vocabulary.cells import PERCENTAGE, one_of
from varbridge.conformance.vocabulary.contents import variable_of
from varbridge.conformance.vocabulary.encoding import encode, read_value
from varbridge.conformance.vocabulary.matchers import in_order
from varbridge.conformance.vocabulary.phrases import event
from varbridge.conformance.vocabulary.tables import table

TRAFFIC = Fact("the figures of mixed traffic", "When clients send mixed traffic for … minutes")


@then("{int} reads of {name} take under {int} ms on average")
def step_fast_reads(context, count, name, limit):
    """Read a variable again and again, and check the average time of the fastest round of reads."""
    session = context.world.session
    check(context, "reads", count, limit, lambda number: session.get(name))


@then("{int} sets of {name} take under {int} ms on average")
def step_fast_sets(context, count, name, limit):
    """Set a variable again and again, and check the average time of the fastest round of sets."""
    session = context.world.session
    check(context, "sets", count, limit, lambda number: session.set(name, encode("float", float(number))))


def check(context, calls, count, limit, call):
    """Measure calls, report their latency, and check its average."""
    latency = measured_latency(count, limit, call)
    report(f"{count} {calls}: {latency}")
    context.world.figures += [
        Figure(f"average time of {count} {calls}", latency.average_ms, "ms", limit),
        Figure(f"95th percentile of {count} {calls}", latency.p95_ms, "ms"),
    ]
    assert_that(latency.average_ms, less_than(limit), "the average, in ms")


@then("{int} rapid sets of {name} reach {person} at more than {int} per second")
@needs(watch_of("person"))
def step_throughput(context, count, name, person, rate):
    """Set a variable to 1, 2, 3 … without waiting for its watch; check every update, and the throughput."""
    world = context.world
    began = time.perf_counter()
    for number in range(1, count + 1):
        world.session.set(name, encode("float", float(number)))
    updates = world.watchers[person].watch.wait_for(lambda received: len(received) >= count, 60.0)
    took = time.perf_counter() - began
    report(f"streaming: {len(updates)} updates in {took:.2f} s, {len(updates) / took:.0f} per second")
    context.world.figures.append(
        Figure("updates that reach a watch", len(updates) / took, "per second", rate, at_most=False)
    )
    values = [read_value(variable_of(update)) for update in updates]
    assert_that(values, in_order([float(n) for n in range(1, count + 1)]), "the values received")
    assert_that(len(updates) / took, greater_than(rate), "updates per second")


def report(line):
    """Print a line even if the scenario passes: behave captures stdout and shows it only of failed ones."""
    print(f"\n  {line}", file=sys.__stdout__, flush=True)


@event("clients send mixed traffic for {int} minutes")
@needs(Servers.process)
@provides(TRAFFIC)
def step_soak(context, minutes):
    """Open and end sessions that use every kind of call, while two other clients read and write steadily."""
    world = context.world
    soak = Soak(
        world.client.connection.address,
        world.target.options.service,
        world.servers.process.pid,
        world.sessions.id,
        tls=world.client.credentials.tls,
        token=world.client.credentials.token,
    )
    world.series = soak.run(minutes * 60.0)
    report(f"{soak.replies} calls were answered in {soak.sessions} sessions")


@then("after the first quarter, these figures rise by no more than:")
@needs(TRAFFIC)
@table({"figure": one_of(*NAMES), "rise": PERCENTAGE})
def step_flat(context, rows):
    """Check the trend of each figure over the last three quarters, relative to its first value."""
    all_series = {series.name: series for series in context.world.series}
    risen = []
    for row in rows:
        series, limit = all_series[row["figure"]], row["rise"]
        context.world.allowed[series.name] = limit
        first, last = series.line()
        change = f"{first:.4g} to {last:.4g} {series.unit}"
        report(f"{series.name}: {change}, {series.rise():+.1%} of {limit:.0%} allowed")
        if series.rise() > limit:
            risen.append(f"{series.name} rose by {series.rise():.1%}, from {change}".rstrip())
    assert_that(risen, empty(), "the figures that rose by more than is allowed")
