"""The clauses of the contract, read from ``docs/contract.md``, which is the only list of them.

``contract.md`` in this folder is a link to that page, so that an installed suite has it as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

HEADING = re.compile(r"(?m)^### ([A-Z]\d*) (.+)$")
"""The pattern of a clause's heading: its id and its title."""


_PAGE = Path(__file__).with_name("contract.md").read_text("utf-8")

_SECTION = re.compile(r"(?ms)^## (.+?)$(.*?)(?=^## |\Z)")
_TEXT = re.compile(r"(?ms)^### ([A-Z]\d*) .+?$\n+(.*?)(?=^##|\Z)")

CLAUSES: Mapping[str, str] = dict(HEADING.findall(_PAGE))
"""The titles of the clauses by id, in the order of the page."""

TEXTS: Mapping[str, str] = {clause: " ".join(text.split()) for clause, text in _TEXT.findall(_PAGE)}
"""The texts of the clauses by id, in Markdown."""

SECTIONS: Mapping[str, list[str]] = {
    title: [clause for clause, _ in HEADING.findall(text)]
    for title, text in _SECTION.findall(_PAGE)
    if HEADING.search(text)
}
"""The ids of the clauses by the heading of their section."""

CONTRACT_FLAGS = frozenset(re.findall(r"`(--[a-z][a-z-]*)", _PAGE))
"""The command-line flags that the contract names; all others are up to the bridge."""

CONTRACT_VERSION = "".join(re.findall(r"(?m)^Version (\d+\.\d+)", _PAGE)[:1])
"""The version of the contract, near the beginning of the page."""

_BASICS_FIRST = ("P1", "P2", "S", "A", "V", "T", "K", "W", "D", "X", "P")
"""The beginnings of ids in the order in which clauses rest on each other.

A bridge that does not start, or that has no sessions, can show nothing else.
"""


def _ranked() -> dict[str, int]:
    def group(clause: str) -> int:
        places = (place for place, start in enumerate(_BASICS_FIRST) if clause.startswith(start))
        return next(places, len(_BASICS_FIRST))

    return {clause: place for place, clause in enumerate(sorted(CLAUSES, key=group))}


_RANKS = _ranked()


_AT_END = re.compile(r"\(([A-Z]\d*)\)$")


def clause_in(sentence: str) -> str:
    """Return the id of the clause in parentheses at the end of a sentence; empty if there is none."""
    match = _AT_END.search(sentence)
    return match[1] if match else ""


def with_clause(sentence: str, clause: str) -> str:
    """Return a sentence that ends with the id of a clause, in parentheses: its own one, or else this one."""
    return sentence if clause_in(sentence) else f"{sentence} ({clause})"


def rank(clause: str) -> int:
    """Return the place of a clause in the order in which clauses rest on each other, the first being 0."""
    return _RANKS.get(clause, len(_RANKS))


def clauses_of(tags: Iterable[str]) -> list[str]:
    """Return the tags that are ids of clauses."""
    return [str(tag) for tag in tags if tag in CLAUSES]  # behave's tags are of a class of its own
