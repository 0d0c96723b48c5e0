"""What a bridge says of itself before it is judged: its name, what it lacks, and what is known to fail."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from varbridge.conformance import tags


class ProfileError(Exception):
    """A profile that says something that means nothing here; the message says what."""


@dataclass(frozen=True)
class Profile:
    """A bridge's own declarations; a bridge without a profile declares nothing.

    Attributes:
        name: of the bridge; empty where it has none.
        granted: capabilities that it has, whatever others lack.
        lacking: the reason by capability that it lacks.
        lacking_flags: flags of the server that it does not take.
        known_failing: the reason by scenario: "features/x.feature: Scenario" or "Feature / Scenario".
    """

    name: str = ""
    granted: frozenset[str] = frozenset()
    lacking: Mapping[str, str] = field(default_factory=dict)
    lacking_flags: tuple[str, ...] = ()
    known_failing: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str) -> Profile:
        """Read a TOML file.

        Raises:
            ProfileError: it is not there, not TOML, or says what means nothing.
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
        """Read what a TOML file held.

        Raises:
            ProfileError: it says what means nothing.
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
            {name: _text(why, name) for name, why in tables.get("known_failing", {}).items()},
        )

    def lacks_flag(self, flag: str) -> bool:
        """Whether the bridge does not take this flag, given with or without its value."""
        return flag.partition("=")[0].partition(" ")[0] in self.lacking_flags


def _only(table: Mapping[str, Any], known: Any, what: str) -> None:
    for name in table:
        if name not in known:
            raise ProfileError(f"{name!r} is no {what}. There are {', '.join(known)}")


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ProfileError(f"{name!r} must be a text that is not empty, not {value!r}")
    return value


def _reason(name: str, value: Any) -> str:
    if value is False:
        return f"the bridge lacks {name}, as its profile says"
    return _text(value, name)


def _flags(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ProfileError(f"lacking must be a list of flags, not {value!r}")
    for flag in value:
        if not isinstance(flag, str) or not flag.startswith("--"):
            raise ProfileError(f"lacking must be a list of flags such as '--data-dir', not of {flag!r}")
    return tuple(value)
