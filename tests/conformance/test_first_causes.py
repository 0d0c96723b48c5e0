"""Tests of the causes that a run of all features lists for bridges with one wrong method."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.full_run import judge

pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]

ALTERED = "-m tests.conformance.altered_bridge --method {} --reply {}"


def test_a_missing_method_is_the_only_cause(tmp_path: Path) -> None:
    judged = judge(tmp_path / "run", ALTERED.format("ListVariables", "unimplemented"))
    (cause,) = judged.verdict["causes"]
    assert (cause["kind"], cause["clauses"]) == ("unimplemented", ["A9"])
    assert len(cause["failed"]) + len(cause["not_reached"]) > 20


def test_a_method_that_is_wrong_in_all_its_answers_is_the_first_of_few_causes(tmp_path: Path) -> None:
    judged = judge(tmp_path / "run", ALTERED.format("GetVariable", "version+1"))
    assert judged.verdict["counts"]["failed"] > 300
    assert len(judged.verdict["causes"]) <= 3
    assert judged.verdict["causes"][0]["clauses"] == ["A3"]
