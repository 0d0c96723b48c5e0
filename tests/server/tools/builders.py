"""Builders for the tests of tools: a tool with parameters of several types."""

from __future__ import annotations

from typing import Any

from varbridge.decorator import tool


@tool
async def train(rate: float, steps: int, name: str = "run", dry: bool = False, extra: Any = None) -> None:
    """Train a model.

    It takes a while.
    """
