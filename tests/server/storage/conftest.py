"""Fixtures for the tests of the stores: the places of their data."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.storage.builders import Place
from varbridge.conformance.faults.etcd import Cluster, missing


@pytest.fixture(scope="session")
def clusters() -> Iterator[dict[int, Cluster]]:
    """Shared clusters of etcd that no test stops, by the number of their members."""
    started: dict[int, Cluster] = {}
    yield started
    for cluster in started.values():
        cluster.stop()


DIRECTORY, ETCD, ETCD_3 = "a directory", "etcd with 1 member", "etcd with 3 members"


over_etcd = pytest.mark.xdist_group("stores-over-etcd")
"""The mark of tests that share the clusters: they run in one worker."""

DURABLE = [DIRECTORY, *(pytest.param(kind, marks=over_etcd) for kind in (ETCD, ETCD_3))]


@pytest.fixture(params=DURABLE)
def durable(request: pytest.FixtureRequest, tmp_path: Path, clusters: dict[int, Cluster]) -> Place:
    """A place whose data survives a bridge."""
    return a_place(request.param, tmp_path, clusters)


@pytest.fixture(params=["memory", *DURABLE])
def place(request: pytest.FixtureRequest, tmp_path: Path, clusters: dict[int, Cluster]) -> Place:
    """A place of any kind, the memory included."""
    return None if request.param == "memory" else a_place(request.param, tmp_path, clusters)


def a_place(kind: str, folder: Path, clusters: dict[int, Cluster]) -> Place:
    """Return a directory, or a URL with a prefix in etcd, for one test."""
    if kind == DIRECTORY:
        return folder / "data"
    if lack := missing():
        pytest.skip(lack)
    members = 3 if kind == ETCD_3 else 1
    if members not in clusters:
        clusters[members] = Cluster(members)
    # The time to live is long, because the tests' loop seldom runs and so renews liveness records rarely.
    return f"etcd://{','.join(clusters[members].endpoints)}?prefix={uuid.uuid4().hex}&ttl=60"
