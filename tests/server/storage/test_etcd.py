"""The special cases of the store in etcd: large values, leftover keys, lost answers, and two owners."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from server.cluster.cluster import Cluster
from server.core.changes import ChangeContext
from server.core.errors import RefusalError, UnavailableError
from server.etcd.address import parse
from server.etcd.client import Etcd
from server.etcd.errors import NoAnswerError
from server.etcd.operations import delete, prefix_end
from server.etcd.operations import put as put_key
from server.storage.etcd.chunking import MAX_WHOLE_BYTES
from server.storage.etcd.keys import Keys
from server.storage.etcd.pipeline import MAX_OPERATIONS
from server.storage.etcd.store import EtcdStore
from server.storage.etcd.tombstones import forget_oldest
from tests.server.core.builders import put, reader, register
from tests.server.storage.builders import Bridge, a_bridge
from tests.server.storage.conftest import ETCD, a_place, over_etcd
from varbridge.conformance.faults.etcd import Cluster as Members

pytestmark = over_etcd


@pytest.fixture
def url(tmp_path: Path, clusters: dict[int, Members]) -> str:
    """The URL of an unused prefix in etcd with one member."""
    place = a_place(ETCD, tmp_path, clusters)
    assert isinstance(place, str)
    return place


def cluster_of(bridge: Bridge) -> Cluster:
    assert bridge.cluster is not None
    return bridge.cluster


def keys_of(bridge: Bridge, url: str, part: str = "") -> list[str]:
    """Return the keys of the state of ``tuning``, or of a part of it, without their common prefix."""
    start = Keys(parse(url).prefix).state("tuning").prefix
    etcd = cluster_of(bridge).etcd
    page = bridge.run(etcd.range(start + part.encode(), prefix_end(start + part.encode()), timeout=5.0))
    return [pair.key[len(start) :].decode() for pair in page.kvs]


def test_long_values_come_back_and_leave_nothing_behind(url: str) -> None:
    texts = [str(number) * (MAX_WHOLE_BYTES * 3 + 17) for number in range(3)]
    with a_bridge(url) as bridge:
        session = bridge.open()
        constraints = {"enum": [*texts, "short"]}
        bridge.do(lambda: register(session, "long", "short", kind="string", constraints=constraints))
        for text in texts:
            bridge.do(lambda text=text: put(session, "long", text, kind="string"))
        before = bridge.snapshots()
        assert len(keys_of(bridge, url, "part/")) > 6
    with a_bridge(url) as bridge:
        assert bridge.snapshots() == before
        session = bridge.open()
        assert session.get("long").value.native() == texts[-1]
        bridge.do(lambda: bridge.sessions.close("tuning"))
        assert keys_of(bridge, url) == []


def test_a_batch_that_exceeds_one_transaction_is_atomic(url: str) -> None:
    names = [f"v{number}" for number in range(3 * MAX_OPERATIONS)]
    with a_bridge(url) as bridge:
        session = bridge.open()

        def fill() -> None:
            for name in names:
                register(session, name, 0.0)

        bridge.do(fill)
        for turn in range(1, 4):
            readers = {name: reader("float", float(turn)) for name in names}
            bridge.do(lambda readers=readers: session.set_many(readers, ChangeContext(), atomic=True))
        bridge.do(lambda: put(session, "v0", 9.0))
        before = bridge.snapshots()
        assert len(keys_of(bridge, url, "change/")) == len(names) + 3 + 1
    with a_bridge(url) as bridge:
        assert bridge.snapshots() == before


def test_compacted_changes_are_deleted(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.core.compaction.FLUSH_COUNT", 10)
    limits = {"history": 3, "log_changes": 5, "request_ids": 4}
    with a_bridge(url, **limits) as bridge:
        session = bridge.open()
        bridge.do(lambda: register(session, "rate", 0.0))
        bridge.do(lambda: register(session, "idle", 0.0))
        for number in range(300):
            bridge.do(lambda number=number: put(session, "rate", 0.0, request_id=f"r{number}"))
            if number % 50 == 0:
                name = f"short-lived {number}"
                bridge.do(lambda name=name: register(session, name, 0.0))
                bridge.do(lambda name=name: session.depend("rate", name, "derived"))
                bridge.do(lambda name=name: session.delete(name, ChangeContext()))
        bridge.run(cluster_of(bridge).store.pipelines["tuning"].flush())
        assert len(keys_of(bridge, url, "change/")) <= 2 + 5 + 2 * 10
        assert len(keys_of(bridge, url, "answer/")) == 4
        assert len(keys_of(bridge, url, "variable/")) <= 3
        assert keys_of(bridge, url, "follows/") == []
        before = bridge.snapshots()
    with a_bridge(url, **limits) as bridge:
        assert bridge.snapshots() == before


class Lossy:
    """A patch that drops the answers of some transactions after etcd has applied them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
        self.left = 0
        self._times = times
        real = Etcd.txn

        async def txn(etcd: Etcd, *arguments: Any, **options: Any) -> Any:
            reply = await real(etcd, *arguments, **options)
            if self.left:
                self.left -= 1
                raise NoAnswerError("lost on the way")
            return reply

        monkeypatch.setattr(Etcd, "txn", txn)

    def lose(self) -> None:
        self.left = self._times


