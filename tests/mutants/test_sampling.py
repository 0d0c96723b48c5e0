"""Tests of random mutants: which are chosen, to which scenarios they are shown, and their outcomes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.mutants import sampling
from tests.mutants.changes import Change, named
from tests.mutants.definitions import Mutants
from tests.mutants.patches import ROOT
from tests.mutants.running import Judged
from tests.mutants.sampling import Outcome

SERVED = sampling.clauses_served(Mutants().defects)


def test_the_same_seed_chooses_the_same_changes() -> None:
    first = sampling.sample(40, seed=7)
    assert first == sampling.sample(40, seed=7)
    assert first != sampling.sample(40, seed=8)
    assert len({(change.module, change.edit.line, change.edit.column) for change in first}) == 40


def test_code_that_could_end_other_processes_is_not_changed() -> None:
    changes = sampling.sample(100_000, seed=1)
    assert {change.module.rpartition(".")[0] for change in changes} == {
        "server.core",
        "server.rpc",
        "server.tools",
    }
    assert {change.module for change in changes} & {*sampling.LEFT_OUT} == set()
    builtin = [change.edit.function for change in changes if change.module == "server.tools.builtin"]
    assert "add" in builtin
    assert "die" not in builtin


def test_every_change_compiles() -> None:
    for change in sampling.sample(60, seed=3):
        compile(change.apply(change._tree), change.name, "exec", dont_inherit=True)


@pytest.mark.parametrize(
    ("module", "function", "clauses"),
    [
        ("server.core.catalog", "new_id", {"A1", "S6"}),
        ("server.rpc.sessions", "SessionServicer.Ping", {"P1"}),
    ],
)
def test_a_function_serves_the_clauses_that_its_known_defects_break(
    module: str, function: str, clauses: set[str]
) -> None:
    assert {*SERVED(module, function)} == clauses


def test_a_function_without_known_defects_serves_the_clauses_of_what_is_around_it() -> None:
    of_module = {*SERVED("server.core.catalog", "")}
    assert {*SERVED("server.core.catalog", "unknown")} == of_module
    assert {*SERVED("server.core.catalog", "Catalog.unknown")} < of_module
    assert {*SERVED("server.core.unknown", "f")} > of_module


def judged(code: int | None, **counts: int) -> Judged:
    numbers = {"passed": 0, "failed": 0, "not_reached": 0, **counts}
    verdict: dict[str, Any] = {"counts": numbers, "scenarios": []}
    return Judged(code, "the last line\n", verdict, 1.0)


@pytest.mark.parametrize(
    ("run", "outcome"),
    [
        (judged(0, passed=3), sampling.SURVIVED),
        (judged(1, passed=3, failed=1), sampling.CAUGHT),
        (judged(1, passed=3), sampling.CAUGHT),  # an invariant was violated
        (judged(1, not_reached=1), sampling.CAUGHT),
        (judged(1), sampling.CAUGHT_AT_START),
        (judged(3, passed=1), sampling.BROKEN_RUN),
        (judged(2), sampling.CAUGHT_AT_START),
        (judged(None, passed=1), sampling.TIMED_OUT),
    ],
)
def test_the_outcome_of_a_run(run: Judged, outcome: str) -> None:
    assert sampling.outcome_of(run, sampling.CAUGHT) == outcome


@pytest.mark.parametrize(
    ("failures", "outcome"),
    [
        ([0, 0], sampling.SURVIVED),
        ([1, 1], sampling.CAUGHT),
        ([1, 0, 0], sampling.NOT_CONFIRMED),
        ([1, 0, 1], sampling.NOT_CONFIRMED),
        ([1, 0, 2], sampling.CAUGHT),
        ([0, 1, 1], sampling.CAUGHT_ELSEWHERE),
        ([0, 1, 0, 1], sampling.NOT_CONFIRMED),
        ([0, 1, 0, 2], sampling.CAUGHT_ELSEWHERE),
    ],
)
def test_a_mutant_is_shown_to_its_clauses_then_to_all_and_a_failure_is_confirmed(
    monkeypatch: pytest.MonkeyPatch, failures: list[int], outcome: str
) -> None:
    runs: list[list[str]] = []

    def judge(name: str, options: tuple[str, ...], limit: float, features: str, **more: Any) -> Judged:
        runs.append([features, *options])
        count = failures[len(runs) - 1]
        run = judged(int(count > 0), passed=1, failed=count)
        assert run.verdict is not None
        run.verdict["scenarios"] = [
            {"outcome": "failed", "violations": [], "location": "a.feature:7"}
        ] * count
        return run

    monkeypatch.setattr(sampling, "judge", judge)
    result = sampling.run(Change("server.core.catalog", 0), lambda module, function: ["A1", "A9"])
    assert (result.outcome, result.seconds) == (outcome, len(failures))
    expected: list[list[str]] = []
    for tags in ("@A1 or @A9", sampling.QUICK):
        expected.append(["features/", "--stop", "--tags", tags])
        if failures[len(expected) - 1]:
            expected += [["a.feature:7"], ["features/", "--tags", tags]]
            break
    assert runs == expected[: len(failures)]


def test_the_report_lists_mutants_that_were_not_noticed_with_their_diffs() -> None:
    change = named("server.core.names:0")
    text = sampling.report([Outcome(change, sampling.CAUGHT, 1.0), Outcome(change, sampling.SURVIVED, 1.0)])
    assert text.startswith("2 random mutants: 1 caught, 1 SURVIVED\n")
    assert f"SURVIVED: server.core.names:0  server/core/names.py:{change.edit.line}  " in text
    assert text.count("\n    -") == text.count("\n    +") > 0


@pytest.mark.slow
def test_a_change_is_also_made_in_processes_that_the_bridge_starts() -> None:
    change = next(
        change
        for change in sampling.sample(5_000, seed=1)
        if (change.module, change.edit.function) == ("server.tools.protocol", "payload_of")
    )
    environment = {
        **os.environ,
        "BRIDGE_MUTANT": change.name,
        "PYTHONPATH": os.pathsep.join((str(Path(__file__).with_name("child")), str(ROOT))),
    }
    code = "from server.tools import protocol; print(type(protocol.__loader__).__module__)"
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout == "tests.mutants.serving\n"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_random_mutant_is_caught() -> None:
    changes = sampling.sample(100_000, seed=1)
    change = next(change for change in changes if change.edit.function == "SessionServicer.Ping")
    outcome = sampling.run(change, SERVED)
    assert outcome.good, outcome
