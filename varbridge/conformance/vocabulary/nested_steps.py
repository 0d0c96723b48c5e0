"""How a step says another step."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from behave import given, then, when


def run_step(context: Any, keyword: str, step: str) -> None:
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


def for_any_keyword(phrase: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Define a phrase for Given, When and Then alike; its function is told which of them it is."""

    def define(function: Callable[..., None]) -> Callable[..., None]:
        for keyword, decorate in (("Given", given), ("When", when), ("Then", then)):
            decorate(phrase)(_for(keyword, function))
        return function

    return define


def _for(keyword: str, function: Callable[..., None]) -> Callable[..., None]:
    @wraps(function)
    def step(context: Any, **words: Any) -> None:
        function(context, keyword, **words)

    return step
