"""The parameter types of the steps' phrases, which are Cucumber expressions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from signal import Signals
from typing import Any

from behave.cucumber_expression import define_parameter_type_with, use_step_matcher_for_cucumber_expressions
from behave.matchers import use_current_step_matcher_as_default

from varbridge.conformance.vocabulary import calls, literals, options, statuses
from varbridge.conformance.vocabulary.literals import QUOTED, Literal
from varbridge.conformance.vocabulary.options import Identifier, Options


def _names(text: str) -> list[str]:
    return [json.loads(name) for name in re.findall(QUOTED, text)]


def _people(text: str) -> list[str]:
    return re.split(r", | and ", text)


TYPES: dict[str, tuple[str, type, Callable[[str], Any]]] = {
    # A name in double quotes, with JSON's escapes: "temperature".
    "name": (QUOTED, str, json.loads),
    # Several names: "a", "b" and "c".
    "names": (rf"{QUOTED}(?:(?:, | and ){QUOTED})*", list, _names),
    # A variable by its name, or by its id: "temperature", by its id,
    "variable": (options.IDENTIFIER, Identifier, Identifier.parse),
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
    # The arguments of a tool: with {"a": 1}, for the optimizer "tuner", with a deadline of 0.5 s
    "arguments": (calls.ARGUMENTS, calls.ToolArguments, calls.ToolArguments.parse),
    # The options of an opened session: with a time to live of 1 s, with the metadata {"owner": "Ada"}
    "opening": (calls.OPENING, calls.Opening, calls.Opening.parse),
    # Whether a session is open, or not open.
    "state": (r"(?:not )?open", bool, lambda text: text == "open"),
    # The variables of a watch: "a" and "b", by its id, with initial values; every variable, through a proxy.
    "watch": (calls.WATCH, calls.WatchRequest, calls.WatchRequest.parse),
    # The end of a watch: as not found, saying "gone" within 5 s
    "end": (calls.END, calls.WatchEnd, calls.WatchEnd.parse),
    # A fault of a connection, or the end of it: cut, stalled, resumed.
    "fault": (r"cut|stalled|resumed", str, str),
    # The start of another bridge: ", started for this scenario," or ", started with "--flag","
    "host": (calls.HOST, calls.HostStart, calls.HostStart.parse),
    # Whole numbers in a row: 1 to 1000, or [1, 2, 3].
    "numbers": (r"\d+ to \d+|\[[\d, ]*\]", list, calls.parse_numbers),
}
"""The regular expression, the Python type and the conversion of each parameter type by its name."""


def use() -> None:
    """Define the parameter types, and have behave read all phrases as Cucumber expressions."""
    for name, (expression, python_type, convert) in TYPES.items():
        define_parameter_type_with(name, expression, python_type, convert)
    use_step_matcher_for_cucumber_expressions()
    use_current_step_matcher_as_default()
