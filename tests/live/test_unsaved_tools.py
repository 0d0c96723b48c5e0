"""Tools whose changes the disk refuses while they run: they are not answered as if the changes were saved."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

from varbridge.conformance.faults.faulty_disk import FOREVER, WRITE, Plan
from varbridge.conformance.faults.polling import eventually

from .faulty_bridge import NEEDS_COMPILER, WAIT_S, Bridge, refusal_of

pytestmark = NEEDS_COMPILER


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Bridge]:
    bridge = Bridge(tmp_path)
    bridge.start("--tools", "tests.live.slow_tools")
    bridge.session.register("x", "float", 0.0)
    bridge.session.register("y", "float", 0.0)
    yield bridge
    bridge.end()


def run_while_the_disk_is_full(bridge: Bridge, tool: str, folder: Path) -> Any:
    """Run a tool; the disk is full when it changes x, and has room again before the tool goes on."""
    bridge.disk.follow(Plan(WRITE, 1, FOREVER, errno.ENOSPC))

    def run() -> Any:
        if tool.startswith("stream"):
            return [*bridge.session.stream(tool, {"folder": str(folder)}, timeout=WAIT_S)]
        return bridge.session.execute(tool, {"folder": str(folder)}, timeout=WAIT_S)

    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(run)
        assert eventually((folder / "begun").exists, WAIT_S)
        assert refusal_of(lambda: bridge.session.set("y", 1.0)) is not None
        bridge.disk.heal()
        bridge.session.set("y", 2.0)
        (folder / "go").touch()
        return result.result()


@pytest.mark.parametrize(
    "tool", ["set_and_wait", "block_after_set", "fail_after_set", "set_twice", "stream_after_set"]
)
def test_a_tool_whose_change_is_not_saved_is_not_answered(bridge: Bridge, tool: str, tmp_path: Path) -> None:
    refusal = refusal_of(lambda: run_while_the_disk_is_full(bridge, tool, tmp_path))
    assert refusal is not None
    assert (refusal.code, refusal.message) == (
        grpc.StatusCode.UNAVAILABLE,
        "not all changes that this call made or read could be saved: read the variables again",
    )
    x = bridge.session.get("x")
    assert (x.value, x.version) == (0.0, 1)


def test_a_tool_without_changes_is_answered(bridge: Bridge, tmp_path: Path) -> None:
    assert run_while_the_disk_is_full(bridge, "wait", tmp_path) == 0.0
