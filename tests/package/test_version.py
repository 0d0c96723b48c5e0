"""Tests of the version, which stands in one place: ``varbridge/__init__.py``."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys

import pytest

import varbridge


def test_the_package_has_the_version_of_the_code() -> None:
    assert importlib.metadata.version("varbridge") == varbridge.__version__


@pytest.mark.parametrize("module", ["server", "varbridge"])
def test_a_command_prints_its_version(module: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", module, "--version"], capture_output=True, text=True, check=True
    )
    assert run.stdout == f"varbridge {varbridge.__version__}\n"
