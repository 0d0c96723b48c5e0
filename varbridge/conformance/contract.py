"""``docs/contract.md`` beside the features: which Rules prove a clause, written into the page.

``python -m varbridge.conformance.contract`` writes them; with ``--check`` it says whether they are as they
should be.
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
    """The page and the features do not speak of the same clauses; the message says which."""


def rules(features: Path = FEATURES) -> dict[str, list[str]]:
    """The sentences of the Rules that bear each clause's id, each with its file, in order of the files."""
    found: dict[str, list[str]] = {}
    for path in sorted(features.rglob("*.feature")):
        for rule in parse_feature(path.read_text("utf-8")).rules:
            for clause in clauses_of(rule.tags):
                where = f"../{path.as_posix()}"
                found.setdefault(clause, []).append(f"[{rule.name}]({where})")
    return found


def written(page: str, proofs: Mapping[str, Sequence[str]]) -> str:
    """The page with the proofs of each clause under its text.

    Raises:
        ContractDriftError: a clause has no Rule, or a Rule no clause.
    """
    parts = re.split(r"(?m)^(?=##)", page)
    named = [match[1] for part in parts if (match := HEADING.match(part))]
    if strangers := sorted(set(named) ^ set(proofs)):
        raise ContractDriftError(f"{strangers[0]} is not both a clause of {PAGE} and the tag of a Rule")
    return "".join(_with_proofs(part, proofs) for part in parts)


def _with_proofs(part: str, proofs: Mapping[str, Sequence[str]]) -> str:
    match = HEADING.match(part)
    if match is None:
        return part
    text = part.partition(f"\n{_PROVED}")[0].rstrip("\n")
    return f"{text}\n\n{_PROVED}{'; '.join(proofs[match[1]])}.\n\n"


def main(arguments: Sequence[str]) -> int:
    """Write the page, or check it."""
    page = PAGE.read_text("utf-8")
    try:
        right = written(page, rules()).rstrip("\n") + "\n"
    except ContractDriftError as drifted:
        print(drifted, file=sys.stderr)
        return 1
    if "--check" in arguments:
        if page != right:
            print(
                f"{PAGE} does not name the present Rules: run python -m varbridge.conformance.contract",
                file=sys.stderr,
            )
        return int(page != right)
    PAGE.write_text(right, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
