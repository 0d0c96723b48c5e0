"""``docs/mutants.md``: the table of all mutants."""

from __future__ import annotations

from tests.mutants.definitions import Mutants

HEAD = """\
# The mutants of the reference bridge

`python -m tests.mutants --docs` writes this page from the definitions in `tests/mutants/defects`. The
features catch every defect and accept every harmless change: `python -m tests.mutants` shows it, in an hour
on two cores.

Each row is the reference bridge with one small defect, which is patched in memory while the bridge is
imported: `python -m tests.mutants serve NAME` starts it. A defect is caught if the features fail, if a
failing scenario proves a statement of the contract that the defect breaks, and if the message of that
failure says what is wrong. `python -m tests.mutants NAME` runs the features against one mutant; `--area` and
`--slice N/M` select several, and `--jobs` is the number of runs at the same time. No defect is in the code of
the bridge. [Traceability](traceability.md) lists the defects by statement.

`python -m tests.mutants --random N --seed S` makes N more defects by itself, which this page does not list.
Operators change one random place each in `server/core`, `server/rpc` or `server/tools`: they swap a
comparison, negate a condition, remove a statement, and so on (`tests/mutants/changes.py`). Each of these
mutants is shown to the scenarios of the clauses that the changed code serves, which are those that the
defects above break in the same function, class or module, and then to all scenarios that are quick. Those
that no scenario notices are listed with the change as a diff.
"""


def page(mutants: Mutants) -> str:
    """Return the page."""
    lines = [HEAD, f"There are {len(mutants.defects)} defects and {len(mutants.harmless)} harmless changes."]
    for area in dict.fromkeys(entry.area for entry in mutants.defects):
        lines += [f"\n## {area.capitalize()}\n", "| defect | what a client sees | breaks |", "|---|---|---|"]
        lines += [
            f"| {entry.name} | {entry.seen} | {' '.join(entry.breaks)} |"
            for entry in mutants.defects
            if entry.area == area
        ]
    lines += ["\n## Harmless changes\n", "| change | what a client sees |", "|---|---|"]
    lines += [f"| {entry.name} | {entry.seen} |" for entry in mutants.harmless]
    return "\n".join(lines) + "\n"
