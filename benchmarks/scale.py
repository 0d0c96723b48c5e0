"""How much a run measures."""

from __future__ import annotations

import sys
from typing import NamedTuple


class Scale(NamedTuple):
    """Counts of a run.

    Attributes:
        rounds: with processes of their own each.
        blocks: of calls in a round, by each contender in turn.
        calls: of a block.
        watches: numbers of watches that updates are fanned out to.
        variables: to which a session grows.
        sessions: to which a bridge grows.
    """

    rounds: int
    blocks: int
    calls: int
    watches: tuple[int, ...]
    variables: int
    sessions: int

    def progress(self, section: str, number: int) -> None:
        """Say on a terminal how far it is."""
        if sys.stderr.isatty():
            print(f"\r{section}: round {number + 1} of {self.rounds}  ", end="", file=sys.stderr, flush=True)


FULL = Scale(15, 24, 50, (1, 10, 100, 1000), 1_000_000, 10_000)
QUICK = Scale(3, 6, 20, (1, 100), 20_000, 500)
