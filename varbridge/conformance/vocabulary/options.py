"""The parts of a phrase that name a variable and the options of a change."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from varbridge.conformance.vocabulary.literals import (
    INSIDE,
    LONG_TEXT,
    QUOTED,
    Literal,
    json_object,
    texts_object,
    ungrouped,
)

_IDENTIFIER = (
    rf"(?P<name>{QUOTED})(?P<by_id>, by its (?P<old>old )?id(?: in session (?P<session>{QUOTED}))?,?)?"
)
IDENTIFIER = ungrouped(_IDENTIFIER)
"""The regular expression of a variable: its name in quotes, with ", by its id" if its id is meant."""

_OPTION = (
    rf", (?:expecting version (?P<expected_version>-?\d+)"
    rf"|with the request id (?P<request_id>{QUOTED}|{LONG_TEXT})"
    rf"|for the optimizer (?P<optimizer>{QUOTED})|with the metadata (?P<metadata>\{{{INSIDE}\}})"
    rf"|under the constraints (?P<constraints>\{{{INSIDE}\}}|`[^`]*`))"
)
OPTIONS = rf"(?:{ungrouped(_OPTION)})*"
"""The regular expression of any number of options, each after a comma."""

_OPTION_PARTS = re.compile(rf"{_OPTION}(?={OPTIONS}$)")


@dataclass(frozen=True)
class Identifier:
    """A variable that a step names.

    Attributes:
        name: the variable's name.
        by: "name", "id", or "old id" for the id that the name had at its first registration.
        session: the name of the session in which the variable has this id; None for the current one.
    """

    name: str
    by: str = "name"
    session: str | None = None

    def __str__(self) -> str:
        return self.name if self.by == "name" else f"{self.by} of {self.name}"

    @classmethod
    def parse(cls, text: str) -> Identifier:
        """Parse an identifier from the text of a step."""
        match = re.fullmatch(_IDENTIFIER, text)
        assert match is not None, text
        session = match["session"]
        return cls(
            json.loads(match["name"]),
            f"{match['old'] or ''}id" if match["by_id"] else "name",
            None if session is None else json.loads(session),
        )

    @classmethod
    def parse_all(cls, text: str) -> list[Identifier]:
        """Parse several identifiers from the text of a step."""
        return [cls.parse(match[0]) for match in re.finditer(IDENTIFIER, text)]


@dataclass(frozen=True)
class Options:
    """The options of a change.

    Attributes:
        expected_version: the version that the variable is required to have.
        request_id: the idempotency key.
        metadata: the metadata of the change, with optimizer_id for an optimizer.
        constraints: the constraints of a registration, as an object or as text that may not be JSON.
    """

    expected_version: int | None = None
    request_id: str | None = None
    metadata: dict[str, str] | None = None
    constraints: dict[str, Any] | str | None = None

    @classmethod
    def parse(cls, text: str) -> Options:
        """Parse the options of a change from the text of a step."""
        values: dict[str, Any] = {}
        metadata: dict[str, str] = {}
        for match in _OPTION_PARTS.finditer(text):
            parts = match.groupdict()
            if parts["expected_version"] is not None:
                values["expected_version"] = int(parts["expected_version"])
            if parts["request_id"] is not None:
                values["request_id"] = Literal(parts["request_id"]).python()
            if parts["optimizer"] is not None:
                metadata["optimizer_id"] = json.loads(parts["optimizer"])
            if parts["metadata"] is not None:
                metadata |= texts_object(parts["metadata"])
            if (constraints := parts["constraints"]) is not None:
                is_text = constraints.startswith("`")
                values["constraints"] = constraints[1:-1] if is_text else json_object(constraints)
        return cls(**values, metadata=metadata or None)

    def arguments(self) -> dict[str, Any]:
        """Return the options that are set, as keyword arguments of the client's methods."""
        return {name: value for name, value in vars(self).items() if value is not None}
