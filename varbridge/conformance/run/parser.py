"""behave's parser of features, but quicker: every run reads all features, also if it selects one scenario."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

from behave import parser
from behave.model import Step
from behave.parser import ParserError

_ENGLISH_STEP = re.compile(r"(\*|given|when|then|and|but) ", re.IGNORECASE)


def parse(text: str, language: str | None, filename: str, *, steps: bool = True) -> Any:
    """Return behave's model of a feature; None if the text has no feature.

    Args:
        text: the content of the file.
        language: the language of the keywords; None for English.
        filename: the path of the file.
        steps: False if the steps are not needed, only rules, scenarios, tags and tables: most of the time is
            spent on steps. They have a type, a name, a table and a text nevertheless.

    Raises:
        ParserError: the text is not a feature.
    """
    try:
        return (_Parser if steps else _Skimmer)(language).parse(text, filename)
    except ParserError as error:
        error.filename = filename
        raise


class _Parser(parser.Parser):  # type: ignore[misc]  # behave is not typed
    """A parser that knows at once whether a line is a step."""

    def parse_step(self, line: str) -> Any:
        if self.language not in (None, parser.DEFAULT_LANGUAGE):
            return super().parse_step(line)
        match = _ENGLISH_STEP.match(line)
        if match is None:
            return None
        keyword = match[1].capitalize()
        if keyword in ("Given", "When", "Then"):
            self.last_step_type = keyword.lower()
        elif not self.last_step_type:
            return super().parse_step(line)  # the type follows from the Background
        return self.make_step(keyword, line[match.end() :].strip())

    def make_step(self, keyword: str, name: str) -> Any:
        """Return a step of the type of the last one."""
        return _Step(self.filename, self.line, keyword, self.last_step_type, name)


class _Step(Step):  # type: ignore[misc]
    """A step that can be copied quickly, for each row of an outline."""

    def __deepcopy__(self, memo: dict[int, Any]) -> _Step:
        table = deepcopy(self.table, memo)
        return _Step(self.filename, self.line, self.keyword, self.step_type, self.name, self.text, table)


class _Skimmer(_Parser):
    """A parser that makes steps without what only runs need."""

    def make_step(self, keyword: str, name: str) -> Any:
        return _SkimmedStep(self.last_step_type, name)


class _SkimmedStep(Step):  # type: ignore[misc]
    """A step with nothing but what the parser itself and copies need."""

    def __init__(self, step_type: str, name: str) -> None:
        self.step_type = step_type
        self.name = name
        self.text: Any = None
        self.table: Any = None

    def reset(self) -> None:
        """Do nothing: the step never runs."""
