"""The mistakes of authors, and the error that lists them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

SHOWN = 20
"""The maximum number of mistakes that are listed."""


class Mistake(NamedTuple):
    """A mistake in a feature or in the code of a step.

    Attributes:
        place: the file, and the line if there is one.
        text: a sentence about what is wrong, and what would be right.
    """

    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


class InvalidRunError(Exception):
    """A run that would test nothing, or less than its features seem to; the message says why."""


def refuse(mistakes: Sequence[Mistake]) -> None:
    """Refuse a run with mistakes in its features.

    Raises:
        InvalidRunError: there is a mistake; the message lists the first ones.
    """
    lines = [str(mistake) for mistake in dict.fromkeys(mistakes)]
    if len(lines) == 1:
        raise InvalidRunError(lines[0])
    if lines:
        more = [f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
        listed = "".join(f"\n  {line}" for line in (*lines[:SHOWN], *more))
        raise InvalidRunError(f"{len(lines)} mistakes were found before the first scenario:{listed}")
