"""Whether a figure that was taken again and again has a trend."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

WARM_UP = 0.25
"""The part of a run that is no part of the trend: what is kept up to a limit is filled then."""


@dataclass(frozen=True)
class Series:
    """A figure over time.

    Attributes:
        name: what it is of.
        unit: empty for a count.
        times: seconds since the beginning, growing.
        values: one for each of them.
    """

    name: str
    unit: str
    times: Sequence[float]
    values: Sequence[float]

    @property
    def begun(self) -> int:
        """How many of the values belong to the warm-up."""
        return sum(time < self.times[-1] * WARM_UP for time in self.times)

    def line(self) -> tuple[float, float]:
        """Where the trend begins after the warm-up, and where it ends.

        The Theil-Sen line: its slope is the median of the slopes between any two values, so that up to 29 %
        of them may be anything without moving it far (Sen, 1968).
        """
        times, values = self.times[self.begun :], self.values[self.begun :]
        slope = statistics.median(
            (later - earlier) / (end - start)
            for (start, earlier), (end, later) in combinations(zip(times, values, strict=True), 2)
        )
        level = statistics.median(value - slope * time for time, value in zip(times, values, strict=True))
        return level + slope * times[0], level + slope * times[-1]

    def rise(self) -> float:
        """By how much the trend rises from its beginning to its end, as a part of its beginning."""
        first, last = self.line()
        return (last - first) / first if first else last - first

    def as_json(self, allowed: float | None = None) -> dict[str, Any]:
        """As ``verdict.json`` has it; ``allowed`` is the rise that the scenario allows."""
        first, last = self.line()
        return {
            "name": self.name,
            "unit": self.unit,
            "times": [round(time, 1) for time in self.times],
            "values": [round(value, 4) for value in self.values],
            "from": round(self.times[self.begun], 1),
            "trend": [round(first, 4), round(last, 4)],
            "allowed": allowed,
        }
