"""The parameter types of the steps' phrases, which are Cucumber expressions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from signal import Signals
from typing import Any

from behave.cucumber_expression import define_parameter_type_with, use_step_matcher_for_cucumber_expressions
from behave.matchers import use_current_step_matcher_as_default

from varbridge.conformance.vocabulary import literals, options, statuses
from varbridge.conformance.vocabulary.literals import QUOTED, Literal
from varbridge.conformance.vocabulary.options import Identifier, Options


def _name(text: str) -> str:
    return str(json.loads(text)) if text.startswith('"') else "n" * int(text.split()[3])


def _names(text: str) -> list[str]:
    return [json.loads(name) for name in re.findall(QUOTED, text)]


def _people(text: str) -> list[str]:
    return re.split(r", | and ", text)


TYPES: dict[str, tuple[str, type, Callable[[str], Any]]] = {
    # A name in double quotes, with JSON's escapes: "temperature"; or a long one: a name of 257 characters.
    "name": (rf"{QUOTED}|a name of \d+ characters", str, _name),
    # Several names: "a", "b" and "c".
    "names": (rf"{QUOTED}(?:(?:, | and ){QUOTED})*", list, _names),
    # A variable by its name, or by its id: "temperature", by its id,
    "variable": (options.IDENTIFIER, Identifier, Identifier.parse),
    # Several variables by their names or their ids: "a", by its id, and "b".
    "variables": (
        rf"{options.IDENTIFIER}(?:(?:,? and |, ){options.IDENTIFIER})*",
        list,
        options.Identifier.parse_all,
    ),
    # An atomic batch or a non-atomic batch; true for an atomic one.
    "batch": (r"(?:non-)?atomic batch", bool, lambda text: text == "atomic batch"),
    # A client or a bridge by its name, and several of them: Ada, Ben and Cy.
    "person": (r"[A-Z][a-z]+", str, str),
    "people": (r"[A-Z][a-z]+(?:, [A-Z][a-z]+)* and [A-Z][a-z]+|[A-Z][a-z]+", list, _people),
    # A value, as varbridge/conformance/vocabulary/literals.py describes it.
    "value": (literals.VALUE, Literal, Literal),
    # The options of a change: , expecting version 3, with the metadata {"reason": "test"}
    "options": (options.OPTIONS, Options, Options.parse),
    # The type of a variable: float.
    "type": (r"\w+", str, str),
    # The status of a refusal: as invalid, with ABORTED.
    "status": (statuses.STATUS, str, str),
    # A number of seconds and the like: 2 or 0.5.
    "number": (r"\d+(?:\.\d+)?", float, float),
    # A signal of the operating system: SIGTERM.
    "signal": (r"SIG[A-Z]+", Signals, Signals.__getitem__),
    # Words that the phrase lists in its description.
    "words": (r"[a-z]+(?: [a-z]+)*", str, str),
    # The rest of the line.
    "step": (r".+", str, str),
}
"""The regular expression, the Python type and the conversion of each parameter type by its name."""


def use() -> None:
    """Define the parameter types, and have behave read all phrases as Cucumber expressions."""
    for name, (expression, python_type, convert) in TYPES.items():
        define_parameter_type_with(name, expression, python_type, convert)
    use_step_matcher_for_cucumber_expressions()
    use_current_step_matcher_as_default()
