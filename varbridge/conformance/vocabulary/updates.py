"""Updates of watches in words, and held against the rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description

from varbridge import Update, Variable
from varbridge.conformance.vocabulary.literals import Literal, same, show
from varbridge.errors import MalformedReplyError

KINDS = {
    "initial value": "initial_value",
    "value change": "value_change",
    "registered": "registered",
    "deleted": "deleted",
    "dependency change": "dependency_change",
    "heartbeat": "heartbeat",
}
"""The words of the features for the kinds of updates."""

_PHRASES = {
    "initial value": ("initial value of", ","),
    "registered": ("registration of", " with"),
    "value change": ("value change of", " to"),
    "deleted": ("deletion of", ", which held"),
    "dependency change": ("dependency change of", ", which holds"),
}
"""By those words: what stands before the variable, and before its value."""


class IsUpdate(BaseMatcher[Update]):
    """An update as a row of a table describes it."""

    def __init__(self, row: Mapping[str, str]) -> None:
        self._row = {name: cell for name, cell in row.items() if cell}

    def _matches(self, item: Update) -> bool:
        return all(self._fits(name, cell, item) for name, cell in self._row.items())

    def describe_to(self, description: Description) -> None:
        description.append_text(describe_row(self._row))

    def describe_mismatch(self, item: Update, mismatch_description: Description) -> None:
        mismatch_description.append_text(f"{describe(item)}: {'; '.join(self._differences(item))}")

    def _differences(self, item: Update) -> list[str]:
        """What is different, as clauses of a sentence; what follows from another difference is not told."""
        faults = [name for name, cell in self._row.items() if not self._fits(name, cell, item)]
        found = ["another kind of update"] if "update" in faults else []
        variable = item.variable
        if variable is None:
            return found or ["it comes without its variable"]
        if "variable" in faults:
            if variable.name != self._row["variable"]:
                return [", ".join([*found, "of another variable"])]
            return [*found, f"its variable_id is {item.variable_id!r}, its variable's id {variable.id!r}"]
        return found + [self._difference(name, item) for name in faults if name != "update"]

    def _difference(self, name: str, item: Update) -> str:
        if name != "metadata":
            return _DIFFERENCES[name].format(_READ[name](item), self._row[name])
        wanted, got = Literal(self._row[name]).python(), item.metadata
        return "; ".join(
            f"its metadata has {show(got[key]) if key in got else 'nothing'} as {key}, not {show(value)}"
            for key, value in wanted.items()
            if got.get(key) != value
        )

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
        except MalformedReplyError:
            return False
        return same(Literal(cell).python(), actual, exact=exact)


def is_update(row: Mapping[str, str]) -> IsUpdate:
    """An update as a row of a table describes it."""
    return IsUpdate(row)


def describe(update: Update) -> str:
    """An update in words."""
    words = next((words for words, kind in KINDS.items() if kind == update.kind), f"update {update.kind!r}")
    if update.variable is None:
        return _described(words)
    variable = update.variable
    return _described(words, variable.name, value_of(variable), str(variable.version))


def describe_row(row: Mapping[str, str]) -> str:
    """A row of a table in the same words."""
    told = _described(*(row.get(name, "") for name in ("update", "variable", "value", "version")))
    more = (f", {label} {row[name]}" for name, label in _MORE.items() if row.get(name))
    return told + "".join(more)


def value_of(variable: Variable) -> str:
    """The value of a variable as a feature would write it."""
    return _shown(lambda: variable.value)


def _described(words: str, name: str = "", value: str = "", version: str = "") -> str:
    before, link = _PHRASES.get(words, (f"{words or 'update'} of", " with"))
    text = f"{before} {name!r}" if name else before.removesuffix(" of")
    text += f"{link} {value}" if value else ""
    return text + (f" (version {version})" if version else "")


def _shown(read: Callable[[], Any]) -> str:
    try:
        value = read()
    except MalformedReplyError as error:
        return f"something malformed ({error})"
    return "nothing" if value is None else show(value)


_MORE = {"previous": "previous value", "changed by": "changed by", "metadata": "metadata"}
_DIFFERENCES = {
    "value": "its value is {}, not {}",
    "version": "its version is {}, not {}",
    "previous": "its previous value is {}, not {}",
    "changed by": "it was changed by {!r}, not by {!r}",
}
_READ: dict[str, Callable[[Any], Any]] = {
    "value": lambda item: value_of(item.variable),
    "version": lambda item: item.variable.version,
    "previous": lambda item: _shown(lambda: item.previous),
    "changed by": lambda item: item.source,
}
