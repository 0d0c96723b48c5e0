"""The mutants: each fits the reference bridge, every clause has one, and some are shown to be caught."""

from __future__ import annotations

import re

import pytest
from behave.parser import parse_feature
from behave.tag_expression import make_tag_expression

from tests.mutants.definitions import Mutant, Mutants
from tests.mutants.fit import REFACTORINGS, misfits
from tests.mutants.patches import ROOT
from tests.mutants.running import run
from varbridge.conformance import tags
from varbridge.conformance.clauses import CLAUSES

MUTANTS = Mutants()
ENTRIES = (*MUTANTS.defects, *MUTANTS.harmless)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("refactoring", REFACTORINGS)
def test_every_mutant_fits_whatever_the_refactoring(refactoring: str) -> None:
    assert misfits(ENTRIES, REFACTORINGS[refactoring]) == {}


def test_names_are_unique_and_say_what_they_are() -> None:
    names = [entry.name for entry in ENTRIES]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)] == []


def test_there_are_enough_of_them() -> None:
    assert len(MUTANTS.defects) >= 100
    assert len(MUTANTS.harmless) >= 10


def test_every_clause_is_broken() -> None:
    assert {clause for entry in MUTANTS.defects for clause in entry.clauses} == {*CLAUSES}


def test_no_file_is_long() -> None:
    files = [*(ROOT / "tests" / "mutants").rglob("*.toml")]
    assert [path.name for path in files if len(path.read_text("utf-8").splitlines()) >= 300] == []


def test_what_is_run_is_of_the_area_and_of_the_clauses() -> None:
    scenarios = [
        {*scenario.effective_tags}
        for path in (ROOT / "features").rglob("*.feature")
        for scenario in parse_feature(path.read_text("utf-8")).walk_scenarios()
    ]
    for entry in MUTANTS.defects:
        assert entry.area in tags.AREAS, entry.name
        expression = make_tag_expression(entry.tags)
        chosen = [one for one in scenarios if expression.check(one)]
        assert chosen, f"{entry.name}: {entry.tags} selects nothing"
        for clause in entry.clauses if not entry.at_start else ():
            assert any(clause in one for one in chosen), f"{entry.name}: nothing that is run proves {clause}"


def test_each_says_what_a_client_sees() -> None:
    assert [entry.name for entry in ENTRIES if not re.fullmatch(r"\S.*\.", entry.seen)] == []
    assert [entry.name for entry in MUTANTS.defects if len(entry.says) < 5] == []


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "name",
    ["max-is-exclusive", "no-previous-value", "tools-die-in-the-bridge", "ready-printed-twice", "other-ids"],
)
def test_a_slice_is_as_it_should_be(name: str) -> None:
    entry: Mutant = MUTANTS.named(name)
    if entry.harmless:
        entry = type(entry)(**{**vars(entry), "tags": "@variables and (@A1 or @A2)"})
    result = run(entry)
    assert result.good, result
