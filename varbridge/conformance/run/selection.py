"""The selection of a run: the number of its scenarios, compared with that of a full run."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from varbridge.conformance import tags
from varbridge.conformance.run.files import FeatureFiles, feature_paths
from varbridge.conformance.run.mistakes import InvalidRunError
from varbridge.conformance.run.structure import written_scenarios
from varbridge.conformance.run.validation import scenarios

FOLDER = "features"


@dataclass(frozen=True)
class Selection:
    """The selection of a run.

    Attributes:
        chosen: the number of scenarios that this run selects.
        usual: the number of scenarios in a full run, plus those of this run that a full run excludes.
        full: True if this run selects all scenarios that are not excluded by default.
        described: the tags, names and paths that were requested, as a text.
    """

    chosen: int
    usual: int
    full: bool
    described: str


NOTHING = Selection(0, 0, False, "")
"""The selection of a run that ended before its scenarios were known."""


def check_paths(paths: Iterable[str]) -> None:
    """Refuse paths of features that do not exist, and lines beyond the end of a file.

    Raises:
        InvalidRunError: a file or folder is missing, and the message names a similar one; or a line is.
    """
    for text in paths:
        location = text.removeprefix("@")
        line = re.search(r":(\d+)$", location)
        path = Path(location[: line.start()] if line else location)
        if path.exists():
            if line and path.is_file() and int(line[1]) > (last := len(path.read_bytes().splitlines())):
                raise InvalidRunError(f"{path} has {last} lines, and no scenario at line {line[1]}")
            continue
        kind = "file" if path.suffix else "folder"
        names = {f"{entry}/" if entry.is_dir() else str(entry): entry.name for entry in _siblings(path)}
        alike = difflib.get_close_matches(path.name, names.values(), n=1)
        shown = [name for name, last in names.items() if last in alike][:1]
        raise InvalidRunError(
            f"there is no {kind} {path}" + "".join(f"; did you mean {name}?" for name in shown)
        )


def _siblings(path: Path) -> list[Path]:
    """Return the entries of the folder in which a path would be; empty if there is no such folder."""
    return sorted(path.parent.iterdir()) if path.parent.is_dir() else []


def all_features(parsed: Sequence[Any], base: str, others: FeatureFiles) -> list[Any]:
    """Return the features that are parsed already, and the other ones in ``base``'s folder of features.

    Args:
        parsed: the features that are parsed already.
        base: the folder of the project.
        others: the files in which the other features are recorded.
    """
    known = {Path(feature.filename).resolve() for feature in parsed}
    for path in feature_paths(Path(base) / FOLDER):
        if path.resolve() not in known:
            others.read(path, steps=False)
    return [*parsed, *others.features]


def basics_first(features: Iterable[Any]) -> list[Any]:
    """Return features in the order of the areas, so that a run begins with what all others rest on."""
    order = {area: place for place, area in enumerate(tags.AREAS)}
    return sorted(features, key=lambda feature: min(order.get(tag, len(order)) for tag in feature.tags))


def select(features: Iterable[Any], parsed: Sequence[Any], config: Any) -> Selection:
    """Count the scenarios that a run selects.

    Args:
        features: all features.
        parsed: the features that the run was started with.
        config: behave's configuration, narrowed by ``tags.narrow``.
    """
    requested = {id(feature) for feature in parsed}
    chosen = usual = 0
    full = True
    for feature in features:
        if id(feature) not in requested:
            others = sum(map(_usual_scenarios, written_scenarios(feature)))
            usual += others
            full = full and not others
            continue
        for scenario in scenarios([feature]):
            taken = bool(scenario.should_run(config))
            default = _is_usual(scenario.effective_tags)
            chosen += taken
            usual += taken or default
            full = full and (taken or not default)
    criteria = {"tags": config.tags, "names": config.name, "paths": config.paths}
    texts = [f"{name} {', '.join(map(str, values))}" for name, values in criteria.items() if values]
    return Selection(chosen, usual, full, "; ".join(texts))


def _is_usual(effective_tags: Iterable[str]) -> bool:
    """Return True if a full run includes scenarios with these tags."""
    return {*tags.LEFT_OUT}.isdisjoint(effective_tags)


def _usual_scenarios(written: Any) -> int:
    """Return the number of scenarios in a full run that a scenario or an outline stands for."""
    if written.type != "scenario_outline":
        return int(_is_usual(written.effective_tags))
    if any("<" in tag for examples in (written, *written.examples) for tag in examples.tags):
        return sum(_is_usual(scenario.effective_tags) for scenario in written.scenarios)
    return sum(
        len(examples.table.rows)
        for examples in written.examples
        if examples.table is not None and _is_usual({*written.effective_tags, *examples.tags})
    )
