"""The exploration of a bridge by random walks, which goes on after a divergence.

Hypothesis was tried for choosing the actions: it needs a third of the time of a walk, prefers short walks
with few different actions, and its shrinking needs far more walks than leaving out actions does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from varbridge.conformance.model.actions import Walk
from varbridge.conformance.model.branches import Branch
from varbridge.conformance.model.divergence import Divergence, Key
from varbridge.conformance.model.shrinking import DURATION_S, shortest
from varbridge.conformance.model.walks import random_walk

MOST_DIVERGENCES = 80
"""The number of divergences after which a subject is not explored any further."""


EXPLORING_S = 90.0
"""The time after the first divergence in which others of its subject are looked for, in seconds."""

_TRIES = 15
"""The number of times that a slow walk, such as one with restarts, may be taken while it is shortened."""


@dataclass(frozen=True)
class Finding:
    """A divergence, with the shortest walk that shows it.

    Attributes:
        divergence: the divergence.
        walk: the walk.
        again: True if the divergence came again when the walk was taken again.
    """

    divergence: Divergence
    walk: Walk
    again: bool = True


@dataclass
class Exploration:
    """The state of an exploration.

    Attributes:
        excluded: the branches and checks that walks leave out.
        lacking: the methods that the bridge does not have.
        met: the branches that were met.
        walks: the number of walks that were taken.
    """

    excluded: set[Key] = field(default_factory=set)
    lacking: set[str] = field(default_factory=set)
    met: set[Branch] = field(default_factory=set)
    walks: int = 0


def explore(
    take: Callable[[Walk], Divergence | None],
    state: Exploration,
    *,
    subject: str,
    count: int,
    seed: int,
) -> list[Finding]:
    """Take random walks about a subject, and return what diverged.

    After a divergence, the walks go on without the case in which it came.

    Args:
        take: the function that takes a walk and returns its first divergence.
        state: the state, which the exploration changes.
        subject: the subject of the walks.
        count: the number of walks.
        seed: the seed: the same one chooses the same walks.
    """
    findings: list[Finding] = []
    until = 0.0
    for number in range(count):
        walk = random_walk(subject, f"{seed}/{subject}/{number}")
        state.walks += 1
        while (divergence := take(walk)) is not None:
            until = until or time.monotonic() + EXPLORING_S
            findings.append(_finding(walk, divergence, take, findings))
            state.excluded.add(divergence.key)
            if len(findings) >= MOST_DIVERGENCES or time.monotonic() > until:
                return findings
    return findings


def _finding(
    walk: Walk,
    divergence: Divergence,
    take: Callable[[Walk], Divergence | None],
    earlier: Sequence[Finding],
) -> Finding:
    """Take a walk again and shorten it, unless another walk shows already that the statement is broken."""
    if any(finding.divergence.statement == divergence.statement for finding in earlier):
        return Finding(divergence, walk)
    began = time.monotonic()
    again = take(walk)
    took_s = time.monotonic() - began
    if again is None or again.key != divergence.key:
        return Finding(divergence, walk, again=False)
    shorter, again = shortest(walk, again, take, max(DURATION_S, _TRIES * took_s))
    return Finding(again, shorter)
