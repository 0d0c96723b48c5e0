"""The page of promises and the features speak of the same clauses, and the page names the present Rules."""

from __future__ import annotations

import pytest

from varbridge.conformance import contract
from varbridge.conformance.clauses import CLAUSES, HEADING


def test_the_page_names_the_present_rules() -> None:
    page = contract.PAGE.read_text("utf-8")
    right = contract.written(page, contract.rules()).rstrip("\n") + "\n"
    assert page == right, "run python -m varbridge.conformance.contract"


def test_the_clauses_are_numbered_without_gaps() -> None:
    named = [clause for clause, _ in HEADING.findall(contract.PAGE.read_text("utf-8"))]
    assert named == [*CLAUSES], "no clause stands twice"
    last: dict[str, int] = {}
    for clause in named:
        letter, number = clause[0], int(clause[1:] or 1)
        assert number == last.get(letter, 0) + 1, clause
        last[letter] = number
    assert len(named) >= 60


def test_a_clause_without_a_rule_and_a_rule_without_a_clause_are_told() -> None:
    page = "# Page\n\n### W1 One\ntext\n"
    assert contract.written(page, {"W1": ["[a rule](x)"]}).endswith("text\n\nProved by [a rule](x).\n\n")
    with pytest.raises(contract.ContractDriftError, match="W2"):
        contract.written(page, {"W1": ["[a rule](x)"], "W2": ["[another](x)"]})
    with pytest.raises(contract.ContractDriftError, match="W1"):
        contract.written(page, {})
