"""The scale of a run: how much it measures."""

from __future__ import annotations

import sys
from typing import NamedTuple


class Scale(NamedTuple):
    """The scale of a run.

    Attributes:
        rounds: the number of rounds, each of which starts new processes.
        blocks: the number of blocks of calls in a round, by each system in turn.
        calls: the number of calls in a block.
        watches: the numbers of watches with which the fan-out is measured.
        variables: the number of variables to which a session grows.
        sessions: the number of sessions to which a bridge grows.
    """

    rounds: int
    blocks: int
    calls: int
    watches: tuple[int, ...]
    variables: int
    sessions: int

    def progress(self, section: str, number: int) -> None:
        """Print the section and the round on stderr if it is a terminal."""
        if sys.stderr.isatty():
            print(f"\r{section}: round {number + 1} of {self.rounds}  ", end="", file=sys.stderr, flush=True)


FULL = Scale(15, 24, 50, (1, 10, 100, 1000), 1_000_000, 10_000)
QUICK = Scale(3, 6, 20, (1, 100), 20_000, 500)
