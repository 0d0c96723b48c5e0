"""The scenarios that a profile declares to fail: which they are, and which no longer do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from varbridge.conformance.run.validation import InvalidRunError


class KnownFailures:
    """What is known to fail, by scenario.

    Args:
        declared: the reason by "features/x.feature: Scenario" or "Feature / Scenario". The name of an outline
            stands for all its rows.
        features: all that there are, also those that this run leaves out.

    Raises:
        InvalidRunError: one of them names no scenario.
    """

    def __init__(self, declared: Mapping[str, str], features: Iterable[Any]) -> None:
        self._declared = declared
        self._names: dict[int, str] = {}
        found = set()
        for feature in features if declared else ():
            for scenario in feature.walk_scenarios():
                for name in _names_of(feature, scenario):
                    if name in declared:
                        self._names[id(scenario)] = name
                        found.add(name)
        if strangers := sorted(declared.keys() - found):
            raise InvalidRunError(
                f"the profile knows {strangers[0]!r} to fail, but there is no such scenario; it is named as"
                ' "features/folder/file.feature: Scenario" or "Feature / Scenario"'
            )

    def name(self, scenario: Any) -> str:
        """The declaration that a scenario stands under; empty where there is none."""
        return self._names.get(id(scenario), "")

    def reason(self, scenario: Any) -> str:
        """Why it is known to fail; empty where that is not declared."""
        return self._declared.get(self.name(scenario), "")


def _names_of(feature: Any, scenario: Any) -> set[str]:
    path = Path(feature.filename)
    where = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    outline = scenario.name.partition(" -- @")[0]
    return {
        f"{place}{name}"
        for place in (f"{where.as_posix()}: ", f"{feature.name} / ")
        for name in (scenario.name, outline)
    }
