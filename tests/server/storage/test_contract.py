"""The contract of all stores, and of durable ones: they return the same state after a restart."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from pathlib import Path

import numpy
import pytest

from server.core.changes import ChangeContext
from server.core.compaction import FLUSH_COUNT
from server.core.errors import OutOfRangeError, RefusalError
from server.core.locks import LOCK_TIMEOUT_S
from server.core.parameters import Parameter
from server.core.registered_tools import RegisteredTool
from server.core.values import Value, read_value
from server.storage.records import Changed, Opened
from server.storage.sqlite import store as sqlite_store
from server.storage.sqlite.store import SqliteStore
from server.storage.store import Store
from tests.server.core.builders import FakeClock, put, reader, register, sent_binary
from tests.server.core.session_builders import values
from tests.server.storage.builders import Bridge, Place, a_bridge
from tests.server.storage.conftest import DIRECTORY, ETCD, ETCD_3


def test_records_are_published_in_the_order_of_writing(place: Place) -> None:
    published: list[int] = []

    async def write(store: Store) -> None:
        store.write(Opened("tuning", {}, 1, 60.0, 0), lambda: published.append(0))
        for number in range(1, 20):
            store.write(Changed("tuning", ()), lambda number=number: published.append(number))
            if number % 5 == 0:
                await asyncio.sleep(0)
        flushed = store.flushed("tuning")
        if flushed is not None:
            await flushed
        assert store.flushed("tuning") is None
        assert published == [*range(20)]

    with a_bridge(place) as bridge:
        bridge.do(lambda: None)
        bridge.run(write(bridge.store))


def test_closing_keeps_what_was_written(place: Place) -> None:
    published: list[str] = []

    async def write(store: Store) -> None:
        store.write(Opened("tuning", {}, 1, 60.0, 0), lambda: published.append("tuning"))

    with a_bridge(place) as bridge:
        bridge.do(lambda: None)
        bridge.run(write(bridge.store))
    assert published == ["tuning"]


def test_nothing_is_published_before_it_is_durable(tmp_path: Path) -> None:
    async def write() -> None:
        store = SqliteStore(tmp_path)
        store.load()
        published: list[bool] = []

        def publish() -> None:
            published.append(store.connection.in_transaction)

        store.write(Opened("s", {}, 1, 60.0, 0), publish)
        flushed = store.flushed("s")
        assert flushed is not None
        assert published == []
        await flushed
        assert published == [False]
        await store.close()

    asyncio.run(write())


def fill(bridge: Bridge) -> None:
    """Write records of every kind."""
    session = bridge.open(metadata={"team": "ranking"}, ttl=5)
    bridge.do(lambda: register(session, "rate", 0.1, constraints={"min": 0, "max": 1}, metadata={"a": "1"}))
    bridge.do(lambda: put(session, "rate", 0.2, metadata={"source": "elixir", "changed_by": "Ada"}))
    bridge.do(lambda: put(session, "rate", 0.3, request_id="first"))
    bridge.do(lambda: register(session, "model", "gpt-4", kind="choice", constraints={"choices": ["gpt-4"]}))
    array = numpy.arange(6, dtype="<f4").tobytes()
    header = sent_binary("tensor", [2, 3], "float32")
    bridge.do(
        lambda: session.register(
            "weights",
            "tensor",
            "",
            lambda kind, c: read_value(header, array, kind, c, "value"),
            ChangeContext(),
        )
    )
    bridge.do(lambda: register(session, "gone", 1.0))
    bridge.do(lambda: session.depend("rate", "model", "derived"))
    bridge.do(lambda: session.depend("rate", "gone", "derived"))
    bridge.do(lambda: put(session, "rate", 0.4))
    bridge.do(lambda: session.delete("gone", ChangeContext({"why": "over"})))
    bridge.do(lambda: register(session, "gone", "again", kind="string"))
    bridge.do(
        lambda: session.set_many(
            {"rate": reader("float", 0.5), "gone": reader("string", "x")}, ChangeContext(), atomic=True
        )
    )
    bridge.do(lambda: session.roll_back("rate", 1, ChangeContext()))
    bridge.do(lambda: session.start_optimization("rate", "tuner"))
    default = Value("string", '"grüße"'.encode())
    takes = (Parameter("text", "string", required=False, default=default), Parameter("n", "integer", True))
    for tool_id in ("tool-1", "tool-2"):
        tools = [
            RegisteredTool(tool_id + name, name, "What it is for", takes, {"a": "1"}, True, "localhost:1")
            for name in ("translate", "shout")
        ]
        bridge.do(lambda tools=tools: session.register_tools(tools))
    other = bridge.open("other")
    bridge.do(lambda: register(other, "rate", 7, kind="integer"))
    bridge.open("ended")
    bridge.do(lambda: bridge.sessions.close("ended"))


def test_everything_is_there_again(durable: Place) -> None:
    with a_bridge(durable) as bridge:
        fill(bridge)
        before = bridge.snapshots()
        clock = bridge.clock
    with a_bridge(durable, clock) as bridge:
        assert bridge.snapshots() == before
        session = bridge.open()
        assert session.metadata == {"team": "ranking"}
        # Further changes continue from there.
        assert bridge.do(lambda: put(session, "rate", 0.9, request_id="first")) == 3
        with pytest.raises(RefusalError, match="held by tuner"):
            put(session, "rate", 0.9)
        assert bridge.do(lambda: put(session, "rate", 0.9, metadata={"optimizer_id": "tuner"})) == 7
        newest = session.log.newest
        assert (newest.kind, newest.metadata["cause"]) == ("dependency_change", "rate")
        with pytest.raises(RefusalError, match="cycle"):
            session.depend("model", "rate", "derived")
        after = bridge.snapshots()
    with a_bridge(durable, clock) as bridge:
        assert bridge.snapshots() == after


def test_a_session_lives_on_for_its_own_time(durable: Place) -> None:
    clock = FakeClock()
    with a_bridge(durable, clock) as bridge:
        bridge.open("short", ttl=5)
        bridge.open("long", ttl=500)
    clock.advance(1000)
    with a_bridge(durable, clock) as bridge:
        assert sorted(bridge.ids()) == ["long", "short"]
        clock.advance(6)
        bridge.do(bridge.sessions.expire)
        assert bridge.ids() == ["long"]
    with a_bridge(durable, clock) as bridge:
        assert bridge.ids() == ["long"]


def test_a_lock_lapses_when_its_holder_was_silent_long_enough_over_a_restart(durable: Place) -> None:
    clock = FakeClock()
    with a_bridge(durable, clock) as bridge:
        session = bridge.open(ttl=100_000)
        bridge.do(lambda: register(session, "rate", 0.1))
        bridge.do(lambda: session.start_optimization("rate", "tuner"))
    clock.advance(LOCK_TIMEOUT_S - 10)
    with a_bridge(durable, clock) as bridge:
        session = bridge.open()
        with pytest.raises(RefusalError, match="held by tuner"):
            put(session, "rate", 0.2)
        clock.advance(11)
        assert bridge.do(lambda: put(session, "rate", 0.2)) == 2


def test_a_session_opened_again_goes_on_above_its_old_sequence(durable: Place) -> None:
    with a_bridge(durable) as bridge:
        session = bridge.open()
        bridge.do(lambda: register(session, "rate", 0.1))
        bridge.do(lambda: bridge.sessions.close("tuning"))
    with a_bridge(durable) as bridge:
        again = bridge.open()
        assert again.sequence == 2
        with pytest.raises(OutOfRangeError):
            again.watch([], lambda: None, 1)


def test_time_does_not_go_backwards_over_a_restart(durable: Place) -> None:
    with a_bridge(durable) as bridge:
        session = bridge.open()
        bridge.clock.advance(10)
        before = bridge.do(lambda: register(session, "rate", 0.1)).updated_at
    with a_bridge(durable, FakeClock()) as bridge:
        session = bridge.open()
        bridge.do(lambda: put(session, "rate", 0.2))
        assert session.get("rate").updated_at == before


def test_no_restart_shortens_a_history_that_is_longer_than_the_log(durable: Place) -> None:
    with a_bridge(durable, log_changes=10) as bridge:
        session = bridge.open()
        bridge.do(lambda: (register(session, "seldom", 0.0), register(session, "often", 0.0)))
        bridge.do(lambda: [put(session, "seldom", float(number)) for number in range(3)])
    for _ in range(4):
        with a_bridge(durable, log_changes=10) as bridge:
            session = bridge.open()
            versions = [change.variable.version for change in session.history("seldom")]
            assert versions == [4, 3, 2, 1]
            # Fewer changes than the store deletes at once: the others of them are read at the next start.
            bridge.do(lambda session=session: [put(session, "often", 1.0) for _ in range(FLUSH_COUNT - 50)])


def test_the_rows_of_an_ended_session_are_deleted(tmp_path: Path) -> None:
    with a_bridge(tmp_path) as bridge:
        session = bridge.open()
        for number in range(300):
            bridge.do(lambda number=number: register(session, f"v{number}", 0.1))
        bridge.do(lambda: session.depend("v0", "v1", ""))
        bridge.do(lambda: put(session, "v0", 1.0, request_id="r"))
        tool = RegisteredTool("t", "shout", "", (), {}, False, "localhost:1")
        bridge.do(lambda: session.register_tools([tool]))
        bridge.do(lambda: bridge.sessions.close("tuning"))
        store = bridge.store
        assert isinstance(store, SqliteStore)
        bridge.run(_swept(store))
        for table in ("sessions", "variables", "versions", "log", "dependencies", "answers", "tools"):
            assert store.connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table


def test_calls_run_while_a_large_batch_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_store, "SLICE_S", 0.0)
    names = [f"v{number}" for number in range(100)]
    with a_bridge(tmp_path) as bridge:
        session = bridge.open()
        for name in names:
            bridge.do(lambda name=name: register(session, name, 0.1))

        async def set_all() -> int:
            session.set_many({name: reader("float", 0.5) for name in names}, ChangeContext(), atomic=True)
            written = bridge.store.flushed("tuning")
            assert written is not None
            others = 0
            while not written.done():
                others += 1
                put(session, "v0", float(others))
                await asyncio.sleep(0)
            await bridge.settle()
            return others

        others = bridge.run(set_all())
        assert others > len(names), "fewer turns of the event loop than changes"
    with a_bridge(tmp_path) as bridge:
        session = bridge.open()
        assert values(session) == {"v0": others, **dict.fromkeys(names[1:], 0.5)}
        assert session.get("v0").version == 2 + others


async def _swept(store: SqliteStore) -> None:
    async with asyncio.timeout(20.0):
        while store.writer.unswept:
            await asyncio.sleep(0)


CHANCES = {
    "register": 6,
    "set": 12,
    "ask": 4,
    "delete": 2,
    "batch": 3,
    "roll back": 2,
    "depend": 2,
    "hold": 0.3,
    "end": 0.3,
    "close": 2,
}
"""The relative frequency of each step."""

SEEDS = {DIRECTORY: 40, ETCD: 12, ETCD_3: 6}
"""The number of runs by the kind of place: a run in etcd takes longer."""


@pytest.mark.parametrize(
    ("durable", "seed"),
    [(where, seed) for where, count in SEEDS.items() for seed in range(count)],
    indirect=["durable"],
)
def test_whatever_happens_it_is_there_again(durable: Place, seed: int) -> None:
    chance = random.Random(seed)
    clock = FakeClock()
    limits = {
        "log_changes": chance.randint(1, 8),
        "history": chance.randint(1, 5),
        "request_ids": 2,
        "variables": 3,
    }
    many = chance.randint(1, 7)
    chosen = chance.choices([*CHANCES], [*CHANCES.values()], k=120)
    steps = ((step, chance.choice("abc")) for step in chosen)
    over = False
    while not over:
        with pytest.MonkeyPatch.context() as patch, a_bridge(durable, clock, **limits) as bridge:
            patch.setattr("server.core.compaction.FLUSH_COUNT", many)
            over = True
            for step, name in steps:
                clock.advance(0.001)
                if step == "close":
                    over = False
                    break
                with suppress(RefusalError):
                    bridge.do(lambda step=step, name=name: _step(bridge, step, name))
            before = bridge.snapshots()
        with a_bridge(durable, clock, **limits) as bridge:
            after = bridge.snapshots()
            assert after.keys() == before.keys()
            for session_id, parts in before.items():
                for part_before, part_after in zip(parts, after[session_id], strict=True):
                    assert part_after == part_before


def _step(bridge: Bridge, step: str, name: str) -> object:
    if step == "end":
        return bridge.sessions.close("tuning")
    with bridge.sessions.opening("tuning") as session:
        pass
    match step:
        case "register":
            return register(session, name, 0.0)
        case "set":
            return put(session, name, float(session.sequence))
        case "ask":
            return put(session, name, float(session.sequence), request_id=f"r{session.sequence}")
        case "delete":
            return session.delete(name, ChangeContext())
        case "batch":
            readers = {letter: reader("float", float(session.sequence)) for letter in "abc"}
            return session.set_many(readers, ChangeContext({"source": "elixir"}), atomic=False)
        case "roll back":
            return session.roll_back(name, session.get(name).version - 1, ChangeContext())
        case "depend":
            return session.depend(name, {"a": "b", "b": "c", "c": "a"}[name], f"kind {session.sequence}")
        case _:
            return session.start_optimization(name, "tuner")
