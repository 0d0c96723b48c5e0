"""Tests that the contract promises what the features ask of any bridge."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from behave.parser import parse_file

from tests.conformance.project import ROOT
from varbridge.conformance.clauses import CONTRACT_FLAGS, TEXTS
from varbridge.conformance.invariants.updates import CAUSES
from varbridge.conformance.scenario.heartbeats import KEY
from varbridge.conformance.tags import LEFT_OUT, REFERENCE_ONLY

CONTRACT = " ".join(TEXTS.values())
_PHRASE = re.compile(r'(?:saying|also says) "([^"]*)"')
_NUMBER = re.compile(r"\d+")


def scenarios() -> Iterator[Any]:
    """Yield the scenarios that every bridge is asked."""
    for path in sorted((ROOT / "features").rglob("*.feature")):
        for scenario in parse_file(str(path)).walk_scenarios():
            if not {*scenario.effective_tags} & {*REFERENCE_ONLY, *LEFT_OUT}:
                yield scenario


def phrases_of(scenario: Any) -> Iterator[str]:
    """Yield the texts that messages of refusals have to contain."""
    for step in scenario.all_steps:
        yield from _PHRASE.findall(step.name)
        if step.table is not None and "because" in step.table.headings:
            yield from filter(None, (row["because"] for row in step.table))


def test_each_phrase_of_a_refusal_is_in_the_contract() -> None:
    missing = {}
    for scenario in scenarios():
        own = "\n".join(_PHRASE.sub("", step.name) for step in scenario.all_steps)
        for phrase in phrases_of(scenario):
            # A text of the scenario itself, such as a name or a version, is to be repeated in the message.
            if _NUMBER.sub("N", phrase) not in CONTRACT and phrase not in own:
                missing[phrase] = str(scenario.location)
    assert missing == {}


def test_each_built_in_tool_is_in_the_contract_with_its_parameters() -> None:
    tables = (
        step.table
        for scenario in scenarios()
        for step in scenario.all_steps
        if step.table is not None and "takes" in step.table.headings and "streams" in step.table.headings
    )
    table = max(tables, key=lambda table: len(table.rows))  # others are of single sessions
    described = TEXTS["X1"]
    for row in table:
        assert f"`{row['name']}`" in described
        for name in re.findall(r'"(\w+)":', row["takes"]):
            assert re.search(rf"\b{name}\b", described), name


@pytest.mark.parametrize(
    ("clause", "words"),
    [
        ("D1", sorted(CAUSES)),
        ("D2", ["optimizer_id"]),
        ("W2", ["initial"]),
        ("W10", [KEY, "30 s"]),
        ("A11", ["changed_by", "100"]),
        ("A14", ["source", "elixir"]),
        ("P4", ["5 s"]),
        ("S5", ["ttl_seconds", "3600 s"]),
    ],
)
def test_the_keys_and_the_defaults_are_in_their_clauses(clause: str, words: list[str]) -> None:
    assert [word for word in words if word not in TEXTS[clause]] == []


def test_the_flags_of_the_contract_are_those_of_its_clause_about_flags() -> None:
    flags = set(re.findall(r"`(--[a-z-]+)`", TEXTS["P8"]))
    assert flags == CONTRACT_FLAGS
    assert "--heartbeat-interval" not in flags
