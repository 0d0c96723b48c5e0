"""``docs/mutants.md``: the matrix, from what a run found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.mutants.definitions import MutantError, Mutants

HEAD = """\
# The mutants of the reference bridge

`python -m tests.mutants --docs` writes this page from what `python -m tests.mutants` found last.

Each row is the reference bridge with one small defect, put in place in memory while it is imported:
`python -m tests.mutants serve NAME` starts it. A defect is caught when the features are red, when a failing
scenario stands under a rule of a clause that the defect breaks, and when the words of that failure say what
is wrong. `python -m tests.mutants NAME` shows one of them to the features; `--area`, `--slice N/M` and
`--jobs` run some of them. What is broken is in `tests/mutants/defects`: data, and none of it in the bridge.
"""


def page(mutants: Mutants, results: Sequence[Mapping[str, Any]]) -> str:
    """Return the page.

    Raises:
        MutantError: something was not run yet.
    """
    found = {one["name"]: one for one in results}
    entries = (*mutants.defects, *mutants.harmless)
    if unrun := [entry.name for entry in entries if entry.name not in found]:
        raise MutantError(
            f"the report says nothing of {', '.join(unrun[:5])}: run python -m tests.mutants first"
        )
    caught = sum(found[entry.name]["outcome"] == "caught" for entry in mutants.defects)
    green = sum(found[entry.name]["outcome"] == "green" for entry in mutants.harmless)
    lines = [
        HEAD,
        f"{caught} of {len(mutants.defects)} defects are caught, and {green} of {len(mutants.harmless)}"
        " changes that break nothing pass.\n",
        "## Clauses\n",
        "| clause | defects | caught |",
        "|---|---|---|",
    ]
    broken = Counter(clause for entry in mutants.defects for clause in entry.clauses)
    seen = Counter(
        clause
        for entry in mutants.defects
        if found[entry.name]["outcome"] == "caught"
        for clause in entry.clauses
    )
    lines += [f"| {clause} | {count} | {seen[clause]} |" for clause, count in broken.items()]
    for area in dict.fromkeys(entry.area for entry in mutants.defects):
        lines += [
            f"\n## {area.capitalize()}\n",
            "| defect | what a client sees | clauses | |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| {entry.name} | {entry.seen} | {' '.join(entry.clauses)} | {_outcome(found[entry.name])} |"
            for entry in mutants.defects
            if entry.area == area
        ]
    lines += ["\n## Changes that break nothing\n", "| change | what a client sees | |", "|---|---|---|"]
    lines += [
        f"| {entry.name} | {entry.seen} | {_outcome(found[entry.name])} |" for entry in mutants.harmless
    ]
    return "\n".join(lines) + "\n"


def _outcome(result: Mapping[str, Any]) -> str:
    outcome = str(result["outcome"])
    return outcome if outcome in ("caught", "green") else f"**{outcome}**"
