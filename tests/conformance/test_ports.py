"""Free ports: two processes at the same time do not get the same one."""

from __future__ import annotations

import subprocess
import sys

from varbridge.conformance.faults import ports
from varbridge.conformance.faults.ports import MAX_RESERVED, free_ports

RESERVE = (
    "import sys; from varbridge.conformance.faults import ports; print(ports._reserve(int(sys.argv[1])))"
)


def reserve_elsewhere(port: int) -> bool:
    """Return True if another process can reserve a port."""
    command = [sys.executable, "-c", RESERVE, str(port)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout == "True\n"


def test_another_process_does_not_get_the_same_port() -> None:
    (port,) = free_ports(1)
    assert not reserve_elsewhere(port)
    for _ in range(MAX_RESERVED):
        free_ports(1)
    assert len(ports._reserved) == MAX_RESERVED
    assert reserve_elsewhere(port)
