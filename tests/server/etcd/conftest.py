"""Clusters of etcd for these tests, and a hook that runs ``async`` tests."""

from __future__ import annotations

import asyncio
import inspect
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from varbridge.conformance.faults.etcd import Cluster, missing
from varbridge.conformance.faults.fault_proxy import FaultProxy

HERE = Path(__file__).parent

SHARED = ("unhurt", "single", "locked", "secure")
"""The fixtures of clusters for many tests; the tests that share a cluster run in the same worker."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE) and item.path.name != "test_address.py":
            item.add_marker(pytest.mark.timeout(180))
            if lack := missing():
                item.add_marker(pytest.mark.skip(reason=lack))
            for name in SHARED:
                if name in getattr(item, "fixturenames", ()):
                    item.add_marker(pytest.mark.xdist_group(f"etcd-{name}"))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@pytest.fixture(scope="session")
def single() -> Iterator[Cluster]:
    """A cluster of one member, for tests that do not stop it."""
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def unhurt() -> Iterator[Cluster]:
    with Cluster(3, election=500, heartbeat=50) as cluster:
        yield cluster


@pytest.fixture
def three(unhurt: Cluster) -> Iterator[Cluster]:
    """A cluster of three members, all of which are started again after a test."""
    yield unhurt
    for member in unhurt.members:
        if not member.alive:
            member.start()
        elif member.paused:
            member.go_on()
    unhurt.wait_healthy()


@pytest.fixture
def proxy(single: Cluster) -> Iterator[FaultProxy]:
    """A fault proxy to the single member."""
    opened = FaultProxy(single.endpoints[0])
    yield opened
    opened.close()


@pytest.fixture
def prefix() -> bytes:
    """The prefix of this test's keys, which no other test uses."""
    return f"{uuid.uuid4().hex}/".encode()
