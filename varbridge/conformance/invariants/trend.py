"""The trend of a figure that is measured repeatedly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

WARM_UP = 0.25
"""The first part of a run, which the trend ignores, since caches and bounded logs fill up in it."""


@dataclass(frozen=True)
class Series:
    """The measurements of a figure over time.

    Attributes:
        name: the name of the figure.
        unit: the unit; empty for a count.
        times: the times of the samples in seconds since the beginning of the run, in ascending order.
        values: the values of the samples.
    """

    name: str
    unit: str
    times: Sequence[float]
    values: Sequence[float]

    @property
    def begun(self) -> int:
        """The number of samples in the warm-up."""
        return sum(time < self.times[-1] * WARM_UP for time in self.times)

    def line(self) -> tuple[float, float]:
        """Return the values of the trend at its beginning, after the warm-up, and at its end.

        The Theil-Sen line: its slope is the median of the slopes between any two values, so that up to 29 %
        of them may be anything without moving it far (Sen, 1968).
        """
        import statistics  # few scenarios measure over time

        times, values = self.times[self.begun :], self.values[self.begun :]
        slope = statistics.median(
            (later - earlier) / (end - start)
            for (start, earlier), (end, later) in combinations(zip(times, values, strict=True), 2)
        )
        level = statistics.median(value - slope * time for time, value in zip(times, values, strict=True))
        return level + slope * times[0], level + slope * times[-1]

    def rise(self) -> float:
        """Return the rise of the trend from its beginning to its end, relative to its beginning."""
        first, last = self.line()
        return (last - first) / first if first else last - first

    def as_json(self, allowed: float | None = None) -> dict[str, Any]:
        """Return the series for ``verdict.json``; ``allowed`` is the rise that the scenario allows."""
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
