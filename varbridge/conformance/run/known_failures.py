"""The expected failures: the scenarios that a profile declares as known to fail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from varbridge.conformance.paths import shown_path
from varbridge.conformance.run.mistakes import InvalidRunError


class KnownFailures:
    """The expected failures of a bridge, by scenario.

    Args:
        declared: the reasons, by "features/x.feature: Scenario" or "Feature / Scenario". The name of an
            outline stands for all its rows, and * for any text.
        features: all features, including those that this run does not select.

    Raises:
        InvalidRunError: a declaration names no scenario.
    """

    def __init__(self, declared: Mapping[str, str], features: Iterable[Any]) -> None:
        self._declared = declared
        self._names: dict[int, str] = {}
        matched = set()
        for feature in features if declared else ():
            for scenario in feature.walk_scenarios():
                names = _names_of(feature, scenario)
                for pattern in declared:
                    if pattern in names or any(fnmatchcase(name, _escaped(pattern)) for name in names):
                        self._names[id(scenario)] = pattern
                        matched.add(pattern)
        if unmatched := sorted(declared.keys() - matched):
            raise InvalidRunError(
                f"the profile declares {unmatched[0]!r} as known to fail, but there is no such scenario;"
                ' write "features/folder/file.feature: Scenario" or "Feature / Scenario"'
            )

    def name(self, scenario: Any) -> str:
        """Return the name by which the profile declares a scenario as known to fail; empty if it is not."""
        return self._names.get(id(scenario), "")

    def reason(self, scenario: Any) -> str:
        """Return the reason why a scenario is known to fail; empty if that is not declared."""
        return self._declared.get(self.name(scenario), "")


def _escaped(pattern: str) -> str:
    """Return a pattern of fnmatch in which only * is special."""
    return pattern.replace("[", "[[]").replace("?", "[?]")


def _names_of(feature: Any, scenario: Any) -> set[str]:
    shown = shown_path(feature.filename)
    outline = scenario.name.partition(" -- @")[0]
    return {
        f"{place}{name}"
        for place in (f"{shown}: ", f"{feature.name} / ")
        for name in (scenario.name, outline)
    }
