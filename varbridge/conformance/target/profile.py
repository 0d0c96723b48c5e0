"""The profile of a bridge: its name, what it does not have, and its expected failures."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from varbridge.conformance import tags
from varbridge.messages.traits import METHODS


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
        lacking_methods: the methods that the bridge does not implement, or not for every request: scenarios
            in which one of them answers UNIMPLEMENTED are not judged.
        lacking_areas: the tags of the areas that are not judged.
        known_failing: reasons by expected failure: "features/x.feature: Scenario" or "Feature / Scenario",
            in which * stands for any text.
    """

    name: str = ""
    granted: frozenset[str] = frozenset()
    lacking: Mapping[str, str] = field(default_factory=dict)
    lacking_flags: tuple[str, ...] = ()
    lacking_methods: tuple[str, ...] = ()
    lacking_areas: tuple[str, ...] = ()
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
        _only(tables, ("bridge", "capabilities", *_LISTS, "known_failing"), "table")
        for name, table in tables.items():
            if not isinstance(table, dict):
                raise ProfileError(f"{name} must be a table, [{name}]")
        _only(tables.get("bridge", {}), ("name",), "key of [bridge]")
        capabilities = tables.get("capabilities", {})
        _only(capabilities, tags.CAPABILITIES, "capability")
        flags, methods, areas = (_lacking(name, tables.get(name, {})) for name in _LISTS)
        return cls(
            name=_text(tables.get("bridge", {}).get("name", "a bridge without a name"), "name"),
            granted=frozenset(name for name, value in capabilities.items() if value is True),
            lacking={name: _reason(name, value) for name, value in capabilities.items() if value is not True},
            lacking_flags=flags,
            lacking_methods=methods,
            lacking_areas=areas,
            known_failing={name: _text(why, name) for name, why in tables.get("known_failing", {}).items()},
        )

    def with_lacking(self, name: str, methods: Iterable[str], flags: Iterable[str]) -> Profile:
        """Return this profile, with the name of a bridge and more methods and flags that it lacks."""
        return replace(
            self,
            name=self.name or name,
            lacking_methods=tuple(dict.fromkeys((*self.lacking_methods, *methods))),
            lacking_flags=tuple(dict.fromkeys((*self.lacking_flags, *flags))),
        )

    def as_toml(self) -> str:
        """Return the content of the profile's file."""
        tables: dict[str, dict[str, Any]] = {
            "bridge": {"name": self.name},
            "capabilities": {**dict.fromkeys(sorted(self.granted), True), **self.lacking},
            "flags": {"lacking": [*self.lacking_flags]},
            "methods": {"lacking": [*self.lacking_methods]},
            "areas": {"lacking": [*self.lacking_areas]},
            "known_failing": dict(self.known_failing),
        }
        # JSON's texts, lists and true are also TOML's.
        return "\n".join(
            "\n".join((f"[{name}]", *(f"{_key(key)} = {_json(value)}" for key, value in table.items()), ""))
            for name, table in tables.items()
            if any(table.values())
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


def _lacking(name: str, table: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the list of what a bridge lacks in one of the tables of ``_LISTS``."""
    _only(table, ("lacking",), f"key of [{name}]")
    value = table.get("lacking", [])
    if not isinstance(value, list):
        raise ProfileError(f"'lacking' must be a list of {name}, but it is {value!r}")
    for item in value:
        if not isinstance(item, str) or not _LISTS[name](item):
            raise ProfileError(
                f"'lacking' must be a list of {name} such as '{_EXAMPLES[name]}', but it contains {item!r}"
            )
    return tuple(value)


_LISTS: Mapping[str, Callable[[str], bool]] = {
    "flags": lambda flag: flag.startswith("--"),
    "methods": lambda method: method in METHODS,
    "areas": lambda area: area in tags.AREAS,
}
"""The tables that list what a bridge lacks, with the test that each item has to pass."""

_EXAMPLES = {"flags": "--data-dir", "methods": "WatchVariables", "areas": "streaming"}


def _key(name: str) -> str:
    return name if name.replace("_", "").isalnum() and name.isascii() else _json(name)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
