"""The branches of the model: each is a case that a statement of the contract decides."""

from __future__ import annotations

from typing import NamedTuple


class Branch(NamedTuple):
    """A case of the model, with the statement of the contract that decides it."""

    statement: str
    case: str

    def __str__(self) -> str:
        return f"{self.case} ({self.statement})"


BRANCHES: list[Branch] = []
"""All branches, in the order of their definitions."""


def branch(statement: str, case: str) -> Branch:
    """Define a branch of the model."""
    new = Branch(statement, case)
    BRANCHES.append(new)
    return new
