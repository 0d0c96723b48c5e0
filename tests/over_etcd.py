"""All features over etcd: ``python -m tests.over_etcd [BEHAVE'S ARGUMENTS]``.

Starts etcd with one member on loopback, and has the features judge a reference bridge that keeps its state
there. Each data directory that a scenario names becomes a prefix in etcd, and a bridge without one gets a
prefix of its own, as it would have a memory of its own.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

PROFILE = Path(__file__).with_name("over_etcd.toml")


def serve(endpoints: str, flags: Sequence[str]) -> None:
    """Become a bridge with these flags; ``--data-dir`` says which prefix it has."""
    rest = list(flags)
    prefix = secrets.token_hex(8)
    if "--data-dir" in rest:
        place = rest.index("--data-dir")
        prefix = hashlib.sha256(rest[place + 1].encode()).hexdigest()[:16]
        del rest[place : place + 2]
    store = f"etcd://{endpoints}?prefix=features/{prefix}"
    os.execv(sys.executable, [sys.executable, "-m", "server", "--store", store, *rest])


def main(arguments: Sequence[str]) -> int:
    """Run the features; return behave's exit code."""
    from varbridge.conformance.faults.etcd import Cluster

    with Cluster(1) as cluster:
        command = f"{sys.executable} -m tests.over_etcd serve {','.join(cluster.endpoints)}"
        return subprocess.run(
            ["behave", *(arguments or ["features/"]), "-D", f"command={command}", "-D", f"profile={PROFILE}"],
            check=False,
        ).returncode


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2], sys.argv[3:])
    sys.exit(main(sys.argv[1:]))
