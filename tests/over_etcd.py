"""``python -m tests.over_etcd [ARGUMENTS OF BEHAVE]``: a run of all features against a bridge that uses etcd.

The command starts an etcd cluster of one member on loopback, and judges a reference bridge that keeps its
state there. Each data directory that a scenario names becomes a prefix in etcd. A bridge without a data
directory gets a random prefix, because its state is not shared with any other bridge.
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
    """Replace this process by a bridge with these flags, whose prefix depends on ``--data-dir``."""
    rest = list(flags)
    prefix = secrets.token_hex(8)
    if "--data-dir" in rest:
        index = rest.index("--data-dir")
        prefix = hashlib.sha256(rest[index + 1].encode()).hexdigest()[:16]
        del rest[index : index + 2]
    # Under load, a bridge may not renew its record within the usual 3 s, and another one would take over.
    store = f"etcd://{endpoints}?prefix=features/{prefix}&ttl=10"
    os.execv(sys.executable, [sys.executable, "-m", "server", "--store", store, *rest])


def main(arguments: Sequence[str]) -> int:
    """Run the features and return the exit code of behave."""
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
