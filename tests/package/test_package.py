"""Tests of the package: the modules that imports load, and the bridge under its installed name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import varbridge

ROOT = Path(__file__).resolve().parents[2]


def loaded_by(statement: str) -> set[str]:
    """Return the modules that a new Python process has loaded after a statement."""
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def own(modules: set[str]) -> set[str]:
    return {name for name in modules if name.partition(".")[0] in ("varbridge", "server")}


def test_importing_the_package_loads_nothing_else() -> None:
    assert own(loaded_by("import varbridge")) == {"varbridge"}


def test_the_decorator_of_tools_needs_no_grpc() -> None:
    loaded = loaded_by("from varbridge import ToolCall, tool")
    assert own(loaded) == {"varbridge", "varbridge.decorator"}
    assert "grpc" not in loaded


def test_the_bridge_loads_only_the_messages_and_the_decorator() -> None:
    loaded = loaded_by("import server.app, server.__main__")
    assert {name for name in own(loaded) if name.startswith("varbridge")} == {
        "varbridge",
        "varbridge.decorator",
        "varbridge.messages",
        "varbridge.messages.snakepit_bridge_pb2",
        "varbridge.messages.traits",
    }


def test_the_fork_server_of_tools_loads_no_event_loop() -> None:
    assert not loaded_by("import server.tools.forkserver") & {"asyncio", "google", "grpc"}


def test_a_wrong_flag_is_refused_before_grpc_is_loaded() -> None:
    assert "grpc" not in loaded_by("import server.__main__")


def test_every_public_name_of_the_package_exists() -> None:
    assert [name for name in varbridge.__all__ if getattr(varbridge, name).__name__ != name] == []
    assert {*varbridge.__all__} <= {*dir(varbridge)}
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        varbridge.nothing  # noqa: B018  # the access itself is tested


@pytest.mark.parametrize("name", ["server", "varbridge.server"])
def test_the_bridge_runs_under_both_of_its_names(name: str) -> None:
    command = [sys.executable, "-m", name, "--port", "0", "--check"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30.0, check=True)
    assert run.stdout.startswith("could serve on 127.0.0.1:")
