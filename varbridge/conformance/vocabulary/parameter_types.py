"""The parameter types of the steps' phrases, which are Cucumber expressions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from signal import Signals
from typing import Any

from behave.cucumber_expression import define_parameter_type_with
from behave.matchers import (
    register_step_matcher_class,
    use_current_step_matcher_as_default,
    use_step_matcher,
)

from varbridge.conformance.faults.faulty_disk import ALL, READ, SYNC, WRITE
from varbridge.conformance.vocabulary import calls
from varbridge.conformance.vocabulary.expressions import Expression
from varbridge.conformance.vocabulary.literals import (
    INSIDE,
    QUOTED,
    TEXT,
    VALUE,
    Literal,
    names_in,
    strict_json,
    texts_object,
)
from varbridge.conformance.vocabulary.options import IDENTIFIER, OPTIONS, Identifier, Options
from varbridge.conformance.vocabulary.settings import (
    CLUSTER_SETTINGS,
    SETTINGS,
    ClusterSettings,
    Settings,
)
from varbridge.conformance.vocabulary.statuses import CODES, STATUS
from varbridge.conformance.vocabulary.types import SOURCES
from varbridge.conformance.vocabulary.types import TYPES as TYPE_NAMES
from varbridge.conformance.vocabulary.updates import KINDS

_PROCESS = (
    r"the bridge's (?:parent process|child processes)|the bridge|the worker's bridge|every bridge"
    r"|the store's (?:leader|follower|first member|majority)|the store|[A-Z][a-z]+"
)
_CREDENTIALS = (
    rf"with the (?:token|header) {QUOTED}|without a token, on the same connection"
    r"|without (?:a token|TLS|a certificate)|on a new connection"
    r"|trusting another authority|with a certificate of another authority"
)


def _name(text: str) -> str:
    if text.startswith('"'):
        return str(json.loads(text))
    count, character = re.match(r"a name of (\d+) characters(?: (.*))?", text).groups()  # type: ignore[union-attr]
    return int(count) * ("n" if character is None else str(json.loads(character)))


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


_UNKNOWN = "unknown type "


def _words(*words: str) -> Parameter:
    return Parameter("|".join(words), str, str, ", ".join(f"`{word}`" for word in words))


def _text(text: str) -> str:
    value = Literal(text).python()
    if not isinstance(value, str):
        raise ValueError(f"{text} is not a text")
    return value


def _list(text: str) -> list[Any]:
    value: list[Any] = strict_json(text)
    return value


def _signal(text: str) -> Signals:
    if text not in Signals.__members__:
        raise ValueError(f"there is no signal {text}")
    return Signals[text]


TYPES = {
    "name": Parameter(
        rf"{QUOTED}|a name of \d+ characters(?: {QUOTED})?",
        str,
        _name,
        '`"temperature"`, with the escapes of JSON; `a name of 257 characters`, or `a name of 256 characters'
        ' "é"` for other characters than n',
    ),
    "names": Parameter(rf"{QUOTED}(?:(?:, | and | or ){QUOTED})*", list, names_in, '`"a", "b" and "c"`'),
    "variable": Parameter(
        IDENTIFIER,
        Identifier,
        Identifier.parse,
        '`"x"`; `"x", by its id,`; `"x", by its old id,` for the id of its first registration;'
        ' `"x", by its id in session "blue",`',
    ),
    "variables": Parameter(
        rf"{IDENTIFIER}(?:(?:,? and |, ){IDENTIFIER})*|no variables",
        list,
        Identifier.parse_all,
        '`"a", by its id, and "b"`; `no variables`',
    ),
    "batch": Parameter(
        r"(?:non-)?atomic batch",
        bool,
        lambda text: text == "atomic batch",
        "`atomic batch`, `non-atomic batch`",
    ),
    "disk_calls": Parameter(
        "every (?:read|write|sync|call)",
        int,
        lambda text: {"read": READ, "write": WRITE, "sync": SYNC, "call": ALL}[text.removeprefix("every ")],
        "`every read`, `every write`, `every sync`, `every call`",
    ),
    "person": Parameter(r"[A-Z][a-z]+", str, str, "a client or a bridge: `Ada`"),
    "people": Parameter(
        r"[A-Z][a-z]+(?:, [A-Z][a-z]+)* and [A-Z][a-z]+|[A-Z][a-z]+", list, _people, "`Ada, Ben and Cy`"
    ),
    "process": Parameter(
        _PROCESS,
        str,
        str,
        "`the bridge`, `the bridge's parent process`, `the bridge's child processes`, `the worker's bridge`,"
        " `North`, `every bridge`, `the store`, `the store's leader` (or `follower`, …)",
    ),
    "shared_settings": Parameter(
        SETTINGS,
        Settings,
        Settings.parse_shared,
        'nothing, or `with` any of: `the flags "--grace 1"`; `the tokens "first-token" and "second-token"`;'
        " `TLS`; `mutual TLS`",
    ),
    "any_settings": Parameter(
        SETTINGS,
        Settings,
        Settings.parse,
        "those of `{settings}`, and flags with any name and value",
    ),
    "settings": Parameter(
        SETTINGS,
        Settings,
        Settings.parse_known,
        'nothing, or `with` any of: `the flags "--grace 1"`; `the tokens "first-token" and "second-token"`;'
        " `TLS`; `mutual TLS`; `a data directory`, `the same data directory`, `a file as its data directory`;"
        " `the same port`, `a busy port`; `metrics`",
    ),
    "cluster_settings": Parameter(
        CLUSTER_SETTINGS,
        ClusterSettings,
        ClusterSettings.parse,
        'nothing, or any of: `, with the flags "--max-watches 2"`; `, on different machines`;'
        " `, with a proxy to the store`; `, with clients that fail over`",
    ),
    "credentials": Parameter(
        _CREDENTIALS,
        str,
        str,
        '`with the token "a-valid-token"`, `with the header "Basic abc"`, `without a token`, `without TLS`,'
        " `without a certificate`, `with a certificate of another authority`, `trusting another authority`,"
        " `on a new connection`, `without a token, on the same connection`",
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
    "session_id": Parameter(VALUE, str, _text, '`"s-1"`, `a text of 257 characters`'),
    "list": Parameter(r"\[.*\]", list, _list, "`[1, 2, 3]`"),
    "texts_object": Parameter(rf"\{{{INSIDE}\}}", dict, texts_object, '`{"reason": "test"}`'),
    "text": Parameter(TEXT, str, _name, '`"gpt-4"`, which is not empty'),
    "texts": Parameter(
        rf"{TEXT}(?:(?:, | and | or ){TEXT})*", list, names_in, '`"a", "b" and "c"`, none of which is empty'
    ),
    "type": _words(*TYPE_NAMES),
    "any_type": Parameter(
        rf"{'|'.join(TYPE_NAMES)}|unknown type {QUOTED}",
        str,
        lambda text: _name(text.removeprefix(_UNKNOWN)) if text.startswith(_UNKNOWN) else text,
        'a type such as `float`, or `unknown type "decimal"` for one that a bridge must refuse',
    ),
    "source": _words(*SOURCES),
    "health": _words("SERVING", "NOT_SERVING"),
    "worker_start": _words("a running bridge", "no bridge", "a bridge that cannot start"),
    "writes": _words("values", "batches"),
    "update": _words(*KINDS),
    "race": _words(
        "set a variable with one expected version",
        "set a variable, by its name or its id, with one expected version",
        "set a variable with one request id",
        "register one name",
        "lock one variable",
        "release one variable",
        "delete one variable",
        "set or delete one variable",
        "set or lock one variable",
        "clean up one session of three variables",
        "add the dependencies of one cycle",
    ),
    "reading": _words(
        "reads both in one call",
        "reads both in one call, without their metadata",
        "reads both and 300 others in one call",
        "reads one after the other",
        "lists both in one call",
        "opens the session again",
    ),
    "walks": _words(
        "variables",
        "batches",
        "watches",
        "locks and dependencies",
        "sessions and tools",
        "restarts",
        "expiry",
    ),
    "killed": _words("the bridge", "one bridge after the other"),
    "ending": _words("killed", "stopped"),
    "absence": _words("paused", "cut off from the store"),
    "status": Parameter(STATUS, str, str, f"`{'`, `'.join(CODES)}`"),
    "number": Parameter(r"\d+(?:\.\d+)?", float, float, "`2` or `0.5`"),
    "signal": Parameter(r"SIG[A-Z0-9]+", Signals, _signal, "`SIGTERM`"),
    "step": Parameter(r".+", str, str, "any step"),
    "arguments": Parameter(
        calls.ARGUMENTS,
        calls.ToolArguments,
        calls.ToolArguments.parse,
        'nothing, or any of: ` with {"a": 1}` or ` with the parameter "a" as float32 array [0.5]`;'
        ' `, for the optimizer "tuner"`; `, with a deadline of 0.5 s`',
    ),
    "opening": Parameter(
        calls.OPENING,
        calls.Opening,
        calls.Opening.parse,
        'nothing, or any of: ` with a time to live of 1 s`; `, with the metadata {"owner": "Ada"}`',
    ),
    "of_type": Parameter(
        rf"(?: of the type (?:{'|'.join((*TYPE_NAMES, 'json'))}))?",
        str,
        lambda text: text.rpartition(" ")[2],
        "nothing, or ` of the type integer`",
    ),
    "state": Parameter(r"(?:not )?open", bool, lambda text: text == "open", "`open`, `not open`"),
    "watch": Parameter(
        calls.WATCH,
        calls.WatchRequest,
        calls.WatchRequest.parse,
        '`"a"`; `"a" and "b", by its id`; `every variable`; then perhaps ` after sequence 3` or'
        " ` 9 beyond the last sequence`, and any of: `, with initial values`; `, through a proxy`",
    ),
    "end": Parameter(
        calls.END,
        calls.WatchEnd,
        calls.WatchEnd.parse,
        '`as not found`, then perhaps: `, saying "gone"`; ` within 5 s`; `, 1 s or more after the last call`',
    ),
    "fault": _words("cut", "stalled", "resumed"),
    "host": Parameter(
        calls.HOST,
        calls.HostStart,
        calls.HostStart.parse,
        'nothing, `, started for this scenario,` or `, started with "--flag",`',
    ),
    "numbers": Parameter(r"\d+ to \d+|\[[\d, ]*\]", list, calls.parse_numbers, "`1 to 1000` or `[1, 2, 3]`"),
}
"""The parameter types by their names, besides Cucumber's own ``{int}`` and ``{word}``."""


def use() -> None:
    """Define the parameter types, and have behave read all phrases as Cucumber expressions."""
    registry = Expression.TYPE_REGISTRY
    for name, parameter in TYPES.items():
        if registry.has_registered_type(name):
            continue  # the phrases are loaded a second time in this process
        define_parameter_type_with(name, parameter.expression, parameter.type, parameter.convert)
    register_step_matcher_class(Expression.NAME, Expression)
    use_step_matcher(Expression.NAME)
    use_current_step_matcher_as_default()
