"""A simple model of one session, built of dicts, that says what the contract requires.

Tests with random histories compare the bridge with it. The model imports nothing from the server, so that a
mistake in one of the two is not in the other.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

State = dict[str, Any]
"""The state of a variable: id, name, type, value, version, metadata, source."""

Update = dict[str, Any]
"""The record of a change: sequence, kind, variable (its new state), previous, changed_by, metadata."""


class RefusedError(Exception):
    """A refusal, with the names of the gRPC statuses that are correct: one for each fault of the request.

    ``code`` is the status that the reference bridge answers.
    """

    def __init__(self, *codes: str) -> None:
        super().__init__(*codes)
        self.codes = {*codes}
        self.code = codes[0]


def refuse(*codes: str | Literal[False]) -> None:
    """Raise ``RefusedError`` if any argument, written as ``is_wrong and "CODE"``, is a code."""
    if faults := [code for code in codes if code]:
        raise RefusedError(*faults)


@dataclass(eq=False)
class Watch:
    """A watch: the ids of its variables (None for all), and the updates that are not yet received."""

    ids: set[str | None] | None
    waiting: list[Update] = field(default_factory=list)

    def concerns(self, update: Update) -> bool:
        return self.ids is None or update["variable"]["id"] in self.ids


class Model:
    """A session with its caps. Each method returns the correct answer or raises ``RefusedError``."""

    def __init__(
        self, *, variables: int, metadata: int, history: int, log_changes: int, request_ids: int, watches: int
    ) -> None:
        self.caps = {"variables": variables, "metadata": metadata, "watches": watches}
        self.retained = {"history": history, "log": log_changes, "request_ids": request_ids}
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
        state = self.find(identifier)
        if state is None:
            raise RefusedError("NOT_FOUND")
        return state

    def get_many(self, identifiers: Sequence[str]) -> tuple[dict[str, State], list[str]]:
        states = {identifier: self.find(identifier) for identifier in identifiers}
        existing = {identifier: state for identifier, state in states.items() if state is not None}
        return existing, [identifier for identifier, state in states.items() if state is None]

    def list(self, pattern: str) -> list[State]:
        return [state for state in self.variables.values() if glob(pattern or "*", state["name"])]

    def history(self, identifier: str, limit: int) -> list[Update]:
        refuse(self.find(identifier) is None and "NOT_FOUND", limit < 0 and "INVALID_ARGUMENT")
        newest_first = [
            {**update, "sequence": 0}  # entries of a history have no sequence
            for update in self.histories[self.get(identifier)["id"]][::-1][: self.retained["history"]]
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
        """Create a variable with the id that the bridge has given it."""
        refuse(
            not fits(kind, value, constraints) and "INVALID_ARGUMENT",
            self._over_cap(metadata) and "RESOURCE_EXHAUSTED",
            any(state["name"] == name for state in self.variables.values()) and "ALREADY_EXISTS",
            len(self.variables) >= self.caps["variables"] and "RESOURCE_EXHAUSTED",
        )
        self.constraints[new_id] = constraints
        self.histories[new_id] = []
        state = {"id": new_id, "name": name, "type": kind, "value": normalized(kind, value), "version": 1}
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
            self.answers = dict([*self.answers.items()][-self.retained["request_ids"] :])
        return version

    def set_many(
        self, updates: Mapping[str, Any], metadata: Mapping[str, str], atomic: bool
    ) -> tuple[dict[str, int], set[str]]:
        """Return the new versions and the identifiers at fault."""
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
        refuse(version not in old and "OUT_OF_RANGE", self._over_cap(merged) and "RESOURCE_EXHAUSTED")
        state = self._planned(self.get(identifier), old[version], metadata, None)
        return self._set(state, metadata, f"rollback to version {version}")

    def delete(self, identifier: str, metadata: Mapping[str, str]) -> None:
        state = self.get(identifier)
        refuse(self._over_cap(metadata) and "RESOURCE_EXHAUSTED")
        del self.variables[state["id"]]
        self._log("deleted", state, None, metadata, "client")

    # Watching

    def watch(self, identifiers: Sequence[str], resume_after: int | None = None) -> Watch:
        last = len(self.updates)
        after = last if resume_after is None else resume_after
        resumable = self.oldest - 1 <= after <= last
        tail = self.updates[after:] if resumable else []
        ids = {identifier: self._named_before(identifier, tail) for identifier in identifiers}
        refuse(
            after < 0 and "INVALID_ARGUMENT",
            after >= 0 and not resumable and "OUT_OF_RANGE",
            None in ids.values() and "NOT_FOUND",
            len(self.watches) >= self.caps["watches"] and "RESOURCE_EXHAUSTED",
        )
        watch = Watch({*ids.values()} if ids else None)
        watch.waiting = [update for update in tail if watch.concerns(update)]
        self.watches.append(watch)
        return watch

    def take(self, watch: Watch) -> list[Update]:
        """Return the waiting updates, or refuse if some of them are no longer retained."""
        if watch.waiting and watch.waiting[0]["sequence"] < self.oldest:
            raise RefusedError("OUT_OF_RANGE")
        taken, watch.waiting = watch.waiting, []
        return taken

    @property
    def oldest(self) -> int:
        """The sequence of the oldest change that the log retains."""
        return max(1, len(self.updates) - self.retained["log"] + 1)

    # Internal methods

    def _named_before(self, identifier: str, tail: Iterable[Update]) -> str | None:
        """Return the id of the variable that had an identifier before the tail of the log, or has it now."""
        ids = [*self.variables, *(update["variable"]["id"] for update in tail)]
        if identifier in ids:
            return identifier
        named = [update["variable"] for update in tail if update["variable"]["name"] == identifier]
        state = named[0] if named else self.find(identifier)
        return state and state["id"]

    def _planned(
        self, state: State, value: Any, metadata: Mapping[str, str], expected_version: int | None
    ) -> State:
        merged = {**state["metadata"], **metadata}
        refuse(
            not fits(state["type"], value, self.constraints[state["id"]]) and "INVALID_ARGUMENT",
            expected_version not in (None, state["version"]) and "ABORTED",
            self._over_cap(merged) and "RESOURCE_EXHAUSTED",
        )
        value, version = normalized(state["type"], value), state["version"] + 1
        return {**state, "value": value, "version": version, "metadata": merged, "source": source(metadata)}

    def _set(self, state: State, metadata: Mapping[str, str], changed_by: str = "client") -> State:
        return self._change("value_change", state, self.variables[state["id"]]["value"], metadata, changed_by)

    def _change(
        self, kind: str, state: State, previous: Any, metadata: Mapping[str, str], changed_by: str = "client"
    ) -> State:
        self.variables[state["id"]] = state
        self.histories[state["id"]].append(self._log(kind, state, previous, metadata, changed_by))
        return state

    def _log(
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

    def _over_cap(self, metadata: Mapping[str, str]) -> bool:
        return len(metadata) > self.caps["metadata"]


def source(metadata: Mapping[str, str]) -> str:
    return "ELIXIR" if metadata.get("source") == "elixir" else "PYTHON"


def fits(kind: str, value: Any, constraints: Mapping[str, Any]) -> bool:
    """Return True if a variable may have a value; only for the types that random histories use."""
    if kind in ("float", "integer"):
        low, high = constraints.get("min", -math.inf), constraints.get("max", math.inf)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and low <= value <= high and (kind == "float" or whole(value) is not None)
    if kind == "string":
        return isinstance(value, str) and len(value) <= constraints.get("max_length", math.inf)
    return isinstance(value, bool)


def normalized(kind: str, value: Any) -> Any:
    """Return a value in the form in which it is read."""
    return {"float": float, "integer": whole}.get(kind, lambda unchanged: unchanged)(value)


def whole(value: float) -> int | None:
    """Return the 64-bit integer that a number is, judged by its digits in JSON, or None if it is not one."""
    written = Decimal(json.dumps(value))
    return int(written) if written == written.to_integral_value() and -(2**63) <= written < 2**63 else None


def glob(pattern: str, text: str) -> bool:
    """Return True if the whole text matches: ``*`` stands for any characters, ``?`` for one."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return glob(pattern[1:], text) or (text != "" and glob(pattern, text[1:]))
    return text != "" and pattern[0] in ("?", text[0]) and glob(pattern[1:], text[1:])
