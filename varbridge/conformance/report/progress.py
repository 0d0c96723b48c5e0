"""The progress of a run: on a terminal a line that is always current, elsewhere a line for each feature.

On a terminal, a failure is named when it happens; the causes of all failures are printed at the end of the
run, each once.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from behave.formatter.base import Formatter

from varbridge.conformance.paths import shown_path

INTERVAL_S = 0.2
"""The interval at which the line on a terminal is drawn again, in seconds."""

NAMED = 20
"""The maximum number of failures that are named when they happen; the others are counted."""

_FAILED = ("failed", "not reached")
_RED, _PLAIN = "\x1b[31m", "\x1b[0m"
_START, _CLEAR_REST = "\r", "\x1b[K"


class ProgressFormatter(Formatter):  # type: ignore[misc]  # behave is not typed
    """behave's formatter with the number of scenarios that have ended and failed, and those that run."""

    name = "progress"
    description = "The number of scenarios that have ended; the causes of failures follow at the end"

    def __init__(self, stream_opener: Any, config: Any) -> None:
        super().__init__(stream_opener, config)
        self.stream = self.open()
        self._live = self.stream.isatty() and os.environ.get("TERM") != "dumb"
        self._coloured = self._live and "NO_COLOR" not in os.environ and config.color not in ("off", "never")
        self._total = 0
        self._began = time.monotonic()
        self._running: dict[str, None] = {}  # in the order in which they began
        self._outcomes: dict[str, Counter[str]] = {}  # by feature
        self._feature = ""
        self._shown = False  # True while the line is on the terminal
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def expect(self, total: int) -> None:
        """Begin the progress of a run with this number of scenarios."""
        self._total = total
        if self._live:
            self._ticker.start()

    def began(self, scenario: Any) -> None:
        """Consider that a scenario begins."""
        with self._lock:
            self._running[str(scenario.location)] = None

    def ended(self, scenario: Any, outcome: str | None) -> None:
        """Consider that a scenario has ended with this outcome; None if it was not run."""
        with self._lock:
            self._running.pop(str(scenario.location), None)
            if outcome is None:
                return
            self._outcomes.setdefault(scenario.filename, Counter())[outcome] += 1
            if self._live and outcome in _FAILED and self._count(*_FAILED) <= NAMED:
                self.said(self._in_red(f"{outcome}: {scenario.location}: {scenario.name}") + "\n")

    def said(self, text: str) -> None:
        """Print a text, above the line on a terminal."""
        with self._lock:
            self._write((_START + _CLEAR_REST if self._shown else "") + text)
            self._shown = False

    def uri(self, uri: str) -> None:
        self._feature = uri

    def eof(self) -> None:
        """Print the line of a feature whose scenarios have ended, unless this is a terminal."""
        counts = self._outcomes.get(self._feature)
        if counts and not self._live:
            numbers = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
            self.said(f"{shown_path(self._feature)}: {numbers}\n")

    def close(self) -> None:
        self._over.set()
        if self._ticker.is_alive():
            self._ticker.join()
        if count := self._count():
            self.said(f"{count} scenario{'s' * (count != 1)} in {time.monotonic() - self._began:.1f} s\n")
        super().close()

    def _tick(self) -> None:
        while not self._over.wait(INTERVAL_S):
            with self._lock:
                self._shown = True
                line = self._line(shutil.get_terminal_size().columns - 1)
                self._write(f"{_START}{line}{_CLEAR_REST}")

    def _line(self, width: int) -> str:
        """Return the line with at most ``width`` characters."""
        failed = self._count(*_FAILED)
        head = f"{self._count()} of {self._total}, "
        red = f"{failed} failed"
        tail = f", {time.monotonic() - self._began:.0f} s"
        if self._running:
            tail += f": {', '.join(Path(location).name for location in self._running)}"
        text = head + red + tail
        if len(text) > width:
            tail = f"{tail[: max(0, width - len(head) - len(red) - 1)]}…"
        return f"{head}{self._in_red(red) if failed else red}{tail}"

    def _count(self, *outcomes: str) -> int:
        """Return the number of scenarios with these outcomes; without any, of all that have ended."""
        return sum(
            count
            for counts in self._outcomes.values()
            for outcome, count in counts.items()
            if not outcomes or outcome in outcomes
        )

    def _in_red(self, text: str) -> str:
        return f"{_RED}{text}{_PLAIN}" if self._coloured else text

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()
