"""The definitions of the mutants, read from ``defects/*.toml`` and ``harmless.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.mutants.patches import Patch

HERE = Path(__file__).resolve().parent

LIMIT = 150.0
"""Seconds that the run of a defect may take, unless its entry says otherwise."""

FULL_LIMIT = 600.0
"""The same where all features are run."""


class MutantError(Exception):
    """An entry that cannot be, or a name that none has; the message says which."""


@dataclass(frozen=True)
class Mutant:
    """One mutant of the reference bridge.

    Attributes:
        area: the tag of the area that is run; empty for all of them.
        clauses: ids of what is broken; none where nothing is.
        seen: what a client sees of it, in a sentence.
        says: a phrase that a failing scenario's explanation must hold.
        tags: the expression that selects what is run.
        only: an expression that the names of the scenarios match which are run; empty for all of the tags'.
        limit: seconds that the run may take.
        file: the file that it stands in.
        at_start: whether the shared bridge cannot start, so that the run ends, in these words, before any
            scenario.
    """

    name: str
    area: str
    clauses: tuple[str, ...]
    seen: str
    says: str
    patches: tuple[Patch, ...]
    tags: str
    file: Path
    only: str = ""
    limit: float = LIMIT
    at_start: bool = False

    @property
    def harmless(self) -> bool:
        """Whether it breaks nothing, so that its run must be green."""
        return not self.clauses


class Mutants:
    """All entries, in the order of the files and of what stands in them.

    Args:
        folder: that holds ``defects`` and ``harmless.toml``.
    """

    def __init__(self, folder: Path = HERE) -> None:
        self._folder = folder

    @cached_property
    def defects(self) -> Sequence[Mutant]:
        """What must be caught."""
        return [
            entry
            for path in sorted(self._folder.glob("defects/*.toml"))
            for entry in _entries(path, area=path.stem.partition("_")[0])
        ]

    @cached_property
    def harmless(self) -> Sequence[Mutant]:
        """What must pass."""
        return [*_entries(self._folder / "harmless.toml", area="")]

    def named(self, name: str) -> Mutant:
        """Return an entry.

        Raises:
            MutantError: there is none of that name.
        """
        for entry in (*self.defects, *self.harmless):
            if entry.name == name:
                return entry
        raise MutantError(f"no mutant is called {name!r}")


def _entries(path: Path, area: str) -> Iterable[Mutant]:
    for name, fields in tomllib.loads(path.read_text("utf-8")).items():
        try:
            yield _entry(name, area, path, **fields)
        except TypeError as error:
            raise MutantError(f"{path.name}: {name}: {error}") from None


def _entry(
    name: str,
    area: str,
    file: Path,
    *,
    seen: str,
    at: str,
    find: str,
    replace: str,
    where: Sequence[str] = (),
    clauses: str = "",
    says: str = "",
    also: Sequence[dict[str, Any]] = (),
    tags: str = "",
    only: str = "",
    limit: float = 0.0,
    at_start: bool = False,
) -> Mutant:
    ids = tuple(clauses.split())
    if ids and not says:
        raise MutantError(f"{name}: a defect asserts a phrase of its failure")
    default = f"@{area} and ({' or '.join(f'@{one}' for one in ids)})" if ids else ""
    usual = LIMIT if ids else FULL_LIMIT
    patches = (_patch(at, find, replace, where), *(_patch(**fields) for fields in also))
    return Mutant(name, area, ids, seen, says, patches, tags or default, file, only, limit or usual, at_start)


def _patch(at: str, find: str, replace: str, where: Sequence[str] = ()) -> Patch:
    return Patch(at, find, replace, tuple(where))
