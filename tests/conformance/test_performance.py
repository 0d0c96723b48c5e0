"""The figures of the features about speed: which of them count, and where the reports show them."""

from __future__ import annotations

import pytest

from tests.conformance.verdict_builders import MakeProject
from varbridge.conformance.clients import latency

FAST = """
@performance
Feature: Fast
  It is fast.

  @A2
  Rule: Reads take little time

    Example: Reads take little time
      Given a float variable "x" holding 0.5
      Then 10 reads of "x" take under 5000 ms on average
"""

CRASH = """
@recovery @requires_process
Feature: Crash
  It crashes.

  @P5
  Rule: A worker notices it

    @requires_own_worker
    Example: A worker notices it in time
      Given a worker with a running bridge
      When the worker's bridge is killed
      Then the worker notices the crash within 0 ms
"""


def latency_of(monkeypatch: pytest.MonkeyPatch, *averages_ms: float) -> latency.Latency:
    """Return the latency of 10 calls that take these times on average, in one round after the other."""
    clock = [0.0]
    times = iter([0.0] * latency.WARM_UP + [average for average in averages_ms for _ in range(10)])

    def call(_: int) -> None:
        clock[0] += next(times) / 1000

    monkeypatch.setattr(latency.time, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(latency, "ROUNDS", len(averages_ms))
    return latency.measured_latency(10, 5.0, call)


def test_the_fastest_round_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = latency_of(monkeypatch, 90.0, 4.0, 1.0)  # the third round is not needed
    assert str(measured) == "average 4.00 ms, P95 4.00 ms, in the best of 2 rounds"


def test_a_bridge_that_is_slow_in_every_round_exceeds_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = latency_of(monkeypatch, 90.0, 6.0, 7.0)
    assert (round(measured.average_ms, 3), measured.rounds) == (6.0, 3)


def test_a_limit_that_is_exceeded_fails(make_project: MakeProject) -> None:
    run = make_project(FAST.replace("5000 ms", "0 ms")).run("--tags=@performance")
    assert run.code == 1
    assert "the average, in ms" in run.out


def test_reports_have_the_figures(make_project: MakeProject) -> None:
    project = make_project(FAST)
    run = project.run("--tags=@performance")
    names = [figure["name"] for figure in run.data["scenarios"][0]["figures"]]
    assert names == ["average time of 10 reads", "95th percentile of 10 reads"]
    for report in ("index.html", "summary.md"):
        text = (project.folder / "reports" / report).read_text()
        assert "average time of 10 reads" in text
        assert "95th percentile of 10 reads" in text
    assert "10 reads: average" in run.out


def test_a_worker_that_notices_crashes_late_fails(make_project: MakeProject) -> None:
    run = make_project(CRASH).run("--tags=@recovery")
    assert run.code == 1
    assert "the time until the worker noticed it, in ms" in run.out
