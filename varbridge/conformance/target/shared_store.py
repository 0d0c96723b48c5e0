"""The store that bridges share: a cluster of etcd on loopback, one for all scenarios of a run."""

from __future__ import annotations

import urllib.request
from collections.abc import Sequence

from varbridge.conformance.faults.etcd import Cluster
from varbridge.conformance.faults.etcd_member import Member
from varbridge.conformance.faults.fault_proxy import FaultProxy
from varbridge.conformance.faults.polling import eventually

MEMBERS = 3

_SERVING = 1.0
"""Seconds that a member that is healthy may take until it serves clients."""

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Store:
    """Started when the first scenario asks for it; every scenario gives it back as it found it."""

    def __init__(self) -> None:
        self._cluster: Cluster | None = None

    @property
    def cluster(self) -> Cluster:
        """Its members. Raises EtcdError where etcd is not installed, or does not start."""
        if self._cluster is None:
            self._cluster = Cluster(MEMBERS, election=500, heartbeat=50)
        return self._cluster

    def url(self, prefix: str, first: int, machine: str = "", lines: Sequence[FaultProxy] = ()) -> str:
        """What a bridge is told.

        Args:
            prefix: of the state; bridges with the same one share it.
            first: the number of the member that is named first.
            machine: the name of the machine that the bridge is to believe itself on; "" for the true one.
            lines: to the members, where the bridge is to reach them over lines of its own.
        """
        endpoints = [line.address for line in lines] or self.cluster.endpoints
        place = first % len(endpoints)
        told = f"etcd://{','.join(endpoints[place:] + endpoints[:place])}?prefix={prefix}"
        return f"{told}&machine={machine}" if machine else told

    def heal(self) -> None:
        """Have every member run and answer again, whatever became of it."""
        if self._cluster is None:
            return
        for member in self._cluster.members:
            if not member.alive:
                member.start()
            elif member.paused:
                member.go_on()
        self._cluster.wait_healthy()
        for member in self._cluster.members:
            while not _serves(member):
                # It told nobody that it is there, since nobody led, and waits for seconds to tell it again.
                member.kill()
                member.start()
                self._cluster.wait_healthy()

    def stop(self) -> None:
        """End it, and delete what it kept."""
        if self._cluster is not None:
            self._cluster.stop()
            self._cluster = None


def _serves(member: Member) -> bool:
    """Whether a member answers where clients ask, within its time; that it is healthy it says before."""

    def answers() -> bool:
        try:
            with _DIRECT.open(f"http://{member.endpoint}/health", timeout=_SERVING):
                return True
        except OSError:
            return False

    return eventually(answers, _SERVING)
