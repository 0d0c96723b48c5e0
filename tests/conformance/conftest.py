"""Fixtures of the tests in this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.project import GREEN, Project
from tests.conformance.verdict_builders import MakeProject


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    return lambda text=GREEN, **others: Project(tmp_path / "run", {"small.feature": text, **others})
