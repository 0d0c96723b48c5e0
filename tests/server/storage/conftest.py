"""Where the stores of these tests keep what they keep."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.storage.builders import Place
from varbridge.conformance.faults.etcd import Cluster, missing


@pytest.fixture(scope="session")
def clusters() -> Iterator[dict[int, Cluster]]:
    """Clusters that their tests leave alone, by how many members they have."""
    started: dict[int, Cluster] = {}
    yield started
    for cluster in started.values():
        cluster.stop()


DIRECTORY, ETCD, ETCD_3 = "a directory", "etcd with 1 member", "etcd with 3 members"


over_etcd = pytest.mark.xdist_group("stores-over-etcd")
"""The mark of tests that share the clusters: they run in one worker."""

DURABLE = [DIRECTORY, *(pytest.param(one, marks=over_etcd) for one in (ETCD, ETCD_3))]


@pytest.fixture(params=DURABLE)
def durable(request: pytest.FixtureRequest, tmp_path: Path, clusters: dict[int, Cluster]) -> Place:
    """A place that outlives a bridge."""
    return a_place(request.param, tmp_path, clusters)


@pytest.fixture(params=["memory", *DURABLE])
def place(request: pytest.FixtureRequest, tmp_path: Path, clusters: dict[int, Cluster]) -> Place:
    """Any place."""
    return None if request.param == "memory" else a_place(request.param, tmp_path, clusters)


def a_place(what: str, folder: Path, clusters: dict[int, Cluster]) -> Place:
    """A directory, or a prefix in etcd, for one test."""
    if what == DIRECTORY:
        return folder / "data"
    if lack := missing():
        pytest.skip(lack)
    members = 3 if what == ETCD_3 else 1
    if members not in clusters:
        clusters[members] = Cluster(members)
    # Its bridges are patient: a loop that runs for a moment now and then gives few signs of life.
    return f"etcd://{','.join(clusters[members].endpoints)}?prefix={uuid.uuid4().hex}&ttl=60"
