"""The verdict of a run: a word, the sentence that explains it, and an exit code."""

from __future__ import annotations

from dataclasses import dataclass

CONFORMS = "conforms"
IN_PART = "conforms in part"
PARTIAL = "passed (partial run)"
FAILS = "does not conform"
NOT_JUDGED = "not judged"
BROKEN = "broken run"

EXIT_CODES = {CONFORMS: 0, IN_PART: 0, PARTIAL: 0, FAILS: 1, NOT_JUDGED: 2, BROKEN: 3}
"""The exit code of behave for each verdict."""


@dataclass(frozen=True)
class Verdict:
    """The verdict of a run.

    Attributes:
        word: a key of ``EXIT_CODES``.
        sentence: the sentence that explains the verdict.
    """

    word: str
    sentence: str

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.word]

    def __str__(self) -> str:
        return f"{self.word}: {self.sentence}"
