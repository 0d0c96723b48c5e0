"""What the contract says of one session, as plain dicts: the judge of random histories.

It imports nothing of the server: what is right in both must have been thought twice.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

State = dict[str, Any]
"""A variable: id, name, type, value, version, metadata, source."""

Update = dict[str, Any]
"""A change: sequence, kind, variable (its state after it), previous, changed_by, metadata."""


class RefusedError(Exception):
    """A refusal, by the names of the gRPC statuses that are right: one for each thing that is wrong.

    ``code`` is the one that this project's server tells.
    """

    def __init__(self, *codes: str) -> None:
        super().__init__(*codes)
        self.codes = {*codes}
        self.code = codes[0]


def refuse(*codes: str | Literal[False]) -> None:
    """Raise ``RefusedError`` where any of ``wrong and "CODE"`` is a code."""
    if given := [code for code in codes if code]:
        raise RefusedError(*given)


@dataclass(eq=False)
class Watch:
    """A watch: the ids that it watches (None for all), and what waits to be taken."""

    ids: set[str | None] | None
    waiting: list[Update] = field(default_factory=list)

    def concerns(self, update: Update) -> bool:
        return self.ids is None or update["variable"]["id"] in self.ids


class Model:
    """A session and its caps. Each method gives what the bridge is to answer, or raises ``RefusedError``."""

    def __init__(
        self, *, variables: int, metadata: int, history: int, log_changes: int, request_ids: int, watches: int
    ) -> None:
        self.caps = {"variables": variables, "metadata": metadata, "watches": watches}
        self.kept = {"history": history, "log": log_changes, "request_ids": request_ids}
        self.variables: dict[str, State] = {}
        self.constraints: dict[str, Mapping[str, Any]] = {}
        self.histories: dict[str, list[Update]] = {}
        self.updates: list[Update] = []
        self.answers: dict[str, int] = {}
        self.watches: list[Watch] = []

    # Reading

    def find(self, identifier: str) -> State | None:
        if identifier in self.variables:
            return self.variables[identifier]
        return next((state for state in self.variables.values() if state["name"] == identifier), None)

    def get(self, identifier: str) -> State:
        found = self.find(identifier)
        if found is None:
            raise RefusedError("NOT_FOUND")
        return found

    def get_many(self, identifiers: Sequence[str]) -> tuple[dict[str, State], list[str]]:
        states = {identifier: self.find(identifier) for identifier in identifiers}
        found = {identifier: state for identifier, state in states.items() if state is not None}
        return found, [identifier for identifier, state in states.items() if state is None]

    def list(self, pattern: str) -> list[State]:
        return [state for state in self.variables.values() if glob(pattern or "*", state["name"])]

    def history(self, identifier: str, limit: int) -> list[Update]:
        refuse(self.find(identifier) is None and "NOT_FOUND", limit < 0 and "INVALID_ARGUMENT")
        newest_first = [
            {**update, "sequence": 0}  # it does not tell of the place in the log
            for update in self.histories[self.get(identifier)["id"]][::-1][: self.kept["history"]]
        ]
        return newest_first[:limit] if limit else newest_first

    # Changing

    def register(
        self,
        new_id: str,
        name: str,
        kind: str,
        value: Any,
        constraints: Mapping[str, Any],
        metadata: Mapping[str, str],
    ) -> State:
        """Create a variable under the id that the bridge is to give it."""
        refuse(
            not fits(kind, value, constraints) and "INVALID_ARGUMENT",
            self._too_much(metadata) and "RESOURCE_EXHAUSTED",
            any(state["name"] == name for state in self.variables.values()) and "ALREADY_EXISTS",
            len(self.variables) >= self.caps["variables"] and "RESOURCE_EXHAUSTED",
        )
        self.constraints[new_id] = constraints
        self.histories[new_id] = []
        state = {"id": new_id, "name": name, "type": kind, "value": kept_as(kind, value), "version": 1}
        state |= {"metadata": {**metadata}, "source": source(metadata)}
        return self._change("registered", state, None, metadata)

    def set(
        self,
        identifier: str,
        value: Any,
        metadata: Mapping[str, str],
        expected_version: int | None = None,
        request_id: str = "",
    ) -> int:
        if request_id in self.answers:
            return self.answers[request_id]
        state = self._planned(self.get(identifier), value, metadata, expected_version)
        version: int = self._set(state, metadata)["version"]
        if request_id:
            self.answers[request_id] = version
            self.answers = dict([*self.answers.items()][-self.kept["request_ids"] :])
        return version

    def set_many(
        self, updates: Mapping[str, Any], metadata: Mapping[str, str], atomic: bool
    ) -> tuple[dict[str, int], set[str]]:
        """The new versions, and the identifiers at fault."""
        named = [state["id"] for state in map(self.find, updates) if state is not None]
        if len(named) != len({*named}):
            raise RefusedError("INVALID_ARGUMENT")
        planned, faults = {}, set()
        for identifier, value in updates.items():
            try:
                planned[identifier] = self._planned(self.get(identifier), value, metadata, None)
            except RefusedError:
                faults.add(identifier)
        if atomic and faults:
            return {}, faults
        return {name: self._set(state, metadata)["version"] for name, state in planned.items()}, faults

    def roll_back(self, identifier: str, version: int, metadata: Mapping[str, str]) -> State:
        old = {
            update["variable"]["version"]: update["variable"]["value"]
            for update in self.history(identifier, 0)
        }
        merged = self.get(identifier)["metadata"] | metadata
        refuse(version not in old and "OUT_OF_RANGE", self._too_much(merged) and "RESOURCE_EXHAUSTED")
        state = self._planned(self.get(identifier), old[version], metadata, None)
        return self._set(state, metadata, f"rollback to version {version}")

    def delete(self, identifier: str, metadata: Mapping[str, str]) -> None:
        state = self.get(identifier)
        refuse(self._too_much(metadata) and "RESOURCE_EXHAUSTED")
        del self.variables[state["id"]]
        self._tell("deleted", state, None, metadata, "client")

    # Watching

    def watch(self, identifiers: Sequence[str], resume_after: int | None = None) -> Watch:
        last = len(self.updates)
        after = last if resume_after is None else resume_after
        kept = self.oldest - 1 <= after <= last
        tail = self.updates[after:] if kept else []
        ids = {identifier: self._named_before(identifier, tail) for identifier in identifiers}
        refuse(
            after < 0 and "INVALID_ARGUMENT",
            after >= 0 and not kept and "OUT_OF_RANGE",
            None in ids.values() and "NOT_FOUND",
            len(self.watches) >= self.caps["watches"] and "RESOURCE_EXHAUSTED",
        )
        watch = Watch({*ids.values()} if ids else None)
        watch.waiting = [update for update in tail if watch.concerns(update)]
        self.watches.append(watch)
        return watch

    def take(self, watch: Watch) -> list[Update]:
        """All that waits; refused where some of it is no longer kept."""
        if watch.waiting and watch.waiting[0]["sequence"] < self.oldest:
            raise RefusedError("OUT_OF_RANGE")
        taken, watch.waiting = watch.waiting, []
        return taken

    @property
    def oldest(self) -> int:
        """The sequence of the oldest change that the log is to keep."""
        return max(1, len(self.updates) - self.kept["log"] + 1)

    # Within

    def _named_before(self, identifier: str, tail: Iterable[Update]) -> str | None:
        """The id of the variable that had an identifier before the tail of the log, or has it now."""
        ids = [*self.variables, *(update["variable"]["id"] for update in tail)]
        if identifier in ids:
            return identifier
        named = [update["variable"] for update in tail if update["variable"]["name"] == identifier]
        found = named[0] if named else self.find(identifier)
        return found and found["id"]

    def _planned(
        self, state: State, value: Any, metadata: Mapping[str, str], expected_version: int | None
    ) -> State:
        merged = {**state["metadata"], **metadata}
        refuse(
            not fits(state["type"], value, self.constraints[state["id"]]) and "INVALID_ARGUMENT",
            expected_version not in (None, state["version"]) and "ABORTED",
            self._too_much(merged) and "RESOURCE_EXHAUSTED",
        )
        value, version = kept_as(state["type"], value), state["version"] + 1
        return {**state, "value": value, "version": version, "metadata": merged, "source": source(metadata)}

    def _set(self, state: State, metadata: Mapping[str, str], changed_by: str = "client") -> State:
        return self._change("value_change", state, self.variables[state["id"]]["value"], metadata, changed_by)

    def _change(
        self, kind: str, state: State, previous: Any, metadata: Mapping[str, str], changed_by: str = "client"
    ) -> State:
        self.variables[state["id"]] = state
        self.histories[state["id"]].append(self._tell(kind, state, previous, metadata, changed_by))
        return state

    def _tell(
        self, kind: str, state: State, previous: Any, metadata: Mapping[str, str], changed_by: str
    ) -> Update:
        update = {
            "sequence": len(self.updates) + 1,
            "kind": kind,
            "variable": state,
            "previous": previous,
            "changed_by": metadata.get("changed_by") or changed_by,
            "metadata": {**metadata},
        }
        self.updates.append(update)
        for watch in self.watches:
            if watch.concerns(update):
                watch.waiting.append(update)
        return update

    def _too_much(self, metadata: Mapping[str, str]) -> bool:
        return len(metadata) > self.caps["metadata"]


def source(metadata: Mapping[str, str]) -> str:
    return "ELIXIR" if metadata.get("source") == "elixir" else "PYTHON"


def fits(kind: str, value: Any, constraints: Mapping[str, Any]) -> bool:
    """Whether a variable may hold a value; for the types that random histories use."""
    if kind in ("float", "integer"):
        low, high = constraints.get("min", -math.inf), constraints.get("max", math.inf)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and low <= value <= high and (kind == "float" or whole(value) is not None)
    if kind == "string":
        return isinstance(value, str) and len(value) <= constraints.get("max_length", math.inf)
    return isinstance(value, bool)


def kept_as(kind: str, value: Any) -> Any:
    """A value in the form that every reader gets."""
    return {"float": float, "integer": whole}.get(kind, lambda given: given)(value)


def whole(value: float) -> int | None:
    """The 64-bit integer that a number is in JSON, where every digit counts; None where it is none."""
    written = Decimal(json.dumps(value))
    return int(written) if written == written.to_integral_value() and -(2**63) <= written < 2**63 else None


def glob(pattern: str, text: str) -> bool:
    """Whether a whole text matches: ``*`` is any number of characters, ``?`` is one."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return glob(pattern[1:], text) or (text != "" and glob(pattern, text[1:]))
    return text != "" and pattern[0] in ("?", text[0]) and glob(pattern[1:], text[1:])
