"""The validation of the steps of a scenario: phrases, values, tables, and what needs an earlier step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from varbridge.conformance.run.mistakes import Mistake
from varbridge.conformance.scenario.prerequisites import Facts, arguments_of, session_within
from varbridge.conformance.vocabulary.parameter_types import TYPES
from varbridge.conformance.vocabulary.phrases import chain, is_action
from varbridge.conformance.vocabulary.tables import table_of


def step_mistakes(scenario: Any, registry: Any) -> Iterator[Mistake]:
    """Yield the mistakes in the steps of a scenario."""
    facts: Facts | None = Facts()
    for step in scenario.all_steps:
        validation = _StepValidation(step, registry)
        mistakes = validation.mistakes()
        if not mistakes and facts is not None:
            mistakes = validation.lacks(facts)
        if mistakes:
            facts = None  # what later steps lack may only follow from this mistake
        yield from (_placed(scenario, step, fault) for fault in mistakes)


class _Fault(NamedTuple):
    """A mistake in a step.

    Attributes:
        line: the line of the step, or of a row of its table.
        text: the sentence about it.
        in_words: True if the words of the phrase are wrong, whatever the values are.
    """

    line: int
    text: str
    in_words: bool = False


def _placed(scenario: Any, step: Any, fault: _Fault) -> Mistake:
    """Return a mistake at its line, or at the row of the Examples that brings it into the step."""
    line, text, in_words = fault
    outline = scenario.parent if getattr(scenario.parent, "type", "") == "scenario_outline" else None
    original = next((s.name for s in outline.steps if s.line == step.line), "") if outline else ""
    if "<" in original and in_words:
        return Mistake(f"{step.filename}:{line}", text.replace(repr(step.name), repr(original)))
    if "<" in original:
        return Mistake(
            f"{step.filename}:{scenario.line}", f"with this row, in the step of line {line}: {text}"
        )
    return Mistake(f"{step.filename}:{line}", text)


class _StepValidation:
    """The validation of one step, and of the steps inside it.

    Args:
        step: behave's step.
        registry: behave's registry of step definitions.
    """

    def __init__(self, step: Any, registry: Any) -> None:
        self._step = step
        self._registry = registry
        self._parts: list[tuple[str, Any, tuple[Any, ...], Any]] = []

    def mistakes(self) -> list[_Fault]:
        """Return the mistakes in the phrase, the values and the table."""
        step = self._step
        for text, definition in chain(self._registry, step):
            if definition is None:
                from varbridge.conformance.vocabulary.nearest import explain  # needed only for a mistake

                return [_Fault(step.line, *explain(text, step.step_type, self._registry))]
            if step.step_type == "then" and is_action(definition):
                return [_Fault(step.line, f"{text!r} is an action and checks nothing: a Then needs a check")]
            values: list[Any] = []
            for argument in definition.cucumber_expression.match(text):
                try:
                    values.append(argument.value)
                except (ValueError, KeyError, OverflowError) as error:
                    name = argument.parameter_type.name
                    right = f", such as {TYPES[name].example}" if name in TYPES else ""
                    part = argument.group.value
                    return [_Fault(step.line, f"in {text!r}, {part!r} is not a {{{name}}}{right}: {error}")]
            self._parts.append((text, definition, tuple(values), None))
        return self._table_mistakes()

    def _table_mistakes(self) -> list[_Fault]:
        step = self._step
        text, definition, values, _ = self._parts[-1]
        declared = table_of(definition)
        if step.text is not None:
            return [_Fault(step.line, f"no step reads a text in quotes, as after {text!r}")]
        if text.endswith(":") and step.table is None:
            return [_Fault(step.line, f"{text!r} ends with a colon, but no table follows it")]
        if step.table is None:
            return []
        if not text.endswith(":"):
            return [
                _Fault(step.line, f"nothing reads the table after {text!r}, which does not end with a colon")
            ]
        if not step.table.rows:
            return [_Fault(step.line, f"the table after {text!r} has no rows")]
        if declared is None:
            return []
        mistakes = [_Fault(*mistake) for mistake in declared.mistakes(step.table, values)]
        if not mistakes:
            rows = declared.rows(step.table, values)
            self._parts[-1] = (text, definition, values, rows[0] if declared.single else rows)
        return mistakes

    def lacks(self, facts: Facts) -> list[_Fault]:
        """Return a sentence if the step needs an earlier one; record what it provides for later ones."""
        session = ""
        arguments = []
        for text, definition, values, rows in self._parts:
            arguments.append(arguments_of(definition.func, values, rows, session))
            if (fact := facts.missing(definition.func, arguments[-1])) is not None:
                return [_Fault(self._step.line, f"{text!r} needs an earlier step, such as: {fact.step}")]
            session = session_within(definition.func, arguments[-1])
        for (_, definition, _, _), named in zip(reversed(self._parts), reversed(arguments), strict=True):
            facts.add(definition.func, named)
        return []
