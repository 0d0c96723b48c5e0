"""Which scenarios there are, which of them a full run takes, and which this run takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from behave.parser import parse_file

from varbridge.conformance import tags
from varbridge.conformance.run.validation import scenarios

FOLDER = "features"


@dataclass(frozen=True)
class Selection:
    """What a run takes of what there is.

    Attributes:
        chosen: how many scenarios this run selects.
        usual: how many a full run does, and those of this run that it would leave out.
        full: whether all are chosen that are not left out by default.
        described: the slice in words: its tags, names and paths.
    """

    chosen: int
    usual: int
    full: bool
    described: str


def all_features(parsed: Sequence[Any], base: str) -> list[Any]:
    """The features that are parsed already, and those in ``base``'s folder of features that are not."""
    known = {str(Path(feature.filename).resolve()) for feature in parsed}
    paths = sorted((Path(base) / FOLDER).rglob("*.feature"))
    return [*parsed, *(parse_file(str(path)) for path in paths if str(path.resolve()) not in known)]


def select(features: Iterable[Any], parsed: Sequence[Any], config: Any) -> Selection:
    """Count what a run takes.

    Args:
        features: all that there are.
        parsed: those that the run was given.
        config: behave's, narrowed by ``tags.narrow``.
    """
    given = {id(feature) for feature in parsed}
    chosen = usual = 0
    full = True
    for feature in features:
        for scenario in scenarios([feature]):
            taken = id(feature) in given and bool(scenario.should_run(config))
            default = not {*tags.LEFT_OUT} & {*scenario.effective_tags}
            chosen += taken
            usual += taken or default
            full = full and (taken or not default)
    asked = {"tags": config.tags, "names": config.name, "paths": config.paths}
    words = [f"{what} {', '.join(map(str, given))}" for what, given in asked.items() if given]
    return Selection(chosen, usual, full, "; ".join(words))
