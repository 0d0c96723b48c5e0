"""Tests of the benchmarks: targets, uncertainty and the page of results."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from benchmarks import page
from benchmarks.figures import Figure, Target, spread

AT_MOST, AT_LEAST = Target(1.1), Target(0.9, at_least=True)


@pytest.mark.parametrize(
    ("target", "value", "met", "far"),
    [
        (AT_MOST, 1.1, True, False),
        (AT_MOST, 1.11, False, False),
        (AT_MOST, 2.8, False, True),
        (AT_LEAST, 0.9, True, False),
        (AT_LEAST, 0.89, False, False),
        (AT_LEAST, 0.35, False, True),
    ],
)
def test_a_target_is_met_or_missed_or_missed_by_far(
    target: Target, value: float, met: bool, far: bool
) -> None:
    assert target.met(value) is met
    assert target.far_off(value) is far


def test_a_figure_is_quotable_if_its_rounds_agree() -> None:
    quiet = Figure("get", [1.0, 1.01, 1.02, 1.01, 1.0, 1.02], AT_MOST)
    noisy = Figure("get", [0.5, 1.4, 0.9, 2.0, 1.3, 0.7], AT_MOST)
    assert quiet.quotable
    assert quiet.verdict == "met"
    assert not noisy.quotable
    assert "too noisy to quote" in noisy.line()


def test_a_missed_target_can_be_due_to_noise() -> None:
    assert Figure("get", [1.2] * 6, AT_MOST).verdict == "missed"
    assert Figure("get", [0.8, 1.2, 1.9, 1.3], AT_MOST).verdict == "missed, noisy"


def test_a_single_round_has_no_uncertainty_and_two_rounds_are_too_few() -> None:
    assert Figure("memory", [400.0], Target(450)).quotable
    assert math.isinf(Figure("get", [1.0, 1.0]).doubt)


def test_times_are_reported_in_ms() -> None:
    percentiles = spread([number / 1000 for number in range(101)])
    assert percentiles == pytest.approx({"p50 ms": 50, "p95 ms": 95, "p99 ms": 99})


def test_the_page_shows_every_figure_and_loads_nothing(tmp_path: Path) -> None:
    context = {"raw": {"p50 ms": 0.4, "p95 ms": 0.5, "p99 ms": 0.7}}
    figures = [
        Figure("get, p50: bridge / raw", [1.0, 1.02, 1.01, 1.0], AT_MOST, context=context),
        Figure("fan-out <to> 100", [0.5, 0.5, 0.5, 0.5], AT_LEAST),
        Figure("memory", [7.0], unit="KiB"),
    ]
    results = {
        "when": "2026-01-01T00:00:00Z",
        "machine": {"cores": 2, "processor": "one", "system": "Linux", "python": "3.11"},
        "sections": {"calls": [figure.as_json() for figure in figures]},
    }
    html = page.page(results)
    assert "1 of 2 targets are met" in html
    assert "fan-out &lt;to&gt; 100" in html
    assert "fan-out <to>" not in html
    assert 'src="http' not in html
    assert "<script" not in html
