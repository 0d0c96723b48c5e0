"""The validation of the features and of a run: it refuses runs that would pass without testing anything."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Any

from varbridge.conformance import tags
from varbridge.conformance.vocabulary.phrases import chain, is_action


class InvalidRunError(Exception):
    """A run that would test nothing, or less than its features seem to; the message says why."""


def scenarios(features: Iterable[Any]) -> Iterator[Any]:
    """Yield every scenario that can run, with one for each row of an outline's examples."""
    for feature in features:
        yield from feature.walk_scenarios()


def check_features(features: Iterable[Any]) -> None:
    """Refuse features that test less than they seem to.

    Raises:
        InvalidRunError: a scenario has no Then, an outline has no rows, or a step lacks its table.
        tags.UnknownTagError: a tag is not in the registry.
    """
    for feature in features:
        tags.check(feature.tags, feature.location)
        if not feature.tags:
            raise InvalidRunError(
                f"{feature.location}: the feature has no tag of an area, such as @streaming"
            )
        for rule in feature.rules:
            tags.check(rule.tags, rule.location)
        for outline in feature.walk_scenarios(with_outlines=True):
            if outline.type == "scenario_outline" and not outline.scenarios:
                raise InvalidRunError(
                    f"{outline.location}: the outline's examples have no rows, so nothing would run"
                )
        for scenario in feature.walk_scenarios():
            tags.check(scenario.tags, scenario.location)
            if not any(step.step_type == "then" for step in scenario.all_steps):
                raise InvalidRunError(
                    f"{scenario.location}: {scenario.name!r} has no Then step, so it would test nothing"
                )
            for step in scenario.all_steps:
                _check_table(step)


def check_selection(features: Iterable[Any], config: Any) -> None:
    """Refuse a run that selects no scenario.

    Raises:
        InvalidRunError: no scenario of these features is selected.
    """
    if not any(scenario.should_run(config) for scenario in scenarios(features)):
        expression = config.tag_expression.to_string()
        raise InvalidRunError(
            f"no scenario matches: tags {expression}, names {config.name or 'any'}, paths {config.paths}"
        )


def check_steps(features: Iterable[Any], config: Any, registry: Any) -> None:
    """Refuse a run with an undefined step, or with a Then that checks nothing.

    Raises:
        InvalidRunError: a selected scenario has such a step; the message names it.
    """
    for scenario in scenarios(features):
        if not scenario.should_run(config):
            continue
        for step in scenario.all_steps:
            if mistake := mistake_in(step, registry):
                raise InvalidRunError(f"{step.location}: {mistake}")


def mistake_in(step: Any, registry: Any) -> str:
    """Return a sentence if a step, or one inside it, is undefined or a Then without a check; else ""."""
    for text, definition in chain(registry, step):
        if definition is None:
            return f"no step is defined for {step.step_type.capitalize()} {text!r}.{nearest(text, registry)}"
        if step.step_type == "then" and is_action(definition):
            return f"{text!r} is an action and checks nothing: a Then needs a check"
    return ""


def nearest(phrase: str, registry: Any) -> str:
    """Return a sentence with the phrases that are most similar to a text, or with "none"."""
    known = {step.pattern for steps in registry.steps.values() for step in steps}
    alike = difflib.get_close_matches(phrase, known, n=3, cutoff=0.5)
    words = "; ".join(alike) or "none"
    return f" The most similar: {words}. behave --steps-catalog lists all."


def _check_table(step: Any) -> None:
    has_table = step.table is not None or step.text is not None
    if step.name.endswith(":") and not has_table:
        raise InvalidRunError(f"{step.location}: {step.name!r} ends with a colon, but no table follows it")
    if has_table and not step.name.endswith(":"):
        raise InvalidRunError(
            f"{step.location}: nothing reads the table after {step.name!r}, which does not end with a colon"
        )
    if step.table is not None and not step.table.rows:
        raise InvalidRunError(f"{step.location}: the table after {step.name!r} has no rows")
