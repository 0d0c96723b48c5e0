"""The tables of one row in steps."""

from __future__ import annotations

import json
from typing import Any


def values_of(table: Any) -> dict[str, Any]:
    """Return the cells of a table's only row, each parsed as a JSON value, by heading."""
    (row,) = table.rows
    return {name: json.loads(row[name]) for name in table.headings}
