"""What a run exercised: clauses, methods, statuses, kinds of updates and types; and what it should have.

A suite can be green because it never asked. A full run in which nothing was left out must have met all that
the suite claims to judge, else it has not judged.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from varbridge.conformance.events import Event
from varbridge.conformance.invariants.replies import variables_in
from varbridge.conformance.invariants.variables import TYPES
from varbridge.conformance.vocabulary.statuses import CONTRACT_CODES
from varbridge.conformance.vocabulary.updates import KINDS
from varbridge.messages import snakepit_bridge_pb2 as pb

STATUSES = ("OK", *(codes[0].name for codes in CONTRACT_CODES.values() if len(codes) == 1))
"""Those that the contract names. CANCELLED is counted as well, but only ever a client asks for it."""

SUBJECTS = ("clauses", "methods", "statuses", "updates", "types")


class Coverage:
    """How often each was met. Calls over the suite's connections are counted; crowds' and workers' are not.

    Args:
        service: the name that the bridge answers under, which says which methods there are.
    """

    def __init__(self, service: str) -> None:
        methods = pb.DESCRIPTOR.services_by_name[service].methods
        self.claims: dict[str, tuple[str, ...]] = {
            "clauses": (),
            "methods": tuple(method.name for method in methods),
            "statuses": STATUSES,
            "updates": tuple(KINDS.values()),
            "types": TYPES,
        }
        self._met: dict[str, Counter[str]] = {subject: Counter() for subject in SUBJECTS}
        self._lock = threading.Lock()  # streams are read on threads of their own

    def claim_clauses(self, clauses: Iterable[str]) -> None:
        """Keep the ids of those that the features prove."""
        self.claims["clauses"] = tuple(sorted(set(clauses), key=lambda one: (one[0], len(one), one)))

    def judged(self, clauses: Collection[str]) -> None:
        """Count a scenario that ran."""
        self._met["clauses"].update(clauses)

    def add(self, event: Event) -> None:
        """Count what an event shows."""
        with self._lock:
            if event.kind in ("call", "open"):
                self._met["methods"][event.method] += 1
            if event.status:
                self._met["statuses"][event.status] += 1
            if event.reply is None:
                return
            if event.method == "WatchVariables":
                self._met["updates"][event.reply.update_type] += 1
                if event.reply.HasField("variable"):
                    self._met["types"][event.reply.variable.type] += 1
            elif event.method == "RegisterVariable":
                self._met["types"][event.request.type] += 1
            else:
                self._met["types"].update(one.type for one in variables_in(event.method, event.reply))

    def missing(self) -> list[str]:
        """What was claimed and not met, each as a phrase; empty where all was."""
        return [
            f"{_SINGULAR[subject]} {name}"
            for subject, names in self.claims.items()
            for name in names
            if not self._met[subject][name]
        ]

    def as_json(self) -> Mapping[str, Any]:
        """How often each was met, by subject and name; 0 for what was claimed and not met."""
        return {
            subject: {
                name: self._met[subject][name]
                for name in dict.fromkeys([*self.claims[subject], *sorted(self._met[subject])])
            }
            for subject in SUBJECTS
        }


_SINGULAR = {
    "clauses": "clause",
    "methods": "method",
    "statuses": "status",
    "updates": "update",
    "types": "type",
}
