"""Tests of the mutants: each fits the reference bridge, each clause has one, and a few are run."""

from __future__ import annotations

import re

import pytest
from behave.parser import parse_feature
from behave.tag_expression import make_tag_expression

from tests.mutants.definitions import Mutant, Mutants
from tests.mutants.fit import REFACTORINGS, misfits
from tests.mutants.page import page
from tests.mutants.patches import ROOT
from tests.mutants.running import run
from varbridge.conformance import tags
from varbridge.conformance.clauses import CLAUSES, NOT_JUDGED, STATEMENTS

MUTANTS = Mutants()
ENTRIES = (*MUTANTS.defects, *MUTANTS.harmless)


AS_IT_IS, *CHANGED = REFACTORINGS


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "refactoring", [AS_IT_IS, *(pytest.param(name, marks=pytest.mark.long) for name in CHANGED)]
)
def test_every_mutant_fits_whatever_the_refactoring(refactoring: str) -> None:
    assert misfits(ENTRIES, REFACTORINGS[refactoring]) == {}


def test_names_are_unique_and_have_one_form() -> None:
    names = [entry.name for entry in ENTRIES]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)] == []


def test_the_page_lists_the_present_mutants() -> None:
    assert (ROOT / "docs" / "mutants.md").read_text("utf-8") == page(MUTANTS), (
        "python -m tests.mutants --docs"
    )


def test_there_are_enough_mutants() -> None:
    assert len(MUTANTS.defects) >= 100
    assert len(MUTANTS.harmless) >= 10


def test_every_statement_is_broken_by_a_mutant() -> None:
    broken = {id_ for entry in MUTANTS.defects for id_ in entry.breaks}
    assert [id_ for id_ in STATEMENTS if id_ not in broken and id_ not in NOT_JUDGED] == []
    assert [id_ for id_ in NOT_JUDGED if id_ in broken] == []


def test_a_mutant_that_names_no_statement_breaks_what_only_the_reference_bridge_promises() -> None:
    scenarios = [
        scenario
        for path in (ROOT / "features").rglob("*.feature")
        for scenario in parse_feature(path.read_text("utf-8")).walk_scenarios()
    ]
    for entry in MUTANTS.defects:
        if {*entry.breaks} & {*CLAUSES}:
            chosen = [
                scenario
                for scenario in scenarios
                if make_tag_expression(entry.tags).check([*scenario.effective_tags])
                and re.search(entry.only, scenario.name)
            ]
            asked = [
                scenario.name for scenario in chosen if not {*scenario.effective_tags} & tags.REFERENCE_ONLY
            ]
            assert asked == [], f"{entry.name}: name the statement that it breaks"


def test_no_file_of_mutants_is_long() -> None:
    files = [*(ROOT / "tests" / "mutants").rglob("*.toml")]
    assert [path.name for path in files if len(path.read_text("utf-8").splitlines()) >= 300] == []


def test_the_tags_of_a_mutant_select_scenarios_of_its_area_and_its_clauses() -> None:
    scenarios = [
        {*scenario.effective_tags}
        for path in (ROOT / "features").rglob("*.feature")
        for scenario in parse_feature(path.read_text("utf-8")).walk_scenarios()
    ]
    for entry in MUTANTS.defects:
        assert entry.area in tags.AREAS, entry.name
        expression = make_tag_expression(entry.tags)
        chosen = [scenario_tags for scenario_tags in scenarios if expression.check(scenario_tags)]
        assert chosen, f"{entry.name}: {entry.tags} selects nothing"
        for broken in entry.breaks if not entry.at_start else ():
            assert any(broken in scenario_tags for scenario_tags in chosen), (
                f"{entry.name}: no selected scenario proves {broken}"
            )


def test_each_mutant_has_a_sentence_and_a_phrase_of_its_failure() -> None:
    assert [entry.name for entry in ENTRIES if not re.fullmatch(r"\S.*\.", entry.seen)] == []
    assert [entry.name for entry in MUTANTS.defects if len(entry.says) < 5] == []


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["no-previous-value", "ready-printed-twice", "other-ids"])
def test_a_run_of_a_mutant_has_the_expected_outcome(name: str) -> None:
    entry: Mutant = MUTANTS.named(name)
    if entry.harmless:
        entry = type(entry)(**{**vars(entry), "tags": "@variables and (@A1 or @A2)"})
    result = run(entry)
    assert result.good, result
