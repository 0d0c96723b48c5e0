"""The parameter types of the steps' phrases, which are Cucumber expressions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from signal import Signals
from typing import Any

from behave.cucumber_expression import (
    StepMatcher4CucumberExpressions,
    define_parameter_type_with,
    use_step_matcher_for_cucumber_expressions,
)
from behave.matchers import use_current_step_matcher_as_default

from varbridge.conformance.vocabulary.literals import QUOTED, VALUE, Literal
from varbridge.conformance.vocabulary.options import IDENTIFIER, OPTIONS, Identifier, Options
from varbridge.conformance.vocabulary.statuses import CODES, STATUS


def _name(text: str) -> str:
    return str(json.loads(text)) if text.startswith('"') else "n" * int(text.split()[3])


def _names(text: str) -> list[str]:
    return [json.loads(name) for name in re.findall(QUOTED, text)]


def _people(text: str) -> list[str]:
    return re.split(r", | and ", text)


@dataclass(frozen=True)
class Parameter:
    """A parameter type.

    Attributes:
        expression: the regular expression of its texts.
        type: the Python type of its values.
        convert: the conversion of a text to a value.
        example: texts that it accepts, for the documentation.
    """

    expression: str
    type: type
    convert: Callable[[str], Any]
    example: str


TYPES = {
    "name": Parameter(
        rf"{QUOTED}|a name of \d+ characters",
        str,
        _name,
        '`"temperature"`, with the escapes of JSON; `a name of 257 characters`',
    ),
    "names": Parameter(rf"{QUOTED}(?:(?:, | and ){QUOTED})*", list, _names, '`"a", "b" and "c"`'),
    "variable": Parameter(
        IDENTIFIER,
        Identifier,
        Identifier.parse,
        '`"x"`; `"x", by its id,`; `"x", by its old id,` for the id of its first registration',
    ),
    "variables": Parameter(
        rf"{IDENTIFIER}(?:(?:,? and |, ){IDENTIFIER})*",
        list,
        Identifier.parse_all,
        '`"a", by its id, and "b"`',
    ),
    "batch": Parameter(
        r"(?:non-)?atomic batch",
        bool,
        lambda text: text == "atomic batch",
        "`atomic batch`, `non-atomic batch`",
    ),
    "person": Parameter(r"[A-Z][a-z]+", str, str, "a client or a bridge: `Ada`"),
    "people": Parameter(
        r"[A-Z][a-z]+(?:, [A-Z][a-z]+)* and [A-Z][a-z]+|[A-Z][a-z]+", list, _people, "`Ada, Ben and Cy`"
    ),
    "value": Parameter(
        VALUE, Literal, Literal, '`0.7`, `"gpt-4"`, `NaN`, `float32 array [0.5, 1.5]`, ``the text `[1, 2` ``'
    ),
    "options": Parameter(
        OPTIONS,
        Options,
        Options.parse,
        'nothing, or any of: `, expecting version 3`; `, with the request id "r-1"`;'
        ' `, for the optimizer "tuner"`; `, with the metadata {"reason": "test"}`;'
        ' `, under the constraints {"min": 0}`',
    ),
    "type": Parameter(r"\w+", str, str, "the type of a variable: `float`"),
    "status": Parameter(STATUS, str, str, f"`{'`, `'.join(CODES)}`"),
    "number": Parameter(r"\d+(?:\.\d+)?", float, float, "`2` or `0.5`"),
    "signal": Parameter(r"SIG[A-Z]+", Signals, Signals.__getitem__, "`SIGTERM`"),
    "words": Parameter(r"[a-z]+(?: [a-z]+)*", str, str, "words that the meaning of the phrase lists"),
    "step": Parameter(r".+", str, str, "any step"),
}
"""The parameter types by their names, besides Cucumber's own ``{int}`` and ``{word}``."""


def use() -> None:
    """Define the parameter types, and have behave read all phrases as Cucumber expressions."""
    registry = StepMatcher4CucumberExpressions.TYPE_REGISTRY
    for name, parameter in TYPES.items():
        if registry.has_registered_type(name):
            continue  # the phrases are loaded a second time in this process
        define_parameter_type_with(name, parameter.expression, parameter.type, parameter.convert)
    use_step_matcher_for_cucumber_expressions()
    use_current_step_matcher_as_default()
