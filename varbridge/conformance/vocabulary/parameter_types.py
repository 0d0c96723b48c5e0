"""The parameter types of the steps' phrases, which are Cucumber expressions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from signal import Signals
from typing import Any

from behave.cucumber_expression import define_parameter_type_with, use_step_matcher_for_cucumber_expressions
from behave.matchers import use_current_step_matcher_as_default

from varbridge.conformance.vocabulary import literals, options, settings, statuses
from varbridge.conformance.vocabulary.literals import QUOTED, Literal
from varbridge.conformance.vocabulary.options import Identifier, Options
from varbridge.conformance.vocabulary.settings import ClusterSettings, Settings

_PROCESS = (
    r"the bridge's (?:parent process|child processes)|the bridge|the worker's bridge|every bridge"
    r"|the store's (?:leader|follower|first member|majority)|the store|[A-Z][a-z]+"
)
_CREDENTIALS = (
    rf"with the (?:token|header) {QUOTED}|without (?:a token|TLS|a certificate)|on a new connection"
    r"|trusting another authority|with a certificate of another authority"
)


def _names(text: str) -> list[str]:
    return [json.loads(name) for name in re.findall(QUOTED, text)]


def _people(text: str) -> list[str]:
    return re.split(r", | and ", text)


TYPES: dict[str, tuple[str, type, Callable[[str], Any]]] = {
    # A name in double quotes, with JSON's escapes: "temperature".
    "name": (QUOTED, str, json.loads),
    # Several names: "a", "b" and "c".
    "names": (rf"{QUOTED}(?:(?:, | and | or ){QUOTED})*", list, _names),
    # A variable by its name, or by its id: "temperature", by its id,
    "variable": (options.IDENTIFIER, Identifier, Identifier.parse),
    # A client or a bridge by its name, and several of them: Ada, Ben and Cy.
    "person": (r"[A-Z][a-z]+", str, str),
    "people": (r"[A-Z][a-z]+(?:, [A-Z][a-z]+)* and [A-Z][a-z]+|[A-Z][a-z]+", list, _people),
    # A process, or several: the bridge, North, the store's leader.
    "process": (_PROCESS, str, str),
    # The settings of a bridge: with TLS and the token "correct-horse-battery-staple".
    "settings": (settings.SETTINGS, Settings, Settings.parse),
    # The settings of a cluster: , with the flags "--max-watches 2"
    "cluster_settings": (settings.CLUSTER_SETTINGS, ClusterSettings, ClusterSettings.parse),
    # The credentials or the connection of a client: without a token.
    "credentials": (_CREDENTIALS, str, str),
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
