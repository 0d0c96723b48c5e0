"""Against the empty green: what must be true of the features, and of a run, before it may say "passed"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from harness import tags


class NotJudged(Exception):
    """A run that would judge nothing, or not what its features seem to say; the message says why."""


def scenarios(features: Iterable[Any]) -> Iterator[Any]:
    """Every scenario that can run, each row of an outline's examples as one."""
    for feature in features:
        yield from feature.walk_scenarios()


def check_features(features: Iterable[Any]) -> None:
    """Refuse features that judge less than they seem to.

    Raises:
        NotJudged: a scenario without a Then, an outline without rows, or a name that stands twice.
        tags.UnknownTag: a tag that is not in the registry.
    """
    for feature in features:
        tags.check(feature.tags, feature.location)
        if not feature.tags:
            raise NotJudged(f"{feature.location}: the feature has no area; tag it @streaming, say")
        for rule in feature.rules:
            tags.check(rule.tags, rule.location)
        for outline in feature.walk_scenarios(with_outlines=True):
            if outline.type == "scenario_outline" and not outline.scenarios:
                raise NotJudged(f"{outline.location}: the outline's examples have no row, so it runs nothing")
        for scenario in feature.walk_scenarios():
            tags.check(scenario.tags, scenario.location)
            if not any(step.step_type == "then" for step in scenario.all_steps):
                raise NotJudged(f"{scenario.location}: {scenario.name!r} has no Then, so it judges nothing")


def check_selection(features: Iterable[Any], config: Any) -> None:
    """Refuse a run that selects no scenario.

    Raises:
        NotJudged: nothing in these features is to run.
    """
    if not any(scenario.should_run(config) for scenario in scenarios(features)):
        expression = config.tag_expression.to_string()
        raise NotJudged(
            f"no scenario matches: tags {expression}, names {config.name or 'any'}, paths {config.paths}"
        )
