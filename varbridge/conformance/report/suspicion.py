"""The suspicion that a clause is broken: how much of what fails concerns it, and how little of what passes.

It is Ochiai's coefficient, which locates faults in programs by the tests that fail: of the statements of a
clause, the one counts whose scenarios fail most exclusively. What fails as a consequence of a broken clause
belongs to statements most of whose scenarios pass.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from varbridge.conformance.clauses import clause_in, clause_of, rank
from varbridge.conformance.report.record import ScenarioRecord

ABOUT = 0.7
"""The ratio of two suspicions from which they are about the same."""

_WEIGHTS = {"passed": 0.0, "not reached": 0.5, "failed": 1.0}
"""The weights of outcomes: a scenario that was not reached was not judged, but something failed in it."""


class Suspicion:
    """The suspicion of each clause in a run, from 0 to 1, and the share of its scenarios that fail."""

    def __init__(self, records: Sequence[ScenarioRecord]) -> None:
        failed = defaultdict[str, float](float)
        ran = Counter[str]()
        total = 0.0
        # Scenarios of random walks name no statements: they concern nearly every clause.
        for record in [record for record in records if record.statements] or records:
            if (weight := _WEIGHTS.get(record.outcome)) is None:
                continue
            violated = {clause_in(sentence) for sentence in record.violations}
            total += max(weight, bool(violated))
            concerned = {*record.statements, *map(clause_of, record.statements or record.clauses)}
            for name in concerned | violated:
                failed[name] += 1.0 if name in violated else weight
                ran[name] += 1
        self._shares = {name: failed[name] / ran[name] for name in ran}
        self._suspicions: dict[str, float] = {}
        for name in ran:
            coefficient = failed[name] / math.sqrt(total * ran[name]) if total else 0.0
            clause = clause_of(name)
            self._suspicions[clause] = max(self._suspicions.get(clause, 0.0), coefficient)

    def ordered(self, clauses: Iterable[str]) -> list[str]:
        """Return clauses, each once, so that the one that is most probably broken comes first.

        Of clauses that are about as suspect, the one on which the others rest comes first.
        """
        remaining = sorted({*clauses}, key=rank)
        ordered = []
        while remaining:
            most = max(map(self._of, remaining))
            first = next(clause for clause in remaining if self._of(clause) >= ABOUT * most)
            remaining.remove(first)
            ordered.append(first)
        return ordered

    def _of(self, clause: str) -> float:
        return self._suspicions.get(clause, 0.0)

    def share(self, clause: str) -> float:
        """Return the share of a clause's scenarios that fail."""
        return self._shares.get(clause, 0.0)
