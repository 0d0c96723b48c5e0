"""The parts of phrases that describe a tool's arguments, the opening of a session, and watches."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from varbridge.conformance.vocabulary.literals import (
    INSIDE,
    QUOTED,
    TEXT,
    VALUE,
    Literal,
    json_object,
    texts_object,
    ungrouped,
)
from varbridge.conformance.vocabulary.options import Identifier
from varbridge.conformance.vocabulary.settings import known_flags
from varbridge.conformance.vocabulary.statuses import STATUS
from varbridge.wire import Raw

_ARGUMENTS = (
    rf"(?: with (?P<parameters>\{{{INSIDE}\}})| with the parameter (?P<name>{QUOTED}) as (?P<value>{VALUE}))?"
    rf"(?:, for the optimizer (?P<optimizer>{QUOTED}))?"
    r"(?:, with a deadline of (?P<deadline>\d+(?:\.\d+)?) s)?"
)
ARGUMENTS = ungrouped(_ARGUMENTS)
"""The regular expression of the parameters of a tool and the options of its call."""

_OPENING = (
    rf"(?: with a time to live of (?P<ttl>-?\d+) s)?(?:, with the metadata (?P<metadata>\{{{INSIDE}\}}))?"
)
OPENING = ungrouped(_OPENING)
"""The regular expression of the options with which a session is opened."""

_WATCHED = rf"{QUOTED}(?:, by its (?:old )?id(?: in session {QUOTED})?)?"
_WATCH = (
    rf"(?:every variable|(?P<variables>{_WATCHED}(?:(?:, | and ){_WATCHED})*))"
    r"(?: after sequence (?P<after>-?\d+)| (?P<beyond>\d+) beyond the last sequence)?"
    r"(?P<initial>, with initial values)?(?P<proxy>, through a proxy)?"
)
WATCH = ungrouped(_WATCH)
"""The regular expression of the variables that are watched, and of the options of the watch."""

_END = (
    rf"(?P<status>{STATUS})(?:, saying (?P<phrase>{TEXT}))?(?: within (?P<within>\d+) s)?"
    r"(?:, (?P<later>\d+) s or more after the last call)?"
)
END = ungrouped(_END)
"""The regular expression of the end of a watch."""

_HOST = rf"(?:, started (?:(?P<own>for this scenario)|with (?P<flags>{QUOTED})),)?"
HOST = ungrouped(_HOST)
"""The regular expression of the words that say how another bridge was started."""


@dataclass(frozen=True)
class ToolArguments:
    """The arguments of a call of a tool.

    Attributes:
        parameters: the values of the tool's parameters by name.
        metadata: the metadata of the call, with optimizer_id for an optimizer.
        timeout: the deadline of the call, in seconds.
    """

    parameters: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, str] | None = None
    timeout: float | None = None

    @classmethod
    def parse(cls, text: str) -> ToolArguments:
        """Parse the arguments of a tool from the text of a step."""
        parts = _parts(_ARGUMENTS, text)
        parameters = json_object(parts["parameters"] or "{}")
        if parts["name"] is not None:
            literal = Literal(parts["value"])
            kind = "string" if literal.array() is None else "tensor"
            raw = Raw("", b"") if literal.is_absent else literal.raw(kind)
            parameters = {json.loads(parts["name"]): raw}
        optimizer, deadline = parts["optimizer"], parts["deadline"]
        return cls(
            parameters,
            None if optimizer is None else {"optimizer_id": json.loads(optimizer)},
            None if deadline is None else float(deadline),
        )


@dataclass(frozen=True)
class Opening:
    """The options with which a session is opened.

    Attributes:
        ttl_seconds: the session's time to live, in seconds; None for the default.
        metadata: the session's metadata.
    """

    ttl_seconds: int | None = None
    metadata: dict[str, str] | None = None

    @classmethod
    def parse(cls, text: str) -> Opening:
        """Parse the options of an opening from the text of a step."""
        parts = _parts(_OPENING, text)
        ttl, metadata = parts["ttl"], parts["metadata"]
        return cls(None if ttl is None else int(ttl), None if metadata is None else texts_object(metadata))

    def arguments(self) -> dict[str, Any]:
        """Return the options that are set, as keyword arguments of the client's method."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class WatchRequest:
    """The variables and the options of a watch.

    Attributes:
        variables: the variables; none for every variable.
        after: the sequence after which the watch resumes; None if the step gives none.
        beyond: the distance from the session's last sequence to the one after which the watch resumes.
        initial: True if initial values are requested.
        proxy: True if the watch's connection goes through a proxy, which can cut or stall it.
    """

    variables: list[Identifier]
    after: int | None = None
    beyond: int | None = None
    initial: bool = False
    proxy: bool = False

    @classmethod
    def parse(cls, text: str) -> WatchRequest:
        """Parse the variables and options of a watch from the text of a step."""
        parts = _parts(_WATCH, text)
        after, beyond = parts["after"], parts["beyond"]
        return cls(
            Identifier.parse_all(parts["variables"] or ""),
            None if after is None else int(after),
            None if beyond is None else int(beyond),
            parts["initial"] is not None,
            parts["proxy"] is not None,
        )


@dataclass(frozen=True)
class WatchEnd:
    """The end of a watch by the bridge.

    Attributes:
        status: the status, in the words of the features.
        phrase: a phrase in the message; None for any message.
        within_s: the time in which the watch ends, in seconds; None for the usual deadline.
        later_s: the minimum time from the session's last call to the end, in seconds.
    """

    status: str
    phrase: str | None = None
    within_s: int | None = None
    later_s: int | None = None

    @classmethod
    def parse(cls, text: str) -> WatchEnd:
        """Parse the end of a watch from the text of a step."""
        parts = _parts(_END, text)
        phrase, within, later = parts["phrase"], parts["within"], parts["later"]
        return cls(
            parts["status"] or "",
            None if phrase is None else json.loads(phrase),
            None if within is None else int(within),
            None if later is None else int(later),
        )


@dataclass(frozen=True)
class HostStart:
    """The start of another bridge, which hosts tools.

    Attributes:
        own: True if the bridge belongs to the scenario, which may end it; other ones are shared.
        flags: the flags with which the bridge is started.
    """

    own: bool = False
    flags: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> HostStart:
        """Parse the start of a bridge from the text of a step."""
        parts = _parts(_HOST, text)
        flags = parts["flags"]
        return cls(parts["own"] is not None, () if flags is None else known_flags(json.loads(flags)))


def parse_numbers(text: str) -> list[int]:
    """Return the whole numbers that a text such as "1 to 3" or "[1, 2, 3]" stands for."""
    if text.startswith("["):
        numbers: list[int] = json.loads(text)
        return numbers
    first, _, last = text.partition(" to ")
    return [*range(int(first), int(last) + 1)]


def _parts(expression: str, text: str) -> dict[str, str]:
    match = re.fullmatch(expression, text)
    assert match is not None, text
    return match.groupdict()
