"""The network addresses of the machine that the suite runs on."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import closing, suppress
from ipaddress import ip_address


def addresses() -> Sequence[str]:
    """Return the machine's addresses that are not loopback addresses; empty if there is no network."""
    candidates = {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None)}
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe, suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # sends nothing, but selects the address that would be used
        candidates.add(probe.getsockname()[0])
    return sorted(address for address in candidates if not ip_address(address.partition("%")[0]).is_loopback)
