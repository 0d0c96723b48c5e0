"""The structure of features: tags, names, Thens and the Examples of outlines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from varbridge.conformance import tags
from varbridge.conformance.clauses import clause_of, clauses_of, statements_of
from varbridge.conformance.run.mistakes import Mistake

_PLACEHOLDER = re.compile(r"<([^<>\n]+)>")


def structure_mistakes(features: Iterable[Any]) -> Iterator[Mistake]:
    """Yield the mistakes in features that test less than they seem to; unfinished scenarios may lack more."""
    for feature in features:
        yield from _unknown_tags(feature)
        unfinished = tags.WIP in feature.tags
        if not unfinished and not {*feature.tags} & {*tags.AREAS}:
            yield Mistake(str(feature.location), "the feature has no tag of an area, such as @streaming")
        for rule in feature.rules:
            unknown = [*_unknown_tags(rule)]
            yield from unknown
            if (
                not unknown
                and not clauses_of(rule.tags)
                and not all(map(is_unfinished, rule.walk_scenarios()))
            ):
                yield Mistake(
                    str(rule.location),
                    f"the rule {rule.name!r} has no tag of a clause that it proves, such as @W3",
                )
            yield from _statements_of_others(rule)
        for scenario in written_scenarios(feature):
            yield from _unknown_tags(scenario)
            if scenario.type == "scenario_outline":
                yield from _outline_mistakes(scenario)
        for scenario in feature.walk_scenarios():
            yield from _then_mistakes(scenario)


def repeated_names(features: Iterable[Any]) -> Iterator[Mistake]:
    """Yield a mistake for each rule and each scenario whose name occurs elsewhere."""
    rules: dict[str, str] = {}
    scenarios: dict[str, str] = {}
    for feature in features:
        yield from _repeated("rule", feature.rules, rules)
        named = (scenario for scenario in written_scenarios(feature) if not is_unfinished(scenario))
        yield from _repeated("scenario", named, scenarios)


def written_scenarios(container: Any) -> Iterator[Any]:
    """Yield the scenarios and the outlines of a feature or a rule, as its file has them.

    behave makes the scenarios of an outline when they are needed, which takes longer than reading the file.
    """
    for item in container.run_items:
        if item.type == "rule":
            yield from written_scenarios(item)
        else:
            yield item


def is_unfinished(scenario: Any) -> bool:
    """Return True if a scenario has the tag of unfinished ones, @wip."""
    return tags.WIP in scenario.effective_tags


def _repeated(kind: str, elements: Any, places: dict[str, str]) -> Iterator[Mistake]:
    for element in elements:
        if element.name in places:
            place = places[element.name]
            yield Mistake(str(element.location), f"another {kind} has the name {element.name!r}: {place}")
        places.setdefault(element.name, str(element.location))


def _unknown_tags(element: Any) -> Iterator[Mistake]:
    try:
        tags.check(element.tags, str(element.location))
    except tags.UnknownTagError as error:
        yield Mistake(str(element.location), str(error).removeprefix(f"{element.location}: "))


def _statements_of_others(rule: Any) -> Iterator[Mistake]:
    """Yield a mistake for each statement of a clause whose tag neither the rule nor the scenario has."""
    for element in (rule, *written_scenarios(rule)):
        clauses = {*clauses_of(rule.tags), *clauses_of(element.tags)}
        for statement in statements_of(element.tags):
            if clause_of(statement) not in clauses:
                yield Mistake(
                    str(element.location),
                    f"the tag @{statement} is of clause {clause_of(statement)}, which its rule does not have:"
                    f" give the rule the tag @{clause_of(statement)}, or use a statement of its own clauses",
                )


def _then_mistakes(scenario: Any) -> Iterator[Mistake]:
    if any(step.step_type == "then" for step in scenario.steps):
        return
    in_background = any(step.step_type == "then" for step in scenario.all_steps)
    where = "has no Then step of its own, only one in the Background" if in_background else "has no Then step"
    yield Mistake(str(scenario.location), f"{scenario.name!r} {where}, so it would test nothing")


def _outline_mistakes(outline: Any) -> Iterator[Mistake]:
    if not outline.examples:
        yield Mistake(
            str(outline.location), "the outline has no Examples, so it has no rows and nothing would run"
        )
    used = {*_PLACEHOLDER.findall("\n".join(_texts(outline)))}
    for examples in outline.examples:
        place = f"{outline.filename}:{examples.line}"
        if examples.table is None or not examples.table.rows:
            yield Mistake(place, "the Examples have no rows, so nothing would run")
        if examples.table is None:
            continue
        headings = list(examples.table.headings)
        for heading in sorted({heading for heading in headings if headings.count(heading) > 1}):
            yield Mistake(place, f"the Examples have the column {heading!r} twice")
        for heading in headings:
            if heading not in used:
                yield Mistake(place, f"nothing in the outline uses the column {heading!r} as <{heading}>")
        for name in sorted(used - {*headings}):
            if "." not in name:  # behave's own, such as <examples.name>
                known = ", ".join(headings)
                yield Mistake(place, f"the Examples lack a column for <{name}>; their columns are: {known}")


def _texts(outline: Any) -> Iterator[str]:
    yield outline.name
    yield from outline.tags
    for step in outline.all_steps:
        yield step.name
        yield step.text or ""
        if step.table is not None:
            yield from step.table.headings
            for row in step.table.rows:
                yield from row.cells
