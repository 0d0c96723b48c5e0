"""Whether a trend is told from noise, bad moments and a warm-up, and how that is shown."""

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


def test_a_line_is_found_as_it_is() -> None:
    rising = series(*(100.0 + time / 60 for time in TIMES))
    assert rising.begun == 14  # a quarter of an hour, but for its last moment
    assert rising.line() == (pytest.approx(115.0), pytest.approx(160.0))
    assert rising.rise() == pytest.approx(45 / 115)


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_no_trend(seed: int) -> None:
    assert abs(series(*(60 * one for one in noise(seed, 0.05))).rise()) < 0.05


@pytest.mark.parametrize("seed", range(5))
def test_a_small_leak_in_noise_is(seed: int) -> None:
    leaking = series(*(60 * one + number * 0.15 for number, one in enumerate(noise(seed, 0.05))))
    assert leaking.rise() > 0.05


def test_bad_moments_are_no_trend() -> None:
    assert (
        series(*(900.0 if number in (20, 31, 44, 45, 57, 58, 59) else 60.0 for number in range(60))).rise()
        == 0
    )


def test_what_comes_back_is_no_trend() -> None:
    assert abs(series(*(60.0 + number % 4 for number in range(60))).rise()) < 0.05


def test_a_warm_up_is_no_trend() -> None:
    assert series(*(60.0 * min(1.0, number / 14) for number in range(60))).rise() == 0


def test_steps_are_a_trend() -> None:
    assert series(*(10.0 + number // 10 for number in range(60))).rise() > 0.2


def test_what_begins_with_nothing_is_told_as_it_is() -> None:
    assert series(*(0.0 if number < 15 else number - 14.0 for number in range(60))).rise() > 1


def test_a_leak_is_marked_in_the_report_and_the_record_is_as_the_schema_says() -> None:
    schema = json.loads(Path("docs/verdict.schema.json").read_text("utf-8"))
    one = schema["$defs"]["scenario"]["properties"]["series"]
    flat, rising = series(*[60.0] * 60), series(*(60.0 + number for number in range(60)))
    told = [flat.as_json(0.05), rising.as_json(0.05), flat.as_json()]
    jsonschema.validate(told, one)
    record = scenario_record("failed", scenario="An hour", series=told)
    page = plots.render([record])
    assert page.count("<svg") == 3
    assert page.count('class="passed">+0.0%, of 5% allowed') == 1
    assert page.count('class="failed">+60.8%, of 5% allowed') == 1
    assert page.count('class="none">+0.0%<') == 1
    assert plots.render([replace(record, series=())]) == ""


def test_a_plot_of_nothing_but_zeros_can_be_drawn() -> None:
    assert "nan" not in plots.plot(series(*[0.0] * 60).as_json())


def test_what_a_process_takes_is_that_of_those_it_has_started_too() -> None:
    before = taken(os.getpid())
    script = (
        "import sys; kept = bytearray(50 * 2**20); file = open('/dev/null');"
        " print('there', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "there\n"
        after, children = taken(os.getpid()), offspring(os.getpid())
        assert child.pid in alive(children)
        child.communicate()
    assert after.processes == before.processes + 1
    assert after.threads == before.threads + 1
    assert 4 <= after.files - before.files <= 8
    assert 50 <= after.memory - before.memory <= 80
    assert child.pid not in alive(children)
    assert math.isclose(taken(os.getpid()).files, before.files, abs_tol=1)
