"""Rounds of contenders in turn, and what came of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """The times of one contender, in seconds, a round each."""

    name: str
    times: Sequence[float]

    @property
    def median(self) -> float:
        return statistics.median(self.times)

    def __str__(self) -> str:
        shown = (f"{time * 1000:10.2f}" for time in (self.median, min(self.times), max(self.times)))
        return f"{self.name:24}{''.join(shown)}"


def run(contenders: Mapping[str, Callable[[], object]], rounds: int) -> list[Result]:
    """Run each contender once a round, after a round that does not count."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, contender in contenders.items():
            started = time.perf_counter()
            contender()
            if number:
                times[name].append(time.perf_counter() - started)
    return [Result(name, taken) for name, taken in times.items()]


def ratios(slow: Result, fast: Result) -> list[float]:
    """How many times as long the one took as the other, round by round."""
    return [a / b for a, b in zip(slow.times, fast.times, strict=True)]
