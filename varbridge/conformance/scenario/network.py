"""The machine that the suite runs on."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import closing, suppress
from ipaddress import ip_address


def addresses() -> Sequence[str]:
    """The addresses that other machines may know, none of them loopback; empty where there is no network."""
    found = {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None)}
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe, suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # sends nothing: it tells which address would be used
        found.add(probe.getsockname()[0])
    return sorted(one for one in found if not ip_address(one.partition("%")[0]).is_loopback)
