"""Races between simultaneous calls, of which one may succeed or all have one effect.

A bridge that checks in one turn of its event loop and writes in a later one loses few races, so there are
many of them. The calls are sent over one connection without waiting for answers, because they then reach the
bridge with the least time between them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any

import grpc

from varbridge import BridgeError, Connection
from varbridge.conformance.vocabulary.encoding import encode
from varbridge.errors import from_rpc
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.wire import to_any

CALLS = 5
"""The number of calls in a race."""

ROUND = 20
"""The number of races whose calls are sent without waiting for answers."""

Call = tuple[str, Any]
"""A method and its request."""


@dataclass
class Race:
    """The outcomes of the calls of one race.

    Attributes:
        accepted: the replies of the accepted calls.
        refused: the refusals of the others.
    """

    accepted: list[Any] = field(default_factory=list)
    refused: list[BridgeError] = field(default_factory=list)


class Races:
    """Races in one session.

    Args:
        connection: the connection that sends all calls.
        session_id: the id of an open session, which nobody else uses.
        times: the number of races.

    Attributes:
        variable: the name of the variable that is set.
    """

    variable = "raced"

    def __init__(self, connection: Connection, session_id: str, times: int) -> None:
        self._connection = connection
        self._session = connection.session(session_id)
        self._times = times

    def set_expecting_one_version(self) -> list[Race]:
        """Set a variable with the same expected version in each race."""
        self._register_raced()
        return self._expecting_one_version([self.variable])

    def set_by_name_or_id_expecting_one_version(self) -> list[Race]:
        """Set a variable by its name and by its id, with the same expected version in each race."""
        return self._expecting_one_version([self.variable, self._register_raced()])

    def _expecting_one_version(self, identifiers: Sequence[str]) -> list[Race]:
        """Set a variable with the same expected version in each race, by each identifier in turn.

        The calls of a round expect one version after the other. Those that overtake each other are all
        refused; such races are not counted.
        """
        races: list[Race] = []
        while len(races) < self._times:
            version = self._session.get(self.variable).version
            expected = range(version, version + ROUND)
            decided = [
                race
                for race in self._round([self._set(rotated(identifiers, v), expects=v) for v in expected])
                if race.accepted
            ]
            if not decided:
                return [*races, Race()]  # a bridge that accepts none of them need not be asked again
            races += decided
        return races

    def set_with_one_request_id(self) -> list[Race]:
        """Set a variable with the same request id in each race."""
        self._register_raced()
        return self._rounds(lambda number: self._set([self.variable], request_id=f"race {number}"))

    def register_one_name(self) -> list[Race]:
        """Register the same name in each race."""
        value = to_any(encode("integer", 0))
        return self._repeated(
            "RegisterVariable",
            lambda number: pb.RegisterVariableRequest(
                session_id=self._session.id, name=f"name {number}", type="integer", initial_value=value
            ),
        )

    def lock_one_variable(self) -> list[Race]:
        """Lock the same variable for several optimizers in each race."""
        self._register("name")

        def lock(number: int) -> list[Call]:
            return [
                (
                    "StartOptimization",
                    pb.StartOptimizationRequest(
                        session_id=self._session.id,
                        variable_identifier=f"name {number}",
                        optimizer_id=f"optimizer {optimizer}",
                    ),
                )
                for optimizer in range(CALLS)
            ]

        return self._rounds(lock)

    def release_one_variable(self) -> list[Race]:
        """Release the same locked variable by force in each race."""
        self._register("name")
        for number in range(self._times):
            self._session.start_optimization(f"name {number}", "optimizer")
        return self._repeated(
            "StopOptimization",
            lambda number: pb.StopOptimizationRequest(
                session_id=self._session.id,
                variable_identifier=f"name {number}",
                optimizer_id="optimizer",
                force=True,
            ),
        )

    def delete_one_variable(self) -> list[Race]:
        """Delete the same variable in each race."""
        self._register("name")
        return self._repeated("DeleteVariable", self._deletion)

    def set_or_delete_one_variable(self) -> list[Race]:
        """Set the same variable in each race, and delete it by the call in the middle."""
        self._register("name")
        return self._amid_sets("DeleteVariable", self._deletion)

    def set_or_lock_one_variable(self) -> list[Race]:
        """Set the same variable in each race, and lock it by the call in the middle."""
        self._register("name")
        return self._amid_sets(
            "StartOptimization",
            lambda number: pb.StartOptimizationRequest(
                session_id=self._session.id, variable_identifier=f"name {number}", optimizer_id="optimizer"
            ),
        )

    def clean_up_one_session(self) -> list[Race]:
        """Clean up the same session of three variables in each race."""
        ids = [f"{self._session.id} {number}" for number in range(self._times)]
        for session_id in ids:
            for name in ("a", "b", "c"):
                self._connection.session(session_id).register(name, "integer", encode("integer", 0))
        return self._repeated(
            "CleanupSession", lambda number: pb.CleanupSessionRequest(session_id=ids[number])
        )

    def close_one_cycle(self) -> list[Race]:
        """Add dependencies in each race that together would be a cycle of as many variables."""
        for place in range(CALLS):
            self._register(f"place {place} of")

        def depend(number: int) -> list[Call]:
            return [
                (
                    "AddDependency",
                    pb.AddDependencyRequest(
                        session_id=self._session.id,
                        from_variable=f"place {place} of {number}",
                        to_variable=f"place {(place + 1) % CALLS} of {number}",
                        dependency_type="follows",
                    ),
                )
                for place in range(CALLS)
            ]

        return self._rounds(depend)

    def _register(self, prefix: str) -> None:
        """Register an integer for each race, whose name ends with the number of the race."""
        for number in range(self._times):
            self._session.register(f"{prefix} {number}", "integer", encode("integer", 0))

    def _register_raced(self) -> str:
        """Register the variable that is set in all races, and return its id."""
        return self._session.register(self.variable, "integer", encode("integer", 0)).id

    def _set(
        self, identifiers: Sequence[str], expects: int | None = None, request_id: str = ""
    ) -> list[Call]:
        """Return sets of a variable, which name it by each identifier in turn."""
        value = to_any(encode("integer", 1))
        return [
            (
                "SetVariable",
                pb.SetVariableRequest(
                    session_id=self._session.id,
                    variable_identifier=identifier,
                    value=value,
                    expected_version=expects,
                    request_id=request_id,
                ),
            )
            for identifier in islice(cycle(identifiers), CALLS)
        ]

    def _deletion(self, number: int) -> pb.DeleteVariableRequest:
        return pb.DeleteVariableRequest(session_id=self._session.id, variable_identifier=f"name {number}")

    def _amid_sets(self, method: str, request: Callable[[int], Any]) -> list[Race]:
        """Set the variable of each race, and send another request in the call in the middle."""

        def calls(number: int) -> list[Call]:
            sets = self._set([f"name {number}"])
            sets[CALLS // 2] = method, request(number)
            return sets

        return self._rounds(calls)

    def _repeated(self, method: str, request: Callable[[int], Any]) -> list[Race]:
        """Send the same request in all calls of each race."""
        return self._rounds(lambda number: [(method, request(number))] * CALLS)

    def _rounds(self, calls: Callable[[int], Sequence[Call]]) -> list[Race]:
        races: list[Race] = []
        for first in range(0, self._times, ROUND):
            numbers = range(first, min(first + ROUND, self._times))
            races += self._round([calls(number) for number in numbers])
        return races

    def _round(self, races: Sequence[Sequence[Call]]) -> Iterator[Race]:
        running = [[self._connection.start(*call) for call in race] for race in races]
        for futures in running:
            race = Race()
            for future in futures:
                try:
                    race.accepted.append(future.result())
                except grpc.RpcError as error:
                    race.refused.append(from_rpc(error))
            yield race


def rotated(identifiers: Sequence[str], by: int) -> list[str]:
    """Return identifiers in an order that begins with another one for each ``by``."""
    first = by % len(identifiers)
    return [*identifiers[first:], *identifiers[:first]]
