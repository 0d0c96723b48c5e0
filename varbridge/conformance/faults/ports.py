"""Free ports on loopback for processes that will listen there."""

from __future__ import annotations

import random
import socket
from collections import deque
from contextlib import suppress
from pathlib import Path

MAX_RESERVED = 100
"""The number of ports that this process reserves; the oldest ones are in use by then."""

_reserved: deque[socket.socket] = deque()


def free_ports(count: int) -> list[int]:
    """Return ports at which no process listens, and which no other process gets from this function.

    They are below the range of ephemeral ports: otherwise a client that retries to connect to a killed server
    could get the server's port as its own, and the server could not start again.

    Raises:
        OSError: there are too few free ports.
    """
    first = 32768
    with suppress(OSError):  # not on Linux
        first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    ports: list[int] = []
    # The system's random numbers: Hypothesis gives every process the same sequence of the others.
    for port in random.SystemRandom().sample(range(10000, max(first, 20000)), 1000):
        if len(ports) == count:
            return ports
        if _is_free(port) and _reserve(port):
            ports.append(port)
    raise OSError(f"found fewer than {count} free ports on loopback")


def _is_free(port: int) -> bool:
    with socket.socket() as probe, suppress(OSError):
        probe.bind(("127.0.0.1", port))
        return True
    return False


def _reserve(port: int) -> bool:
    """Reserve a port by the UDP port of the same number; return False if another process has reserved it."""
    reservation = socket.socket(type=socket.SOCK_DGRAM)
    try:
        reservation.bind(("127.0.0.1", port))
    except OSError:
        reservation.close()
        return False
    _reserved.append(reservation)
    if len(_reserved) > MAX_RESERVED:
        _reserved.popleft().close()
    return True
