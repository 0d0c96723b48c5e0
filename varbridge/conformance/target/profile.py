"""The profile of a bridge: its name, missing capabilities and flags, and expected failures."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from varbridge.conformance import tags


class ProfileError(Exception):
    """A profile that cannot be read or has invalid content; the message says what is wrong."""


@dataclass(frozen=True)
class Profile:
    """The declarations about a bridge; a bridge without a profile declares nothing.

    Attributes:
        name: the name of the bridge; empty if there is no profile.
        granted: the capabilities that the profile grants, such as those that bridges lack by default.
        lacking: the reasons why capabilities are missing, by capability.
        lacking_flags: the command-line flags that the bridge does not take.
        known_failing: reasons by expected failure: "features/x.feature: Scenario" or "Feature / Scenario".
    """

    name: str = ""
    granted: frozenset[str] = frozenset()
    lacking: Mapping[str, str] = field(default_factory=dict)
    lacking_flags: tuple[str, ...] = ()
    known_failing: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str) -> Profile:
        """Read a profile from a TOML file.

        Raises:
            ProfileError: the file is missing, not TOML, or has invalid content.
        """
        try:
            tables = tomllib.loads(Path(path).read_text("utf-8"))
        except OSError as error:
            raise ProfileError(f"-D profile={path}: {error.strerror or error}") from None
        except (ValueError, tomllib.TOMLDecodeError) as error:
            raise ProfileError(f"-D profile={path} is not TOML: {error}") from None
        try:
            return cls.of(tables)
        except ProfileError as error:
            raise ProfileError(f"-D profile={path}: {error}") from None

    @classmethod
    def of(cls, tables: Mapping[str, Any]) -> Profile:
        """Return the profile that the tables of a TOML file define.

        Raises:
            ProfileError: the content is invalid.
        """
        _only(tables, ("bridge", "capabilities", "flags", "known_failing"), "table")
        for name, table in tables.items():
            if not isinstance(table, dict):
                raise ProfileError(f"{name} must be a table, [{name}]")
        _only(tables.get("bridge", {}), ("name",), "key of [bridge]")
        _only(tables.get("flags", {}), ("lacking",), "key of [flags]")
        capabilities = tables.get("capabilities", {})
        _only(capabilities, tags.CAPABILITIES, "capability")
        return cls(
            _text(tables.get("bridge", {}).get("name", "a bridge without a name"), "name"),
            frozenset(name for name, value in capabilities.items() if value is True),
            {name: _reason(name, value) for name, value in capabilities.items() if value is not True},
            _flags(tables.get("flags", {}).get("lacking", [])),
            {name: _text(reason, name) for name, reason in tables.get("known_failing", {}).items()},
        )

    def lacks_flag(self, flag: str) -> bool:
        """Return True if the bridge does not take this flag, which may be followed by its value."""
        return flag.partition("=")[0].partition(" ")[0] in self.lacking_flags


def _only(table: Mapping[str, Any], known: Any, subject: str) -> None:
    for name in table:
        if name not in known:
            raise ProfileError(f"unknown {subject} {name!r}; known: {', '.join(known)}")


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ProfileError(f"{name!r} must be a text that is not empty, but it is {value!r}")
    return value


def _reason(name: str, value: Any) -> str:
    if value is False:
        return f"the bridge lacks {name}, as its profile says"
    return _text(value, name)


def _flags(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ProfileError(f"'lacking' must be a list of flags, but it is {value!r}")
    for flag in value:
        if not isinstance(flag, str) or not flag.startswith("--"):
            raise ProfileError(
                f"'lacking' must be a list of flags such as '--data-dir', but it contains {flag!r}"
            )
    return tuple(value)
