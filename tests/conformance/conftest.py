"""Fixtures of the tests in this folder."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.conformance.invariant_builders import NOW
from tests.conformance.project import GREEN, Project
from tests.conformance.verdict_builders import MakeProject
from varbridge.conformance.invariants import times


@pytest.fixture
def fixed_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the clock of the invariants to the time of the messages of ``invariant_builders``."""
    monkeypatch.setattr(times, "time", SimpleNamespace(time_ns=lambda: NOW * 10**9))


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    return lambda text=GREEN, **others: Project(tmp_path / "run", {"small.feature": text, **others})
