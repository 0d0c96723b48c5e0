"""The coverage of a run: the clauses, methods, statuses, kinds of updates and types that it met.

A suite can pass because it never tested something. A full run without skipped scenarios must cover everything
that the suite claims to judge; otherwise its verdict is "not judged".
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from varbridge.conformance.events import Event
from varbridge.conformance.invariants.replies import variables_in
from varbridge.conformance.vocabulary.statuses import CONTRACT_CODES
from varbridge.conformance.vocabulary.types import TYPES
from varbridge.conformance.vocabulary.updates import KINDS
from varbridge.messages import snakepit_bridge_pb2 as pb

STATUSES = ("OK", *(codes[0].name for codes in CONTRACT_CODES.values() if len(codes) == 1))
"""The statuses of the contract. CANCELLED is counted as well, but only clients cause it."""

BY_FLAGS = {"clause W10", "status RESOURCE_EXHAUSTED", "update heartbeat"}
"""The items that a bridge may show only with flags which the contract does not name."""

SUBJECTS = ("clauses", "methods", "statuses", "updates", "types", "cases")


class Coverage:
    """The counts of what a run met on recorded connections, which excludes watch pools and workers.

    Args:
        service: the name of the gRPC service, which determines the methods.
    """

    def __init__(self, service: str) -> None:
        methods = pb.DESCRIPTOR.services_by_name[service].methods
        self.claims: dict[str, tuple[str, ...]] = {
            "clauses": (),
            "methods": tuple(method.name for method in methods),
            "statuses": STATUSES,
            "updates": tuple(KINDS.values()),
            "types": TYPES,
            "cases": (),  # of the model, which random walks meet
        }
        self.met: dict[str, Counter[str]] = {subject: Counter() for subject in SUBJECTS}
        """The counts by subject and name."""
        self._lock = threading.Lock()  # streams are read on threads of their own

    def claim_clauses(self, clauses: Iterable[str]) -> None:
        """Set the ids of the clauses that the features prove, all of which a full run must cover."""
        self.claims["clauses"] = tuple(
            sorted(set(clauses), key=lambda clause: (clause[0], len(clause), clause))
        )

    def judged(self, clauses: Collection[str]) -> None:
        """Count the clauses of a scenario that ran."""
        self.met["clauses"].update(clauses)

    def add_cases(self, cases: Iterable[str]) -> None:
        """Count the cases of the model that a scenario met."""
        self.met["cases"].update(cases)

    def add(self, event: Event) -> None:
        """Count the method, the status and the types of an event."""
        with self._lock:
            if event.kind in ("call", "open"):
                self.met["methods"][event.method] += 1
            if event.status:
                self.met["statuses"][event.status] += 1
            if event.reply is None:
                return
            if event.method == "WatchVariables":
                self.met["updates"][event.reply.update_type] += 1
                if event.reply.HasField("variable"):
                    self.met["types"][event.reply.variable.type] += 1
            elif event.method == "RegisterVariable":
                self.met["types"][event.request.type] += 1
            else:
                for variable in variables_in(event.method, event.reply):
                    self.met["types"][variable.type] += 1

    def add_counts(self, counts: Mapping[str, Counter[str]]) -> None:
        """Add the counts of another process."""
        for subject, counted in counts.items():
            self.met[subject].update(counted)

    def missing(self, optional: Collection[str] = ()) -> list[str]:
        """Return a phrase for each item that should have been met and was not, except for optional ones."""
        phrases = [
            f"{_SINGULAR[subject]} {name}"
            for subject, names in self.claims.items()
            for name in names
            if not self.met[subject][name]
        ]
        return [phrase for phrase in phrases if phrase not in optional]

    def as_json(self) -> Mapping[str, Any]:
        """Return the counts by subject and name; 0 for an item that should have been met and was not."""
        return {
            subject: {
                name: self.met[subject][name]
                for name in dict.fromkeys([*self.claims[subject], *sorted(self.met[subject])])
            }
            for subject in SUBJECTS
        }


_SINGULAR = {
    "clauses": "clause",
    "methods": "method",
    "statuses": "status",
    "updates": "update",
    "types": "type",
    "cases": "case",
}
