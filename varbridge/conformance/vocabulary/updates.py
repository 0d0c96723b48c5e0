"""The description of updates, and a matcher that compares them with the rows of a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description

from varbridge import Update, Variable
from varbridge.conformance.vocabulary.cells import in_words
from varbridge.conformance.vocabulary.encoding import read_previous, read_value
from varbridge.conformance.vocabulary.literals import same, show
from varbridge.conformance.vocabulary.tables import Row
from varbridge.errors import MalformedReplyError

KINDS = {
    "initial value": "initial_value",
    "value change": "value_change",
    "registered": "registered",
    "deleted": "deleted",
    "dependency change": "dependency_change",
    "heartbeat": "heartbeat",
}
"""The kinds of updates by their names in the features."""

_PHRASES = {
    "initial value": ("initial value of", ","),
    "registered": ("registration of", " with"),
    "value change": ("value change of", " to"),
    "deleted": ("deletion of", ", which held"),
    "dependency change": ("dependency change of", ", which holds"),
}
"""The texts before the variable and before its value in a description, by the name of the kind."""


class IsUpdate(BaseMatcher[Update]):
    """A matcher of an update as a row of a table describes it."""

    def __init__(self, row: Row) -> None:
        self._row = row

    def _matches(self, item: Update) -> bool:
        return all(self._fits(name, cell, item) for name, cell in self._row.items())

    def describe_to(self, description: Description) -> None:
        description.append_text(describe_row(self._row))

    def describe_mismatch(self, item: Update, mismatch_description: Description) -> None:
        mismatch_description.append_text(f"{describe(item)}: {'; '.join(self._differences(item))}")

    def _differences(self, item: Update) -> list[str]:
        """Return the differences as clauses of a sentence, without those that follow from others."""
        faults = [name for name, cell in self._row.items() if not self._fits(name, cell, item)]
        differences = ["another kind of update"] if "update" in faults else []
        variable = item.variable
        if variable is None:
            return differences or ["it comes without its variable"]
        if "variable" in faults:
            if variable.name != self._row["variable"]:
                return [", ".join([*differences, "of another variable"])]
            return [
                *differences,
                f"its variable_id is {item.variable_id!r}, its variable's id {variable.id!r}",
            ]
        return differences + [self._difference(name, item) for name in faults if name != "update"]

    def _difference(self, name: str, item: Update) -> str:
        if name != "metadata":
            return _DIFFERENCES[name].format(_READ[name](item), self._row[name])
        wanted, got = self._row[name], item.metadata
        return "; ".join(
            f"its metadata has {show(got[key]) if key in got else 'nothing'} as {key}, not {show(value)}"
            for key, value in wanted.items()
            if got.get(key) != value
        )

    def _fits(self, name: str, cell: Any, item: Update) -> bool:
        variable = item.variable
        if name == "update":
            return item.kind == KINDS[cell]
        if variable is None:
            return False
        if name == "variable":
            return variable.name == cell and item.variable_id == variable.id
        if name == "version":
            return bool(variable.version == cell)
        if name == "changed by":
            return bool(item.source == cell)
        if name == "metadata":
            return all(item.metadata.get(key) == value for key, value in cell.items())
        exact = variable.type != "float"
        try:
            actual = {"value": lambda: read_value(variable), "previous": lambda: read_previous(item)}[name]()
        except MalformedReplyError:
            return False
        return same(cell.python(), actual, exact=exact)


def is_update(row: Row) -> IsUpdate:
    """Return a matcher of an update as a row of a table describes it."""
    return IsUpdate(row)


def describe(update: Update) -> str:
    """Return a description of an update: its kind, and the variable with value and version."""
    name = next((name for name, kind in KINDS.items() if kind == update.kind), f"update {update.kind!r}")
    if update.variable is None:
        return _describe(name)
    variable = update.variable
    return _describe(name, variable.name, value_of(variable), str(variable.version))


def describe_row(row: Row) -> str:
    """Return a description of a table's row, in the same form as that of an update."""
    cells = {name: in_words(value) for name, value in row.items()}
    text = _describe(*(cells.get(name, "") for name in ("update", "variable", "value", "version")))
    more = (f", {label} {cells[name]}" for name, label in _MORE.items() if name in cells)
    return text + "".join(more)


def value_of(variable: Variable) -> str:
    """Return the value of a variable as a feature would write it."""
    return _shown(lambda: read_value(variable))


def _describe(kind: str, name: str = "", value: str = "", version: str = "") -> str:
    before, link = _PHRASES.get(kind, (f"{kind or 'update'} of", " with"))
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
    "previous": lambda item: _shown(lambda: read_previous(item)),
    "changed by": lambda item: item.source,
}
