"""Tests of trends over time: distinction from noise, outliers and a warm-up, plots, and measurement."""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from tests.conformance.project import scenario_record
from varbridge.conformance.faults.processes import alive, offspring, taken
from varbridge.conformance.invariants.trend import Series
from varbridge.conformance.report import plots

TIMES = [60.0 * number for number in range(1, 61)]


def series(*values: float) -> Series:
    return Series("memory", "MiB", TIMES[: len(values)], values)


def noise(seed: int, part: float) -> list[float]:
    chance = random.Random(seed)
    return [1.0 + chance.uniform(-part, part) for _ in TIMES]


def test_a_straight_line_is_fitted_exactly() -> None:
    rising = series(*(100.0 + time / 60 for time in TIMES))
    assert rising.begun == 14  # the index of the sample after a quarter of an hour
    assert rising.line() == (pytest.approx(115.0), pytest.approx(160.0))
    assert rising.rise() == pytest.approx(45 / 115)


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_not_a_trend(seed: int) -> None:
    assert abs(series(*(60 * value for value in noise(seed, 0.05))).rise()) < 0.05


@pytest.mark.parametrize("seed", range(5))
def test_a_small_leak_in_noise_is_a_trend(seed: int) -> None:
    leaking = series(*(60 * value + number * 0.15 for number, value in enumerate(noise(seed, 0.05))))
    assert leaking.rise() > 0.05


def test_outliers_are_not_a_trend() -> None:
    assert (
        series(*(900.0 if number in (20, 31, 44, 45, 57, 58, 59) else 60.0 for number in range(60))).rise()
        == 0
    )


def test_periodic_values_are_not_a_trend() -> None:
    assert abs(series(*(60.0 + number % 4 for number in range(60))).rise()) < 0.05


def test_a_warm_up_is_not_a_trend() -> None:
    assert series(*(60.0 * min(1.0, number / 14) for number in range(60))).rise() == 0


def test_steps_are_a_trend() -> None:
    assert series(*(10.0 + number // 10 for number in range(60))).rise() > 0.2


def test_a_rise_from_zero_is_a_trend() -> None:
    assert series(*(0.0 if number < 15 else number - 14.0 for number in range(60))).rise() > 1


def test_a_leak_is_marked_in_the_report_and_its_record_matches_the_schema() -> None:
    schema = json.loads(Path("docs/verdict.schema.json").read_text("utf-8"))
    series_schema = schema["$defs"]["scenario"]["properties"]["series"]
    flat, rising = series(*[60.0] * 60), series(*(60.0 + number for number in range(60)))
    records = [flat.as_json(0.05), rising.as_json(0.05), flat.as_json()]
    jsonschema.validate(records, series_schema)
    record = scenario_record("failed", scenario="An hour", series=records)
    page = plots.render([record])
    assert page.count("<svg") == 3
    assert page.count('class="passed">+0.0%, of 5% allowed') == 1
    assert page.count('class="failed">+60.8%, of 5% allowed') == 1
    assert page.count('class="none">+0.0%<') == 1
    assert plots.render([replace(record, series=())]) == ""


def test_a_plot_of_zeros_can_be_drawn() -> None:
    assert "nan" not in plots.plot(series(*[0.0] * 60).as_json())


def test_the_resource_use_of_a_process_includes_its_children() -> None:
    before = taken(os.getpid())
    script = (
        "import sys; data = bytearray(50 * 2**20); file = open('/dev/null');"
        " print('ready', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        after, children = taken(os.getpid()), offspring(os.getpid())
        assert child.pid in alive(children)
        child.communicate()
    assert after.processes == before.processes + 1
    assert after.threads == before.threads + 1
    assert 4 <= after.files - before.files <= 8
    assert 50 <= after.memory - before.memory <= 80
    assert child.pid not in alive(children)
    assert math.isclose(taken(os.getpid()).files, before.files, abs_tol=1)
