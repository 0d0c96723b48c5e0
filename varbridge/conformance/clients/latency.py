"""The latency of calls of one client, on a machine that may have other work."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

WARM_UP = 10
"""The number of calls before the first measured one."""

ROUNDS = 10
"""The maximum number of rounds of calls, of which the fastest counts."""


class Latency(NamedTuple):
    """The latency of the fastest round of calls, in milliseconds, and the number of rounds."""

    average_ms: float
    p95_ms: float
    rounds: int

    def __str__(self) -> str:
        best = f", in the best of {self.rounds} rounds" if self.rounds > 1 else ""
        return f"average {self.average_ms:.2f} ms, P95 {self.p95_ms:.2f} ms{best}"


def measured_latency(count: int, limit_ms: float, call: Callable[[int], object]) -> Latency:
    """Make calls in rounds until the average of a round is under a limit; return that of the fastest round.

    Other load on the machine slows some of the rounds, and a slow bridge slows all of them.

    Args:
        count: the number of calls in a round.
        limit_ms: the limit of their average, in milliseconds.
        call: the function that makes a call; it gets the number of the call in its round.
    """
    for number in range(WARM_UP):
        call(number)
    rounds: list[tuple[float, float]] = []
    while len(rounds) < ROUNDS and (not rounds or rounds[-1][0] >= limit_ms):
        times = []
        for number in range(count):
            began = time.perf_counter()
            call(number)
            times.append((time.perf_counter() - began) * 1000)
        rounds.append((statistics.mean(times), statistics.quantiles(times, n=20)[-1]))
    return Latency(*min(rounds), len(rounds))
