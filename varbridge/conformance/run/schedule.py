"""The schedule of a run: its scenarios in parts, which jobs take one after another, the longest first."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from varbridge.conformance.report.record import ScenarioRecord
from varbridge.conformance.run.shared_restart import group_of

FILE = "durations.json"
"""The name of the file with the durations of the last runs, in the folder of the reports."""

PER_CORE = 2
"""The number of jobs per core by default: scenarios often wait."""

LONG_S = 0.5
"""The duration from which a scenario is a part of its own, in seconds."""

JOB_S = 1.0
"""The duration of scenarios for which another job, with another bridge, is worth its start, in seconds."""

_USUAL_S, _OWN_PROCESS_S = 0.01, 0.3
"""The durations that are assumed of a scenario that has not run before, in seconds."""

_EXCLUSIVE = {"performance", "soak"}
"""The tags of scenarios that measure, and therefore run while no other scenario runs."""

_IN_TURN = "requires_etcd"
"""The tag of scenarios that run one after another, since each of them uses the run's only cluster of etcd."""


@dataclass(frozen=True)
class Part:
    """A part of a run, whose scenarios one job runs one after another.

    Attributes:
        numbers: the numbers of the scenarios, in the order of the run.
        seconds: their expected duration, in seconds.
        exclusive: True if no other scenario may run at the same time.
    """

    numbers: Sequence[int]
    seconds: float
    exclusive: bool = False


class Schedule:
    """The parts of a run.

    Args:
        scenarios: the selected scenarios, in the order of the run.
        durations: the durations of earlier runs, in seconds, by ``key``.
    """

    def __init__(self, scenarios: Sequence[Any], durations: Mapping[str, float]) -> None:
        self.scenarios = scenarios
        self._seconds = [
            durations.get(key(scenario.filename, scenario.name)) or _assumed(scenario)
            for scenario in scenarios
        ]
        self.parts = sorted(self._parts(), key=lambda part: (part.exclusive, -part.seconds))

    def jobs(self, requested: int) -> int:
        """Return the number of jobs; if ``requested`` is 0, as many as the cores and the run are worth."""
        worth = min(PER_CORE * _cores(), math.ceil(sum(self._seconds) / JOB_S))
        return max(1, min(requested or worth, len(self.parts)))

    def _parts(self) -> Iterator[Part]:
        numbers = range(len(self.scenarios))
        groups: dict[Hashable, list[int]] = {}
        for number in numbers:
            scenario = self.scenarios[number]
            group = _IN_TURN if _IN_TURN in scenario.effective_tags else group_of(scenario)
            groups.setdefault(group, []).append(number)
        others = groups.pop(None, [])
        yield from map(self._part, groups.values())
        for _, feature in groupby(others, lambda number: str(self.scenarios[number].filename)):
            short = []
            for number in feature:
                exclusive = bool(_EXCLUSIVE & {*self.scenarios[number].effective_tags})
                if exclusive or self._seconds[number] >= LONG_S:
                    yield self._part([number], exclusive)
                else:
                    short.append(number)
            if short:
                yield self._part(short)

    def _part(self, numbers: Sequence[int], exclusive: bool = False) -> Part:
        return Part(numbers, sum(self._seconds[number] for number in numbers), exclusive)


def _cores() -> int:
    """Return the number of cores that this process may use, where the system knows it; else, of all."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def key(path: str, name: str) -> str:
    """Return the key of a scenario in a file, which stays the same when lines are added above it."""
    return f"{Path(path).name}: {name}"


def _assumed(scenario: Any) -> float:
    return _OWN_PROCESS_S if "requires_process" in scenario.effective_tags else _USUAL_S


def read_durations(folder: Path) -> dict[str, float]:
    """Return the durations of earlier runs, in seconds, by ``key``; empty if there are none."""
    with suppress(OSError, ValueError, TypeError, AttributeError):
        return {name: float(seconds) for name, seconds in json.loads((folder / FILE).read_text()).items()}
    return {}


def durations_text(earlier: Mapping[str, float], records: Iterable[ScenarioRecord]) -> str:
    """Return the content of the file: the durations of earlier runs, with those of this run."""
    latest = {key(record.path, record.scenario): record.seconds for record in records}
    return json.dumps({**earlier, **latest}, ensure_ascii=False, indent=0)
