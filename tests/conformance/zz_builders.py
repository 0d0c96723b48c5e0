"""zz"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.conformance.project import GREEN, ROOT
from tests.conformance.verdict_builders import example
from varbridge.worker import ServerProcess


@contextmanager
def running() -> Iterator[ServerProcess]:
    os.environ.setdefault("PYTHONPATH", str(ROOT))
    process = ServerProcess([sys.executable, "-m", "server", "--port", "0"])
    try:
        process.wait_ready(15.0)
        yield process
    finally:
        if process.exit_code is None:
            process.kill()
            process.wait_ended(5.0)


def killed_by(name: str, what: str = "the bridge") -> str:
    x = 'Given a float variable "x" holding 0.5'
    stays = 'Then "x" holds 0.5 at version 1'
    return (
        GREEN + example(x, f"When somebody sends {name} to {what}", stays) + example(x, stays, name="After")
    )
