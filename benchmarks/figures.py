"""The figures of a benchmark: their values in each round, targets, and uncertainty."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

NOISY = 0.075
"""The relative uncertainty above which a median is too noisy to quote."""

GENEROUS = 2.5
"""The factor by which a figure may miss its target before a quick run fails; noise never exceeds it."""


@dataclass(frozen=True)
class Target:
    """The target of a figure: an upper bound, or a lower one if ``at_least`` is True."""

    bound: float
    at_least: bool = False

    def met(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound

    def far_off(self, value: float) -> bool:
        """Return True if a value misses the target by more than the factor ``GENEROUS``."""
        return value < self.bound / GENEROUS if self.at_least else value > self.bound * GENEROUS

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}"


@dataclass
class Figure:
    """A measured number of a report.

    Attributes:
        name: the measured quantity, and the systems that are compared.
        rounds: the value of each round.
        target: the target; None if there is none.
        unit: the unit; empty for a ratio.
        context: the absolute numbers of each system, such as "p50 ms", by system and by name.
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
        """The relative uncertainty of the median: the notch of a box plot, 1.57 IQR / sqrt(n).

        McGill, Tukey, Larsen: Variations of box plots. The American Statistician 32 (1978).
        """
        if len(self.rounds) < 4 or not self.median:
            return math.inf if len(self.rounds) > 1 else 0.0
        low, _, high = statistics.quantiles(self.rounds, n=4)
        return 1.57 * (high - low) / math.sqrt(len(self.rounds)) / abs(self.median)

    @property
    def verdict(self) -> str:
        """The verdict "met", "missed" or "missed, noisy"; empty if there is no target."""
        if self.target is None:
            return ""
        if self.target.met(self.median):
            return "met"
        return "missed" if self.doubt <= NOISY else "missed, noisy"

    @property
    def quotable(self) -> bool:
        return self.doubt <= NOISY

    def line(self) -> str:
        """Return the line of the figure in the printed table."""
        spread = f"({min(self.rounds):.4g} to {max(self.rounds):.4g})" if len(self.rounds) > 1 else ""
        target = f"{self.target}: {self.verdict}" if self.target else ""
        noisy = "" if self.quotable else " [too noisy to quote]"
        return f"  {self.name:52} {self.median:8.4g} {self.unit:5} {spread:24} {target}{noisy}"

    def as_json(self) -> dict[str, Any]:
        """Return the content of the figure in the JSON report."""
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
    """Return the p50, p95 and p99 of durations, in ms."""
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return {"p50 ms": cuts[49] * 1000, "p95 ms": cuts[94] * 1000, "p99 ms": cuts[98] * 1000}
