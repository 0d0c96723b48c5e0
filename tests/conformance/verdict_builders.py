"""What the tests of verdicts and profiles begin with."""

from __future__ import annotations

from collections.abc import Callable

from tests.conformance.project import Project

Make = Callable[..., Project]


def example(*steps: str, name: str = "One more", tags: str = "") -> str:
    lines = "".join(f"      {step}\n" for step in steps)
    return f"\n    {tags}\n    Example: {name}\n{lines}"
