"""Tests of the outcome of a mutant: which failures show that the features noticed what it breaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.mutants import running
from tests.mutants.definitions import Mutant, MutantError, Mutants


def mutant(*breaks: str) -> Mutant:
    return Mutant("a-mutant", "variables", breaks, "It differs.", "was 3", (), "@A6", Path("a.toml"))


def scenario(statements: str, outcome: str = "failed", **more: Any) -> dict[str, Any]:
    ids = statements.split()
    return {
        "outcome": outcome,
        "statements": ids,
        "clauses": sorted({id_.partition(".")[0] for id_ in ids}),
        "explanation": ["Expected: 2", "     but: was 3"],
        "violations": [],
        **more,
    }


@pytest.mark.parametrize(
    ("breaks", "scenarios", "outcome"),
    [
        (["A6.1"], [scenario("A6.1")], running.CAUGHT),
        (["A6.1"], [scenario("A6.2"), scenario("A6.1 A6.2")], running.CAUGHT),
        (["A6.1"], [scenario("A6.2")], running.WRONG_STATEMENT),
        (["A6.1"], [scenario("A7.1")], running.WRONG_RULE),
        (["A6.1"], [scenario("A6.1", explanation=["was 4"])], running.WRONG_WORDS),
        (["A6.1", "A8.1"], [scenario("A6.1")], running.WRONG_STATEMENT),
        (["A6.1", "A8.1"], [scenario("A6.1"), scenario("A8.1")], running.CAUGHT),
        (["A6.1"], [scenario("A7.1", "passed", violations=["was 3 (A6)"])], running.CAUGHT),
        (["A6"], [scenario("A6.2")], running.CAUGHT),  # only the reference bridge promises it
        (["A6.1"], [], running.MISSED),
        ([], [], running.GREEN),
        ([], [scenario("A6.1")], running.RED),
    ],
)
def test_a_defect_is_caught_by_a_scenario_of_each_statement_that_it_breaks(
    breaks: list[str], scenarios: list[dict[str, Any]], outcome: str
) -> None:
    verdict = {"counts": {"passed": 1}, "verdict": {"word": "does not conform"}}
    assert running._outcome(mutant(*breaks), verdict, scenarios)[0] == outcome


def test_the_clauses_of_a_mutant_follow_from_its_statements() -> None:
    assert mutant("A6.1", "A6.2", "W3.1").clauses == ("A6", "W3")
    assert mutant().harmless


def test_a_mutant_of_a_statement_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    (tmp_path / "defects").mkdir()
    entry = '[x]\nbreaks = "A6.99"\nseen = "."\nsays = "."\nat = "m"\nfind = "a"\nreplace = "b"\n'
    (tmp_path / "defects" / "variables.toml").write_text(entry, "utf-8")
    with pytest.raises(MutantError, match="^x: the contract has no statement A6.99"):
        assert Mutants(tmp_path).defects
