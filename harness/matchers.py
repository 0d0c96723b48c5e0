"""Matchers whose mismatch reads as a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sized
from itertools import islice
from typing import cast

import grpc
from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description

from client import BridgeError, Update, Variable
from client.errors import MalformedReply
from harness.literals import Literal, same, show
from harness.outcome import REASONS

KINDS = {
    "initial value": "initial_value",
    "value change": "value_change",
    "registered": "registered",
    "deleted": "deleted",
    "dependency change": "dependency_change",
    "heartbeat": "heartbeat",
}
"""The words of the features for the kinds of updates."""


class Holds(BaseMatcher[Variable]):
    """A variable with this value at this version."""

    def __init__(self, value: Literal, version: int) -> None:
        self._value = value
        self._version = version

    def _matches(self, item: Variable) -> bool:
        try:
            actual = item.value
        except MalformedReply:
            return False
        expected = self._value.python()
        # What counts of a float is its number: 1 and 1.0 are the same JSON number.
        exact = item.type != "float"
        return same(expected, actual, exact=exact) and item.version == self._version

    def describe_to(self, description: Description) -> None:
        description.append_text(f"{self._value} at version {self._version}")

    def describe_mismatch(self, item: Variable, mismatch_description: Description) -> None:
        mismatch_description.append_text(f"{item.name!r} held {_value_of(item)} at version {item.version}")


class Refused(BaseMatcher[BridgeError | None]):
    """A refusal with this status and these words."""

    def __init__(self, reason: str, phrase: str | None) -> None:
        self._reason = reason
        self._code = REASONS[reason]
        self._phrase = phrase

    def _matches(self, item: object) -> bool:
        return (
            isinstance(item, BridgeError)
            and item.code is self._code
            and (self._phrase is None or self._phrase in item.message)
        )

    def describe_to(self, description: Description) -> None:
        description.append_text(f"a refusal as {self._reason} ({self._code.name})")
        if self._phrase is not None:
            description.append_text(f" that says {self._phrase!r}")

    def describe_mismatch(self, item: object, mismatch_description: Description) -> None:
        if item is None:
            mismatch_description.append_text("it was accepted")
        elif isinstance(item, BridgeError) and item.code is grpc.StatusCode.DEADLINE_EXCEEDED:
            mismatch_description.append_text("no answer came in time")
        else:
            mismatch_description.append_text(f"it was refused otherwise: {item}")


class IsUpdate(BaseMatcher[Update]):
    """An update as a row of a table describes it."""

    def __init__(self, row: dict[str, str]) -> None:
        self._row = row

    def _matches(self, item: Update) -> bool:
        return not self._faults(item)

    def describe_to(self, description: Description) -> None:
        description.append_text(", ".join(f"{name} {cell}" for name, cell in self._row.items() if cell))

    def describe_mismatch(self, item: Update, mismatch_description: Description) -> None:
        mismatch_description.append_text(f"{describe(item)}; at fault: {', '.join(self._faults(item))}")

    def _faults(self, item: Update) -> list[str]:
        return [name for name, cell in self._row.items() if cell and not self._fits(name, cell, item)]

    def _fits(self, name: str, cell: str, item: Update) -> bool:
        variable = item.variable
        if name == "update":
            return item.kind == KINDS[cell]
        if variable is None:
            return False
        if name == "variable":
            return variable.name == cell and item.variable_id == variable.id
        if name == "version":
            return variable.version == int(cell)
        if name == "changed by":
            return item.source == cell
        if name == "metadata":
            expected = Literal(cell).python()
            return all(item.metadata.get(key) == value for key, value in expected.items())
        exact = variable.type != "float"
        try:
            actual = {"value": lambda: variable.value, "previous": lambda: item.previous}[name]()
        except MalformedReply:
            return False
        return same(Literal(cell).python(), actual, exact=exact)


class NoFaults(BaseMatcher[Sized]):
    """A collection of faults without any; the first of them are shown."""

    _SHOWN = 3

    def _matches(self, item: Sized) -> bool:
        return not len(item)

    def describe_to(self, description: Description) -> None:
        description.append_text("none")

    def describe_mismatch(self, item: Sized, mismatch_description: Description) -> None:
        shown = [*islice(cast("Iterable[object]", item), self._SHOWN)]
        words = "; ".join(one if isinstance(one, str) else repr(one) for one in shown)
        more = f"; and {len(item) - len(shown)} more" if len(item) > len(shown) else ""
        mismatch_description.append_text(f"{words}{more}")


def describe(update: Update) -> str:
    """An update in words."""
    words = next((words for words, kind in KINDS.items() if kind == update.kind), repr(update.kind))
    if update.variable is None:
        return words
    variable = update.variable
    return f"{words} of {variable.name!r} to {_value_of(variable)} (version {variable.version})"


def holds(value: Literal, version: int) -> Holds:
    """A variable with this value at this version."""
    return Holds(value, version)


def is_refusal(reason: str, phrase: str | None = None) -> Refused:
    """A refusal with this status and these words."""
    return Refused(reason, phrase)


def is_update(row: dict[str, str]) -> IsUpdate:
    """An update as a row of a table describes it."""
    return IsUpdate(row)


def no_faults() -> NoFaults:
    """A collection of faults without any."""
    return NoFaults()


def _value_of(variable: Variable) -> str:
    try:
        return show(variable.value)
    except MalformedReply as error:
        return f"something malformed ({error})"
