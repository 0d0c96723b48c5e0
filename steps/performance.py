"""Steps that measure: the figures that the original plan asked for, and what a bridge takes over time."""

import statistics
import sys
import time

from behave import then, when
from hamcrest import assert_that, empty, greater_than, less_than

from varbridge.conformance.clients.soak import Soak
from varbridge.conformance.vocabulary.matchers import in_order

WARM_UP = 10


@when("{name} is read {int} times after a warm-up")
def step_time_reads(context, name, count):
    """Read a variable over and over, and take the time of each read."""
    session = context.world.session
    for _ in range(WARM_UP):
        session.get(name)
    times = []
    for _ in range(count):
        started = time.perf_counter()
        session.get(name)
        times.append((time.perf_counter() - started) * 1000)
    context.world.reads.times_ms = times
    average, p95 = statistics.mean(times), statistics.quantiles(times, n=20)[-1]
    report(f"get latency over {count} calls: average {average:.2f} ms, P95 {p95:.2f} ms")


@then("a read takes under {int} ms on average")
def step_fast_reads(context, limit):
    """The average of the times taken."""
    assert_that(statistics.mean(context.world.reads.times_ms), less_than(limit), "the average, in ms")


@when("{name} is set {int} times as fast as it goes")
def step_set_fast(context, name, count):
    """Set a variable to 1, 2, 3 … without waiting for its watches."""
    session = context.world.session
    context.world.reads.sets_began = time.perf_counter()
    for number in range(1, count + 1):
        session.set(name, float(number), kind="float")


@then("{person} receives all {int} updates, over {int} a second")
def step_all_updates(context, person, count, rate):
    """Every update is there, in order, and fast enough."""
    updates = context.world.watchers[person].watch.wait_for(lambda got: len(got) >= count, 60.0)
    took = time.perf_counter() - context.world.reads.sets_began
    report(f"streaming: {len(updates)} updates in {took:.2f} s, {len(updates) / took:.0f} a second")
    values = [update.variable.value for update in updates]
    assert_that(values, in_order([float(n) for n in range(1, count + 1)]), "the values received")
    assert_that(len(updates) / took, greater_than(rate), "updates a second")


def report(line):
    """Print a figure past behave's capture: figures are wanted also from a run that passes."""

    print(f"\n  {line}", file=sys.__stdout__, flush=True)


@when("{int} minutes of mixed traffic have passed")
def step_soak(context, minutes):
    """Sessions that come and go, with all that can be done in them, beside a steady reader and writer."""
    world = context.world
    soak = Soak(
        world.client.connection.address,
        world.target.options.service,
        world.servers.process.pid,
        world.sessions.id,
    )
    world.series = soak.run(minutes * 60.0)
    report(f"{soak.replies} calls were answered in {soak.sessions} sessions")


@then("after the first quarter, none of these has risen by more than:")
def step_flat(context):
    """The trend of each figure over the last three quarters, as a part of where it began."""
    series = {one.name: one for one in context.world.series}
    risen = []
    for row in context.table:
        one, limit = series[row["figure"]], float(row["rise"].removesuffix("%")) / 100
        context.world.allowed[one.name] = limit
        first, last = one.line()
        report(f"{one.name}: {first:.4g} to {last:.4g} {one.unit}, {one.rise():+.1%} of {limit:.0%} allowed")
        if one.rise() > limit:
            risen.append(
                f"{one.name} rose by {one.rise():.1%}, from {first:.4g} to {last:.4g} {one.unit}".rstrip()
            )
    assert_that(risen, empty(), "the figures with a trend of more than they may have")
