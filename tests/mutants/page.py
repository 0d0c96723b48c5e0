"""``docs/mutants.md``: the table of all mutants with the outcomes of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.mutants.definitions import MutantError, Mutants
from varbridge.conformance.clauses import CLAUSES, clause_of

HEAD = """\
# The mutants of the reference bridge

`python -m tests.mutants --docs` writes this page from the last results of `python -m tests.mutants`.

Each row is the reference bridge with one small defect, which is patched in memory while the bridge is
imported: `python -m tests.mutants serve NAME` starts it. A defect is caught if the features fail, if a
failing scenario proves a statement of the contract that the defect breaks, and if the message of that
failure says what is wrong. `python -m tests.mutants NAME` runs the features against one mutant; `--area` and
`--slice N/M` select several, and `--jobs` is the number of runs at the same time. The definitions of the
defects are in `tests/mutants/defects`, and none of them is in the code of the bridge.

`python -m tests.mutants --random N --seed S` makes N more defects by itself, which this page does not list.
Operators change one random place each in `server/core`, `server/rpc` or `server/tools`: they swap a
comparison, negate a condition, remove a statement, and so on (`tests/mutants/changes.py`). Each of these
mutants is shown to the scenarios of the clauses that the changed code serves, which are those that the
defects above break in the same function, class or module, and then to all scenarios that are quick. Those
that no scenario notices are listed with the change as a diff.
"""


def page(mutants: Mutants, results: Sequence[Mapping[str, Any]]) -> str:
    """Return the page.

    Raises:
        MutantError: a mutant has no result yet.
    """
    by_name = {result["name"]: result for result in results}
    entries = (*mutants.defects, *mutants.harmless)
    if unrun := [entry.name for entry in entries if entry.name not in by_name]:
        raise MutantError(
            f"the report has no result for {', '.join(unrun[:5])}: run python -m tests.mutants first"
        )
    caught = sum(by_name[entry.name]["outcome"] == "caught" for entry in mutants.defects)
    green = sum(by_name[entry.name]["outcome"] == "green" for entry in mutants.harmless)
    lines = [
        HEAD,
        f"{caught} of {len(mutants.defects)} defects are caught, and {green} of {len(mutants.harmless)}"
        " harmless changes pass.\n",
        "## Statements\n",
        "| statement | defects | caught |",
        "|---|---|---|",
    ]
    defects = Counter(broken for entry in mutants.defects for broken in entry.breaks)
    seen = Counter(
        broken
        for entry in mutants.defects
        if by_name[entry.name]["outcome"] == "caught"
        for broken in entry.breaks
    )
    lines += [f"| {name} | {count} | {seen[name]} |" for name, count in sorted(defects.items(), key=_place)]
    for area in dict.fromkeys(entry.area for entry in mutants.defects):
        lines += [
            f"\n## {area.capitalize()}\n",
            "| defect | what a client sees | breaks | |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| {entry.name} | {entry.seen} | {' '.join(entry.breaks)} | {_outcome(by_name[entry.name])} |"
            for entry in mutants.defects
            if entry.area == area
        ]
    lines += ["\n## Harmless changes\n", "| change | what a client sees | |", "|---|---|---|"]
    lines += [
        f"| {entry.name} | {entry.seen} | {_outcome(by_name[entry.name])} |" for entry in mutants.harmless
    ]
    return "\n".join(lines) + "\n"


def _place(item: tuple[str, int]) -> tuple[int, str]:
    """Return the place of a statement or a clause in the contract."""
    return [*CLAUSES].index(clause_of(item[0])), item[0]


def _outcome(result: Mapping[str, Any]) -> str:
    outcome = str(result["outcome"])
    return outcome if outcome in ("caught", "green") else f"**{outcome}**"
