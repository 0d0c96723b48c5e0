"""How a step says another step."""

from __future__ import annotations

from typing import Any


def say(context: Any, keyword: str, step: str) -> None:
    """Run a step within another one, with the table that the other one has.

    Args:
        context: behave's.
        keyword: Given, When or Then.
        step: its words.
    """
    table = ""
    if context.table is not None:
        rows = [context.table.headings, *(row.cells for row in context.table.rows)]
        table = "".join("\n|" + "|".join(cell.replace("|", "\\|") for cell in row) + "|" for row in rows)
    context.execute_steps(f"{keyword} {step}{table}")
