"""Helpers for the tests of verdicts and profiles: scenarios, and a bridge."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.conformance.project import GREEN, ROOT, Project
from varbridge.process import ServerProcess

MakeProject = Callable[..., Project]


def example(*steps: str, name: str = "One more", tags: str = "") -> str:
    lines = "".join(f"      {step}\n" for step in steps)
    return f"\n    {tags}\n    Example: {name}\n{lines}"


@contextmanager
def running() -> Iterator[ServerProcess]:
    os.environ.setdefault("PYTHONPATH", str(ROOT))
    process = ServerProcess([sys.executable, "-m", "server", "--port", "0"])
    try:
        process.wait_ready()
        yield process
    finally:
        if process.exit_code is None:
            process.kill()
            process.wait_ended(60.0)


def killed_by(name: str, target: str = "the bridge") -> str:
    x = 'Given a float variable "x" holding 0.5'
    stays = 'Then "x" holds 0.5 at version 1'
    return (
        GREEN + example(x, f"When somebody sends {name} to {target}", stays) + example(x, stays, name="After")
    )
