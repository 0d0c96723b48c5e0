"""``python -m tests.mutants.together N``: run all features against N defects at once, drawn by ``--seed S``.

One defect must not hide the next: the verdict has to name the clauses of most of them.
"""

from __future__ import annotations

import argparse
import ast
import random
import sys
from collections.abc import Iterable, Sequence

from tests.mutants.definitions import Mutant, Mutants
from tests.mutants.patches import PatchError
from tests.mutants.running import judge

LIMIT_S = 1800.0
"""The time limit of the run, in seconds."""

LEFT_OUT = ("startup", "security")
"""The areas whose defects keep a bridge from being judged at all."""

LEAST = 0.75
"""The share of the defects whose clauses the verdict must name."""


def draw(count: int, seed: int, entries: Iterable[Mutant]) -> list[Mutant]:
    """Return so many defects that fit together, and with which a bridge starts and can be judged."""
    candidates = [entry for entry in entries if not entry.at_start and entry.area not in LEFT_OUT]
    random.Random(seed).shuffle(candidates)
    trees: dict[str, ast.Module] = {}
    drawn: list[Mutant] = []
    for entry in candidates:
        changed = dict(trees)
        try:
            for patch in entry.patches:
                tree = changed.get(patch.module) or ast.parse(patch.path.read_text("utf-8"))
                changed[patch.module] = patch.apply(tree)
        except PatchError:
            continue  # an earlier defect is in the same place
        trees = changed
        drawn.append(entry)
        if len(drawn) == count:
            break
    return drawn


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return 1 if too few clauses are named."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants.together", description=__doc__)
    parser.add_argument("count", type=int, help="the number of defects")
    parser.add_argument("--seed", type=int, default=0, help="the seed (default: %(default)s)")
    options = parser.parse_args(arguments)
    drawn = draw(options.count, options.seed, Mutants().defects)
    result = judge(",".join(entry.name for entry in drawn), [], LIMIT_S)
    if result.verdict is None:
        print(result.output)
        return 1
    causes = result.verdict["causes"]
    clauses = {clause for cause in causes for clause in cause["clauses"]}
    unnamed = [entry for entry in drawn if not clauses.intersection(entry.clauses)]
    for entry in drawn:
        print(f"{'not named' if entry in unnamed else 'named':10}{' '.join(entry.breaks):12}{entry.seen}")
    counts = result.verdict["counts"]
    print(f"{counts['failed'] + counts['not_reached']} scenarios failed, {counts['passed']} passed")
    named = len(drawn) - len(unnamed)
    print(f"{len(causes)} causes name {len(clauses)} clauses, and those of {named} of {len(drawn)} defects")
    return 0 if named >= LEAST * len(drawn) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
