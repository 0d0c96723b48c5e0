"""What a benchmark finds: a ratio to the floor, round by round, and whether it can be quoted."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

NOISY = 0.075
"""A median that may be off by more than this, as a part of itself, is too noisy to quote."""

GENEROUS = 2.5
"""By what factor a figure may miss its target before a quick run fails: it is never for the weather."""


@dataclass(frozen=True)
class Target:
    """What a figure is to be: at most or at least a number."""

    bound: float
    at_least: bool = False

    def met(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound

    def far_off(self, value: float) -> bool:
        """Whether it is missed by more than the generous factor."""
        return value < self.bound / GENEROUS if self.at_least else value > self.bound * GENEROUS

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}"


@dataclass
class Figure:
    """One number that is quoted.

    Attributes:
        name: what was measured, and against what.
        rounds: the number that each round gave.
        unit: empty for a ratio.
        target: None where there is none.
        context: absolute numbers beside it, by contender and by what they are.
    """

    name: str
    rounds: Sequence[float]
    target: Target | None = None
    unit: str = ""
    context: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)

    @property
    def doubt(self) -> float:
        """By how much the median may be off, as a part of it: the notch of a box plot, 1.57 IQR / sqrt(n).

        McGill, Tukey, Larsen: Variations of box plots. The American Statistician 32 (1978).
        """
        if len(self.rounds) < 4 or not self.median:
            return math.inf if len(self.rounds) > 1 else 0.0
        low, _, high = statistics.quantiles(self.rounds, n=4)
        return 1.57 * (high - low) / math.sqrt(len(self.rounds)) / abs(self.median)

    @property
    def verdict(self) -> str:
        """ "met", "missed", "noisy", or empty where there is no target."""
        if self.target is None:
            return ""
        if self.target.met(self.median):
            return "met"
        return "missed" if self.doubt <= NOISY else "missed, noisy"

    @property
    def quotable(self) -> bool:
        return self.doubt <= NOISY

    def line(self) -> str:
        """A line of the table."""
        spread = f"({min(self.rounds):.4g} to {max(self.rounds):.4g})" if len(self.rounds) > 1 else ""
        target = f"{self.target}: {self.verdict}" if self.target else ""
        noisy = "" if self.quotable else " [too noisy to quote]"
        return f"  {self.name:52} {self.median:8.4g} {self.unit:5} {spread:24} {target}{noisy}"

    def as_json(self) -> dict[str, Any]:
        """The same, for the report."""
        return {
            "name": self.name,
            "median": self.median,
            "min": min(self.rounds),
            "max": max(self.rounds),
            "rounds": [*self.rounds],
            "unit": self.unit,
            "doubt": None if math.isinf(self.doubt) else self.doubt,
            "quotable": self.quotable,
            "target": str(self.target) if self.target else None,
            "verdict": self.verdict,
            "context": {name: {**numbers} for name, numbers in self.context.items()},
        }


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p95 and p99 of times, in ms."""
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return {"p50 ms": cuts[49] * 1000, "p95 ms": cuts[94] * 1000, "p99 ms": cuts[98] * 1000}
