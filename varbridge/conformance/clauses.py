"""The clauses of the contract and their statements, read from ``docs/contract.md``, the only list of them.

``contract.md`` in this folder is a link to that page, so that an installed suite has it as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

HEADING = re.compile(r"(?m)^### ([A-Z]\d*) (.+)$")
"""The pattern of a clause's heading: its id and its title."""


_PAGE = Path(__file__).with_name("contract.md").read_text("utf-8")

STATEMENT = re.compile(r"(?m)^- (?:<a id=\"([^\"]*)\"></a>)?\*\*([A-Z]\d*\.\d+)\*\* (.+(?:\n  .+)*)$")
"""The pattern of a statement: an item of a list with its anchor, its id and its text."""

_NOT_JUDGED = re.compile(r"\s*\*Not judged: (.+)\*$")
_SECTION = re.compile(r"(?ms)^## (.+?)$(.*?)(?=^## |\Z)")
_TEXT = re.compile(r"(?ms)^### ([A-Z]\d*) .+?$\n+(.*?)(?=^##|\Z)")

CLAUSES: Mapping[str, str] = dict(HEADING.findall(_PAGE))
"""The titles of the clauses by id, in the order of the page."""

_MARKED: Mapping[str, str] = {id_: " ".join(text.split()) for _, id_, text in STATEMENT.findall(_PAGE)}

STATEMENTS: Mapping[str, str] = {id_: _NOT_JUDGED.sub("", text) for id_, text in _MARKED.items()}
"""The texts of the statements by id, in Markdown, in the order of the page."""

NOT_JUDGED: Mapping[str, str] = {
    id_: match[1] for id_, text in _MARKED.items() if (match := _NOT_JUDGED.search(text))
}
"""The statements that no scenario can judge, by id, with the reason that the page has in italics."""

TEXTS: Mapping[str, str] = {
    clause: " ".join(text for id_, text in STATEMENTS.items() if id_.partition(".")[0] == clause)
    for clause in CLAUSES
}
"""The texts of the clauses by id, in Markdown: those of their statements."""

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


def clause_of(statement: str) -> str:
    """Return the id of the clause that a statement is part of; an id of a clause is returned as it is."""
    return statement.partition(".")[0]


def statements_of_clause(clause: str) -> list[str]:
    """Return the ids of the statements of a clause, in the order of the page."""
    return [statement for statement in STATEMENTS if clause_of(statement) == clause]


def statements_of(tags: Iterable[str]) -> list[str]:
    """Return the tags that are ids of statements."""
    return [str(tag) for tag in tags if tag in STATEMENTS]


def numbering_mistakes(page: str = _PAGE) -> list[str]:
    """Return the mistakes in the ids of a contract page's clauses and statements, each as a sentence."""
    mistakes = []
    clauses: dict[str, int] = {}
    for clause, text in _TEXT.findall(page):
        letter, number = clause[0], int(clause[1:] or 1)
        if number != clauses.get(letter, 0) + 1:
            mistakes.append(f"clause {clause} follows {letter}{clauses.get(letter, 0)}")
        clauses[letter] = number
        statements = STATEMENT.findall(text)
        if not statements:
            mistakes.append(f"clause {clause} has no statements, such as '- **{clause}.1** …'")
        for place, (anchor, statement, _) in enumerate(statements, 1):
            if statement != f"{clause}.{place}":
                mistakes.append(f"statement {statement} stands where {clause}.{place} is expected")
            elif anchor != statement.lower():
                mistakes.append(f"statement {statement} has the anchor {anchor!r}, not {statement.lower()!r}")
        if other := STATEMENT.sub("", text).strip():
            mistakes.append(f"clause {clause} has text outside its statements: {other[:40]!r}")
    return mistakes


def clauses_of(tags: Iterable[str]) -> list[str]:
    """Return the tags that are ids of clauses."""
    return [str(tag) for tag in tags if tag in CLAUSES]  # behave's tags are of a class of its own
