"""The links in ``docs/contract.md`` from each clause to the Rules of the features that prove it.

``python -m varbridge.conformance.contract`` writes them; with ``--check`` it only reports whether they are
up to date.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from behave.parser import parse_feature

from varbridge.conformance.clauses import HEADING, clauses_of

PAGE = Path("docs/contract.md")
FEATURES = Path("features")

_PROVED = "Proved by "


class ContractDriftError(Exception):
    """A clause without a Rule, or a Rule without a clause; the message names it."""


def rules(features: Path = FEATURES) -> dict[str, list[str]]:
    """Return the Rules that prove each clause, as links, by the clause's id and in order of the files."""
    links: dict[str, list[str]] = {}
    for path in sorted(features.rglob("*.feature")):
        for rule in parse_feature(path.read_text("utf-8")).rules:
            for clause in clauses_of(rule.tags):
                where = f"../{path.as_posix()}"
                links.setdefault(clause, []).append(f"[{rule.name}]({where})")
    return links


def written(page: str, proofs: Mapping[str, Sequence[str]]) -> str:
    """Return the page with the proofs of each clause under its text.

    Raises:
        ContractDriftError: a clause has no Rule, or a Rule no clause.
    """
    parts = re.split(r"(?m)^(?=##)", page)
    named = [match[1] for part in parts if (match := HEADING.match(part))]
    if unmatched := sorted(set(named) ^ set(proofs)):
        raise ContractDriftError(f"{unmatched[0]} is not both a clause of {PAGE} and the tag of a Rule")
    return "".join(_with_proofs(part, proofs) for part in parts)


def _with_proofs(part: str, proofs: Mapping[str, Sequence[str]]) -> str:
    match = HEADING.match(part)
    if match is None:
        return part
    text = part.partition(f"\n{_PROVED}")[0].rstrip("\n")
    return f"{text}\n\n{_PROVED}{'; '.join(proofs[match[1]])}.\n\n"


def main(arguments: Sequence[str]) -> int:
    """Write the page, or check it; return the exit code."""
    page = PAGE.read_text("utf-8")
    try:
        expected = written(page, rules()).rstrip("\n") + "\n"
    except ContractDriftError as error:
        print(error, file=sys.stderr)
        return 1
    if "--check" in arguments:
        if page != expected:
            print(
                f"{PAGE} is out of date: run python -m varbridge.conformance.contract",
                file=sys.stderr,
            )
        return int(page != expected)
    PAGE.write_text(expected, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
