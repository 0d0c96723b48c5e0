"""The Cucumber expressions of phrases, which are compiled only when a text may match them.

Compiling all phrases takes longer than a short run, and comparing each step with each of them as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, cached_property
from typing import Any, ClassVar

from behave.cucumber_expression import CucumberExpression, StepMatcher4CucumberExpressions
from behave.matchers import Match, Matcher, MatchWithError

_VARYING = re.compile(r"\{[^{}]*\}|\([^()]*\)|[^\s{}]*/[^\s{}]*|\\.*")
"""The parts of an expression that differ from the texts that it matches: parameters, optional texts and words
with alternatives, and, to be safe, all that follows an escape."""

_PARAMETER = re.compile(r"\{([^{}]*)\}")


class Expression(StepMatcher4CucumberExpressions):  # type: ignore[misc]  # behave is not typed
    """The expression of a phrase, with its step function."""

    NAME = "lazy_cucumber_expressions"

    def __init__(self, func: Callable[..., Any], pattern: str, step_type: str | None = None) -> None:
        Matcher.__init__(self, func, pattern, step_type=step_type)
        parts = _VARYING.split(pattern)
        self._beginning, self._end = parts[0], parts[-1]
        self._middle = [part for part in parts[1:-1] if part.strip()]
        word, space, _ = self._beginning.partition(" ")
        self.first_word = word if space else None
        """The first word of each text that the expression matches; None if that varies."""
        known = self.TYPE_REGISTRY.parameter_types.lookup_by_type_name
        if not all(map(known, _PARAMETER.findall(pattern))):
            _ = self.cucumber_expression  # which raises the error

    @cached_property
    def cucumber_expression(self) -> Any:
        """The compiled expression."""
        return CucumberExpression(self.pattern, self.TYPE_REGISTRY.parameter_types)

    def fits(self, text: str) -> bool:
        """Return True if the expression matches a text; the values of its parameters may be invalid."""
        return (
            text.startswith(self._beginning)
            and text.endswith(self._end)
            and all(part in text for part in self._middle)
            and self.cucumber_expression.tree_regexp.regexp.match(text) is not None
        )

    def check_match(self, step_text: str) -> Any:
        return super().check_match(step_text) if self.fits(step_text) else None

    def match(self, step_text: str) -> Any:
        try:
            arguments = self.check_match(step_text)
        except Exception as error:  # of a parameter type; the step fails with it
            return MatchWithError(self.func, error)
        return None if arguments is None else _Match(self.func, arguments)

    def matches(self, step_text: str) -> bool:
        return self.pattern == step_text or (self.fits(step_text) and bool(super().matches(step_text)))


class _Match(Match):  # type: ignore[misc]
    """A match of a step, for which the place of its function is found only once."""

    make_location = staticmethod(cache(Match.make_location))


class Definitions:
    """The step definitions of behave's registry, in which texts are found quickly.

    Args:
        registry: behave's registry of step definitions.
    """

    _known: ClassVar[dict[Any, Definitions]] = {}

    def __init__(self, registry: Any) -> None:
        self._registry = registry
        self._count = self._size()
        self._found: dict[tuple[str, str], Expression | None] = {}
        self._candidates: dict[tuple[str, str], list[Expression]] = {}

    @classmethod
    def of(cls, registry: Any) -> Definitions:
        """Return the definitions of a registry: the same object until the registry has other ones."""
        known = cls._known.get(registry)
        if known is None or known._count != known._size():
            known = cls._known[registry] = cls(registry)
        return known

    def find(self, step_type: str, text: str) -> Expression | None:
        """Return the first definition for a step type that fits a text; None if there is none."""
        key = step_type, text
        if key not in self._found:
            candidates = self._starting_with(step_type, text.partition(" ")[0])
            self._found[key] = next((phrase for phrase in candidates if phrase.fits(text)), None)
        return self._found[key]

    def find_match(self, step: Any) -> Any:
        """Return behave's match of a step, with which it runs the step; None if it is not defined."""
        definition = self.find(step.step_type, step.name)
        return definition and definition.match(step.name)

    def _starting_with(self, step_type: str, word: str) -> list[Expression]:
        """Return the definitions whose texts may begin with a word."""
        if (step_type, word) not in self._candidates:
            self._candidates[step_type, word] = [
                phrase
                for phrase in (*self._registry.steps[step_type], *self._registry.steps["step"])
                if phrase.first_word in (None, word)
            ]
        return self._candidates[step_type, word]

    def _size(self) -> int:
        return sum(map(len, self._registry.steps.values()))
