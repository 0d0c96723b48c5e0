"""Runs of all features against a bridge, which take a minute or two."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conformance.project import ROOT


@dataclass(frozen=True)
class Judged:
    """The result of a run of all features, with the processor time of all of its processes in seconds."""

    code: int
    out: str
    processor_s: float
    reports: Path

    @property
    def verdict(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads((self.reports / "verdict.json").read_text())
        return data

    @property
    def word(self) -> str:
        """The short form of the verdict."""
        return str(self.verdict["verdict"]["word"])


def judge(folder: Path, bridge: str, *options: str) -> Judged:
    """Judge a bridge by all features, in a folder with links to those of the project.

    Args:
        folder: the folder, which does not exist yet.
        bridge: the arguments of Python that start the bridge.
        options: further arguments of behave.
    """
    folder.mkdir()
    for name in ("features", "steps", "environment.py", "pyproject.toml"):
        (folder / name).symlink_to(ROOT / name)
    command = [sys.executable, "-m", "behave", "features/", "-D", f"command={sys.executable} {bridge}"]
    began_s = _processor_s()
    ended = subprocess.run(
        [*command, *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return Judged(ended.returncode, ended.stdout, _processor_s() - began_s, folder / "reports")


def _processor_s() -> float:
    """Return the processor time of all processes that have ended, in seconds."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
