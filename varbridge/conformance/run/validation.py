"""The validation of a run before anything is asked of a bridge; ``check`` makes the same checks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from varbridge.conformance.run.mistakes import InvalidRunError, Mistake
from varbridge.conformance.run.step_validation import step_mistakes
from varbridge.conformance.run.structure import repeated_names, structure_mistakes

_SLEEP = re.compile(r"\bsleep\(")


def scenarios(features: Iterable[Any]) -> Iterator[Any]:
    """Yield every scenario that can run, with one for each row of an outline's examples."""
    for feature in features:
        yield from feature.walk_scenarios()


def mistakes_in(
    features: Sequence[Any], others: Sequence[Any], steps: Path, registry: Any, config: Any = None
) -> Iterator[Mistake]:
    """Yield all mistakes in the features of a run and in its steps.

    Args:
        features: the features of the run.
        others: the other features of the project, whose names must differ.
        steps: the folder of the steps.
        registry: behave's registry of step definitions.
        config: behave's configuration; the steps of scenarios that it excludes are not checked.
    """
    yield from structure_mistakes(features)
    yield from repeated_names([*others, *features])
    for scenario in scenarios(features):
        if config is None or scenario.should_run(config):
            yield from step_mistakes(scenario, registry)
    for path in sorted(steps.glob("*.py")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if _SLEEP.search(line):
                yield Mistake(f"{path}:{number}", "the step sleeps; wait for what it expects instead")


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
