"""The tables of steps: the columns of each, for the validation, the steps and the documents."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

from varbridge.conformance.vocabulary.cells import Cell

Row = dict[str, Any]
"""The parsed cells of a row by heading, without empty cells."""

Columns = Mapping[str, Cell]
Function = Callable[..., Any]


class TableError(ValueError):
    """A table that its step cannot read; the message names the cell, and what would be right."""


@dataclass(frozen=True)
class Table:
    """The description of the table that follows a step.

    Attributes:
        columns: the cells of each column by heading, or a function that returns them for the values of the
            step's parameters.
        single: True if the table has one row.
    """

    columns: Columns | Callable[..., Columns]
    single: bool = False

    def columns_for(self, arguments: tuple[Any, ...]) -> Columns:
        """Return the columns for the values of the step's parameters."""
        return self.columns(*arguments) if callable(self.columns) else self.columns

    def mistakes(self, table: Any, arguments: tuple[Any, ...]) -> Iterator[tuple[int, str]]:
        """Yield the line and a sentence for each mistake in a table of behave."""
        columns = self.columns_for(arguments)
        names = list(table.headings)
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield table.line, f"the table has the column {name!r} twice"
        for name in names:
            if name not in columns:
                yield table.line, f"no step reads the column {name!r}; {_known(name, columns)}"
        if absent := [name for name, cell in columns.items() if not cell.optional and name not in names]:
            yield table.line, f"the table lacks the column {absent[0]!r}; {_known(absent[0], columns)}"
        if not any(name in columns for name in names):
            return
        if self.single and len(table.rows) > 1:
            yield table.rows[1].line, f"the table has {len(table.rows)} rows, but only one is read"
        for row in table.rows:
            for name, text in zip(names, row.cells, strict=True):
                if name in columns and (mistake := columns[name].mistake(text)):
                    yield row.line, f"the cell {text!r} in the column {name!r} {mistake}"

    def rows(self, table: Any, arguments: tuple[Any, ...]) -> list[Row]:
        """Return the parsed rows of a table of behave.

        Raises:
            TableError: the table has a mistake.
        """
        for _, mistake in self.mistakes(table, arguments):
            raise TableError(mistake)
        columns = self.columns_for(arguments)
        return [
            {name: columns[name].parse(row[name]) for name in table.headings if row[name]}
            for row in table.rows
        ]


def table(
    columns: Columns | Callable[..., Columns], *, single: bool = False
) -> Callable[[Function], Function]:
    """Declare the table of a step; the step function gets its parsed rows, or the only row, as last argument.

    Args:
        columns: the cells of each column by heading, or a function that returns them for the values of the
            step's parameters.
        single: True if the table has one row.
    """
    declared = Table(columns, single)

    def define(function: Function) -> Function:
        @wraps(function)
        def run(context: Any, *arguments: Any) -> Any:
            rows = declared.rows(context.table, arguments)
            return function(context, *arguments, rows[0] if single else rows)

        run.table = declared  # type: ignore[attr-defined]
        return run

    return define


def table_of(definition: Any) -> Table | None:
    """Return the table that the phrase of a step definition declares; None if it has none."""
    declared: Table | None = getattr(definition.func, "table", None)
    return declared


def optional(cell: Cell) -> Cell:
    """Return the same kind of cell for a column that may be absent."""
    return replace(cell, optional=True)


def _known(name: str, columns: Columns) -> str:
    if not columns:
        return "it has no columns"
    listed = ", ".join(
        f"{known!r} (optional)" if cell.optional else repr(known) for known, cell in columns.items()
    )
    alike = difflib.get_close_matches(name, [*columns], n=1)
    hint = f"did you mean {alike[0]!r}? " if alike and alike[0] != name else ""
    return f"{hint}The columns are {listed}" if hint else f"the columns are {listed}"
