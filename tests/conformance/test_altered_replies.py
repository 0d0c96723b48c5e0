"""Runs against bridges whose replies are empty, incomplete or random: each is judged, and none is broken."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.altered_bridge import METHODS
from tests.conformance.project import ROOT, Project

VARIABLES = ("variables/batches", "variables/history", "variables/registration")
FEATURES = {
    "Ping": ("sessions/isolation", "limits/bounds"),
    "InitializeSession": ("sessions/isolation", "tools/registering"),
    "CleanupSession": ("sessions/lifetime",),
    "GetSession": ("sessions/lifetime", "tools/registering"),
    "Heartbeat": ("sessions/lifetime",),
    "RegisterVariable": VARIABLES,
    "GetVariable": (*VARIABLES, "types/float", "variables/optimization"),
    "SetVariable": (*VARIABLES, "variables/compare_and_set"),
    "GetVariables": (*VARIABLES, "variables/listing_and_deleting"),
    "SetVariables": ("variables/batches", "streaming/updates"),
    "ListVariables": ("variables/listing_and_deleting", "variables/batches"),
    "DeleteVariable": ("variables/listing_and_deleting",),
    "WatchVariables": ("variables/batches", "variables/dependencies", "streaming/resuming"),
    "ExecuteTool": ("tools/running",),
    "ExecuteStreamingTool": ("tools/streaming",),
    "RegisterTools": ("tools/registering",),
    "GetExposedElixirTools": ("tools/registering",),
    "ExecuteElixirTool": ("tools/registering",),
    "AddDependency": ("variables/dependencies",),
    "StartOptimization": ("variables/optimization",),
    "StopOptimization": ("variables/optimization",),
    "GetVariableHistory": ("variables/history", "variables/reading_and_setting"),
    "RollbackVariable": ("variables/history",),
}
"""The features, without their ending, that use each method."""

SAMPLE = ("WatchVariables", "empty")
"""The method and the reply that continuous integration tries; ``pytest -m long`` tries the others."""


def test_every_method_has_features() -> None:
    assert sorted(FEATURES) == sorted(METHODS)
    assert [name for names in FEATURES.values() for name in names if not _path(name).exists()] == []


def _path(name: str) -> Path:
    return ROOT / "features" / f"{name}.feature"


def _cases() -> Iterator[Any]:
    """Yield each method with each kind of reply; most of them are marked as long."""
    for method in METHODS:
        for reply in ("empty", "default", "random"):
            mark = pytest.mark.slow if (method, reply) == SAMPLE else pytest.mark.long
            yield pytest.param(method, reply, marks=mark)


@pytest.mark.parametrize(("method", "reply"), [*_cases()])
def test_no_reply_of_a_bridge_breaks_the_run(tmp_path: Path, method: str, reply: str) -> None:
    project = Project(tmp_path / "run", {})
    (project.folder / "features").rmdir()
    (project.folder / "features").symlink_to(ROOT / "features")
    command = [sys.executable, "-m", "tests.conformance.altered_bridge", "--method", method, "--reply", reply]
    paths = [f"features/{name}.feature" for name in FEATURES[method]]
    run = project.run(*paths[1:], "-f", "null", "-D", f"command={shlex.join(command)}", path=paths[0])
    assert run.word in ("does not conform", "passed (partial run)"), run.sentence
    assert "Traceback" not in run.out