@pytest.mark.parametrize("times", [1, 3])
def test_a_change_whose_answer_is_lost_is_applied_once(
    url: str, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    lossy = Lossy(monkeypatch, times)
    with a_bridge(url) as bridge:
        session = bridge.open()
        bridge.do(lambda: register(session, "rate", 0.0))
        for _ in range(5):
            lossy.lose()
            bridge.do(lambda: put(session, "rate", 1.0))
        assert session.get("rate").version == 6
        before = bridge.snapshots()
    with a_bridge(url) as bridge:
        assert bridge.snapshots() == before


def test_a_bridge_that_lost_a_session_cannot_change_it(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "server.cluster.owner_table.OwnerTable.apply", lambda *_: None
    )  # it has not heard of it yet
    with a_bridge(url) as bridge:
        session = bridge.open()
        bridge.do(lambda: register(session, "rate", 0.0))
        watch, _ = session.watch([], lambda: None)

        owner = Keys(parse(url).prefix).owner("tuning")

        async def taken_away_meanwhile() -> None:
            await cluster_of(bridge).etcd.txn([], [put_key(owner, b"another")], timeout=5.0)
            put(session, "rate", 1.0)
            flushed = bridge.store.flushed("tuning")
            assert flushed is not None
            await flushed

        with pytest.raises(UnavailableError, match="another bridge has the session"):
            bridge.run(taken_away_meanwhile())
        assert isinstance(watch.ended, RefusalError)
        assert watch.take() == []
        assert bridge.open().get("rate").version == 1


def test_a_bridge_that_is_declared_gone_while_it_takes_a_session_does_not_serve_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_bridge(url) as bridge:
        cluster, real = cluster_of(bridge), EtcdStore.take
        assert cluster.membership is not None

        async def declared_gone_meanwhile(store: EtcdStore, *arguments: Any) -> Any:
            content = await real(store, *arguments)
            cluster.membership.id = "another"
            return content

        monkeypatch.setattr(EtcdStore, "take", declared_gone_meanwhile)
        with pytest.raises(UnavailableError):
            bridge.run(cluster.ownership.find("tuning", opens=True))
        assert not cluster.ownership.has("tuning")
        assert not bridge.sessions.is_open("tuning")


def test_a_session_taken_while_the_owners_are_read_stays(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with a_bridge(url) as bridge:
        owners, everybody = cluster_of(bridge).ownership, Keys(parse(url).prefix).live
        real = Etcd.range

        async def taken_after_it(etcd: Etcd, start: bytes, *arguments: Any, **options: Any) -> Any:
            page = await real(etcd, start, *arguments, **options)
            if start == everybody:
                assert await owners.find("tuning", opens=True) is None
            return page

        monkeypatch.setattr(Etcd, "range", taken_after_it)
        bridge.run(owners.table.read_all())
        assert owners.has("tuning")


def test_a_session_without_an_owner_when_the_owners_are_read_is_dropped(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "server.cluster.owner_table.OwnerTable.apply", lambda *_: None
    )  # it has not heard of it yet
    with a_bridge(url) as bridge:
        owners, owner = cluster_of(bridge).ownership, Keys(parse(url).prefix).owner("tuning")
        bridge.open()
        bridge.run(cluster_of(bridge).etcd.txn([], [delete(owner)], timeout=5.0))
        bridge.run(owners.table.read_all())
        assert not owners.has("tuning")


async def until_given_up(cluster: Cluster, session_id: str) -> None:
    """Wait until a bridge has given up the ownership of a session, which it checks several times a second."""
    assert cluster.membership is not None
    cluster.membership.ttl = 1.0
    async with asyncio.timeout(10.0):
        while session_id in cluster.store.pipelines:
            await asyncio.sleep(0.01)


def test_a_session_whose_opening_is_refused_is_given_up(url: str) -> None:
    with a_bridge(url) as bridge:
        bridge.do(lambda: None)
        assert "tuning" in cluster_of(bridge).store.pipelines
        bridge.run(until_given_up(cluster_of(bridge), "tuning"))
        assert keys_of(bridge, url) == []


def test_a_session_is_not_given_up_while_a_call_about_it_runs(url: str) -> None:
    with a_bridge(url) as bridge:
        cluster = cluster_of(bridge)

        async def check() -> None:
            with cluster.ownership.running("tuning"):
                for session_id in ("tuning", "unused"):
                    await cluster.ownership.find(session_id, opens=True)
                for _ in range(3):  # the bridge checks all unused sessions in one go
                    await until_given_up(cluster, "unused")
                    assert "tuning" in cluster.store.pipelines
                    await cluster.ownership.find("unused", opens=True)
            await until_given_up(cluster, "tuning")

        bridge.run(check())


def test_the_oldest_ends_are_forgotten_and_their_sequences_are_not_used_again(url: str) -> None:
    with a_bridge(url) as bridge:
        for number in range(12):
            session = bridge.open(f"session {number}")
            bridge.do(lambda session=session: register(session, "rate", 0.0))
            bridge.do(lambda session=session: put(session, "rate", 1.0))
            bridge.do(lambda number=number: bridge.sessions.close(f"session {number}"))
        etcd, keys = cluster_of(bridge).etcd, Keys(parse(url).prefix)
        for _ in range(2):
            bridge.run(forget_oldest(etcd, keys, 5))
        start = keys.ended_all
        left = bridge.run(etcd.range(start, prefix_end(start), timeout=5.0)).kvs
        assert len(left) == 5
        assert bridge.run(etcd.range(keys.min_next_sequence, timeout=5.0)).kvs[0].value == b"3"
    with a_bridge(url) as bridge:
        assert bridge.open("session 0").start_sequence == 3  # above its own, which was 2
        assert bridge.open("session 11").start_sequence == 3
        assert bridge.open("new").start_sequence == 3
