"""The paths of features: those of the installed suite, and how users type them."""

from __future__ import annotations

import os
from pathlib import Path

import varbridge

SUITE = Path(varbridge.__file__).parent / "suite"
"""The folder of the installed suite: its features, its steps, and the hooks and settings of behave."""


def shown_path(filename: str | Path) -> str:
    """Return a path as users type it: relative to the suite or the working directory, or else absolute."""
    path = _absolute(filename)
    for folder in (SUITE, Path.cwd()):
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return str(path)


def command_for(filename: str | Path) -> str:
    """Return the command that runs a file of features: behave, or that of the installed suite."""
    return "varbridge judge" if _absolute(filename).is_relative_to(SUITE) else "behave"


def _absolute(filename: str | Path) -> Path:
    return Path(os.path.abspath(filename))  # noqa: PTH100  # removes "..", and does not follow links
