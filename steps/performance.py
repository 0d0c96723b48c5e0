"""Steps that measure: the figures that the original plan asked for, and memory over many sessions."""

import statistics
import sys
import time

from behave import then, when
from hamcrest import assert_that, greater_than, less_than, less_than_or_equal_to

from harness.matchers import in_order

WARM_UP = 10


@when("{name:Name} is read {count:d} times after a warm-up")
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
    context.times = times
    average, p95 = statistics.mean(times), statistics.quantiles(times, n=20)[-1]
    report(f"get latency over {count} calls: average {average:.2f} ms, P95 {p95:.2f} ms")


@then("a read takes under {limit:d} ms on average")
def step_fast_reads(context, limit):
    """The average of the times taken."""
    assert_that(statistics.mean(context.times), less_than(limit), "the average, in ms")


@when("{name:Name} is set {count:d} times as fast as it goes")
def step_set_fast(context, name, count):
    """Set a variable to 1, 2, 3 … without waiting for its watches."""
    session = context.world.session
    context.started = time.perf_counter()
    for number in range(1, count + 1):
        session.set(name, float(number), kind="float")


@then("{person:Person} receives all {count:d} updates, over {rate:d} a second")
def step_all_updates(context, person, count, rate):
    """Every update is there, in order, and fast enough."""
    updates = context.world.watchers[person].watch.wait_for(lambda got: len(got) >= count, 60.0)
    took = time.perf_counter() - context.started
    report(f"streaming: {len(updates)} updates in {took:.2f} s, {len(updates) / took:.0f} a second")
    values = [update.variable.value for update in updates]
    assert_that(values, in_order([float(n) for n in range(1, count + 1)]), "the values received")
    assert_that(len(updates) / took, greater_than(rate), "updates a second")


@when("{count:d} sessions are opened, used and cleaned up")
def step_churn(context, count):
    """Open, use and end sessions one by one; measure the server's memory after each half."""
    context.memory = [churn(context, count // 2), churn(context, count // 2)]
    report(f"server memory after each half of {count} sessions: {context.memory} KiB")


def churn(context, count):
    connection = context.world.connection
    for number in range(count):
        session = connection.session(f"{context.world.session_id}-{number}")
        session.initialize()
        session.register("x", "float", 0.5)
        session.register("name", "string", "x" * 1000)
        with session.watch("x") as watch:
            session.set("x", 0.25)
            watch.wait_for(lambda got: len(got) == 1)
        session.clean_up()
    return context.world.process.resident_kib


@then("the server's memory grew by less than {limit:d} MiB over the second half")
def step_memory_flat(context, limit):
    """What the second half of the sessions left behind."""
    first, second = context.memory
    assert_that(second - first, less_than_or_equal_to(limit * 1024), "the growth in KiB")


def report(line):
    """Print a figure past behave's capture: figures are wanted also from a run that passes."""

    print(f"\n  {line}", file=sys.__stdout__, flush=True)
