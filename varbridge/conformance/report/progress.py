"""The progress of a run on the terminal: a character for each scenario, and no text of failures.

The causes are printed at the end of the run, each once.
"""

from __future__ import annotations

from typing import Any

from behave.formatter.base import Formatter
from behave.model_type import Status

ROW = 72
"""The number of characters in a row."""

_CHARACTERS = {Status.passed: ".", Status.skipped: "s", Status.untested: "s"}


class ProgressFormatter(Formatter):  # type: ignore[misc]  # behave is not typed
    """behave's formatter with a character per scenario: ``.`` passed, ``F`` failed, ``s`` skipped."""

    name = "scenarios"
    description = "A character for each scenario; the causes of failures follow at the end"

    def __init__(self, stream_opener: Any, config: Any) -> None:
        super().__init__(stream_opener, config)
        self.stream = self.open()
        self._scenario: Any = None
        self._done = 0

    def scenario(self, scenario: Any) -> None:
        """Print the character of the scenario before: its outcome is known once the next one begins."""
        self._print()
        self._scenario = scenario

    def eof(self) -> None:
        self._print()

    def close(self) -> None:
        if self._done % ROW:
            self.stream.write("\n")
        super().close()

    def _print(self) -> None:
        scenario, self._scenario = self._scenario, None
        if scenario is None or (scenario.status is Status.skipped and not scenario.skip_reason):
            return  # not selected
        self._done += 1
        end = f" {self._done}\n" if self._done % ROW == 0 else ""
        self.stream.write(_CHARACTERS.get(scenario.status, "F") + end)
        self.stream.flush()
