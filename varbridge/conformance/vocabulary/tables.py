"""The tables of one row in steps."""

from __future__ import annotations

import json
from typing import Any


def row_of(table: Any) -> dict[str, str]:
    """Return the cells of a table's only row, by heading."""
    (row,) = table.rows
    return {name: row[name] for name in table.headings}


def values_of(table: Any) -> dict[str, Any]:
    """Return the cells of a table's only row, each parsed as a JSON value, by heading."""
    return {name: json.loads(cell) for name, cell in row_of(table).items()}
