"""The definitions of the mutants, read from ``defects/*.toml`` and ``harmless.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.mutants.patches import Patch
from varbridge.conformance.clauses import CLAUSES, STATEMENTS, clause_of

HERE = Path(__file__).resolve().parent

LIMIT_S = 150.0
"""The time limit for the run of a defect, in seconds, unless its entry has another one."""

FULL_LIMIT_S = 600.0
"""The time limit for a run of all features, in seconds."""


class MutantError(Exception):
    """An invalid entry, or a name that no entry has; the message says which."""


@dataclass(frozen=True)
class Mutant:
    """One mutant of the reference bridge.

    Attributes:
        area: the tag of the area whose features are run; empty for all areas.
        breaks: the ids of the contract's statements that the mutant breaks; empty for a harmless change. The
            id of a clause stands there if the mutant breaks what only the reference bridge promises.
        seen: the effect that a client sees, as a sentence.
        says: a phrase that the explanation of a failing scenario must contain.
        tags: the tag expression that selects the scenarios to run.
        only: a regular expression for the names of the scenarios to run; empty for all that the tags select.
        limit: the time limit for the run, in seconds.
        file: the file with the definition.
        at_start: True if the bridge cannot start, so that the run ends before any scenario, with ``says`` in
            its output.
    """

    name: str
    area: str
    breaks: tuple[str, ...]
    seen: str
    says: str
    patches: tuple[Patch, ...]
    tags: str
    file: Path
    only: str = ""
    limit: float = LIMIT_S
    at_start: bool = False

    @property
    def clauses(self) -> tuple[str, ...]:
        """The ids of the clauses that the mutant breaks, which are those of its statements."""
        return tuple(dict.fromkeys(map(clause_of, self.breaks)))

    @property
    def harmless(self) -> bool:
        """True if the mutant breaks nothing, so that its run must pass."""
        return not self.breaks


class Mutants:
    """All mutants, in the order of the files and of the entries in each file.

    Args:
        folder: the folder of ``defects`` and ``harmless.toml``.
    """

    def __init__(self, folder: Path = HERE) -> None:
        self._folder = folder

    @cached_property
    def defects(self) -> Sequence[Mutant]:
        """The mutants that must be caught."""
        return [
            entry
            for path in sorted(self._folder.glob("defects/*.toml"))
            for entry in _entries(path, area=path.stem.partition("_")[0])
        ]

    @cached_property
    def harmless(self) -> Sequence[Mutant]:
        """The mutants that must pass."""
        return [*_entries(self._folder / "harmless.toml", area="")]

    def named(self, name: str) -> Mutant:
        """Return the mutant with a name.

        Raises:
            MutantError: there is no mutant with that name.
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
    breaks: str = "",
    says: str = "",
    also: Sequence[dict[str, Any]] = (),
    tags: str = "",
    only: str = "",
    limit: float = 0.0,
    at_start: bool = False,
) -> Mutant:
    ids = tuple(breaks.split())
    if unknown := [id_ for id_ in ids if id_ not in STATEMENTS and id_ not in CLAUSES]:
        raise MutantError(
            f"{name}: the contract has no statement {unknown[0]}; `breaks` names some, as in A6.1"
        )
    if ids and not says:
        raise MutantError(f"{name}: a defect needs `says`, a phrase of its failure")
    clauses = dict.fromkeys(map(clause_of, ids))
    default = f"@{area} and ({' or '.join(f'@{clause}' for clause in clauses)})" if ids else ""
    usual = LIMIT_S if ids else FULL_LIMIT_S
    patches = (_patch(at, find, replace, where), *(_patch(**fields) for fields in also))
    return Mutant(name, area, ids, seen, says, patches, tags or default, file, only, limit or usual, at_start)


def _patch(at: str, find: str, replace: str, where: Sequence[str] = ()) -> Patch:
    return Patch(at, find, replace, tuple(where))
