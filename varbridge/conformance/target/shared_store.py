"""The store that bridges share: an etcd cluster on loopback, one for all scenarios of a run."""

from __future__ import annotations

from collections.abc import Sequence

from varbridge.conformance.faults.etcd import Cluster
from varbridge.conformance.faults.etcd_member import Member
from varbridge.conformance.faults.fault_proxy import FaultProxy
from varbridge.conformance.faults.http_client import open_url
from varbridge.conformance.faults.polling import eventually

MEMBERS = 3

_SERVING_TIMEOUT_S = 1.0
"""The time in which a healthy member must begin to serve clients, in seconds."""


class Store:
    """A shared store, which is started for the first scenario that needs it and repaired after each one."""

    def __init__(self) -> None:
        self._cluster: Cluster | None = None

    @property
    def cluster(self) -> Cluster:
        """The etcd cluster; raises EtcdError if etcd is not installed or does not start."""
        if self._cluster is None:
            self._cluster = Cluster(MEMBERS, election=500, heartbeat=50)
        return self._cluster

    def url(self, prefix: str, first: int, machine: str = "", lines: Sequence[FaultProxy] = ()) -> str:
        """Return the value of ``--store`` for a bridge.

        Args:
            prefix: the prefix of all keys; bridges with the same prefix share their state.
            first: the index of the member that the URL names first.
            machine: the name of the machine that the bridge is to assume; "" for the real one.
            lines: the fault proxies between the bridge and the members; empty for direct connections.
        """
        endpoints = [line.address for line in lines] or self.cluster.endpoints
        place = first % len(endpoints)
        url = f"etcd://{','.join(endpoints[place:] + endpoints[:place])}?prefix={prefix}"
        return f"{url}&machine={machine}" if machine else url

    def heal(self) -> None:
        """Start killed members, resume paused ones, and wait until every member answers."""
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
                # It could not announce itself while there was no leader, and would retry only after seconds.
                member.kill()
                member.start()
                self._cluster.wait_healthy()

    def stop(self) -> None:
        """Stop the cluster, and delete its data."""
        if self._cluster is not None:
            self._cluster.stop()
            self._cluster = None


def _serves(member: Member) -> bool:
    """Return True if a healthy member answers at its client port in time."""

    def answers() -> bool:
        try:
            with open_url(f"http://{member.endpoint}/health", timeout=_SERVING_TIMEOUT_S):
                return True
        except OSError:
            return False

    return eventually(answers, _SERVING_TIMEOUT_S)
