"""The selection of a run: the number of its scenarios, compared with that of a full run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from varbridge.conformance import tags
from varbridge.conformance.run.files import FeatureFiles, feature_paths
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
            others.read(path)
    return [*parsed, *others.features]


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
        for scenario in scenarios([feature]):
            taken = id(feature) in requested and bool(scenario.should_run(config))
            default = not {*tags.LEFT_OUT} & {*scenario.effective_tags}
            chosen += taken
            usual += taken or default
            full = full and (taken or not default)
    criteria = {"tags": config.tags, "names": config.name, "paths": config.paths}
    texts = [f"{name} {', '.join(map(str, values))}" for name, values in criteria.items() if values]
    return Selection(chosen, usual, full, "; ".join(texts))
