"""Fixtures of the tests in this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.project import GREEN, Project
from tests.conformance.verdict_builders import Make


@pytest.fixture
def project(tmp_path: Path) -> Make:
    return lambda text=GREEN, **more: Project(tmp_path / "run", {"small.feature": text, **more})
