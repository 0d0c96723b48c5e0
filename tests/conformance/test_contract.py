"""The page of promises and the features speak of the same clauses, and the page names the present Rules."""

from __future__ import annotations

import re

import pytest

from varbridge.conformance import contract
from varbridge.conformance.run import tags


def test_the_page_names_the_present_rules() -> None:
    page = contract.PAGE.read_text("utf-8")
    right = contract.written(page, contract.rules()).rstrip("\n") + "\n"
    assert page == right, "run python -m varbridge.conformance.contract"


def test_the_page_has_every_clause_that_a_tag_can_name() -> None:
    named = re.findall(r"(?m)^### (\w+) ", contract.PAGE.read_text("utf-8"))
    assert len(named) == len(set(named))
    assert all(tags.CLAUSE.fullmatch(clause) for clause in named)
    areas = {"V": 5, "K": 5, "S": 7, "A": 14, "W": 11, "X": 7, "D": 3, "P": 7}
    assert set(named) == {"T", *(f"{area}{n}" for area, last in areas.items() for n in range(1, last + 1))}


def test_a_clause_without_a_rule_and_a_rule_without_a_clause_are_told() -> None:
    page = "# Page\n\n### W1 One\ntext\n"
    assert contract.written(page, {"W1": ["[a rule](x)"]}).endswith("text\n\nProved by [a rule](x).\n\n")
    with pytest.raises(contract.ContractDriftError, match="W2"):
        contract.written(page, {"W1": ["[a rule](x)"], "W2": ["[another](x)"]})
    with pytest.raises(contract.ContractDriftError, match="W1"):
        contract.written(page, {})
