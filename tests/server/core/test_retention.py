"""Tests of the bytes that a bridge retains: what is counted, refused and released."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from server.core.changes import ChangeContext
from server.core.clock import SystemClock
from server.core.constraints import MAX_PATTERN_BYTES
from server.core.errors import ResourceExhaustedError
from server.core.limits import Limits
from server.core.registered_tools import RegisteredTool
from server.core.session import Session
from server.core.sessions import Sessions
from tests.server.core.builders import reader

LIMITS = Limits(bytes=1_000_000, log_changes=3, history=3)


@pytest.fixture
def sessions() -> Sessions:
    return Sessions(SystemClock(), LIMITS, 60.0)


def tool(name: str, **metadata: str) -> RegisteredTool:
    return RegisteredTool(f"tool_{name}", name, "", (), metadata, False, "localhost:1")


def register(session: Session, name: str, size: int) -> None:
    session.register(name, "string", "", reader("string", "x" * size), ChangeContext())


def recounted(session: Session) -> tuple[int, int]:
    """Return the bytes that were counted change by change, and those that counting again finds."""
    before = session._retained._bridge.total
    session.count_retained()
    return before, session._retained._bridge.total


def test_watches_are_counted_until_they_end(sessions: Sessions) -> None:
    with sessions.opening("s") as session:
        register(session, "n" * 200, 1)
    before = session._retained._bridge.total
    watches = [session.watch(["n" * 200] * 100, lambda: None)[0] for _ in range(3)]
    counted, again = recounted(session)
    assert counted == again > before + 3 * 20_000
    for watch in watches:
        watch.close()
        watch.close()
    assert session._retained._bridge.total == before
    with pytest.raises(ResourceExhaustedError, match="--max-bytes"):
        session.watch(["n" * 200] * 10_000, lambda: None)
    assert not session.log.watches


@pytest.mark.parametrize("has_unsent_values", [True, False])
def test_an_ended_session_counts_until_its_watches_are_read(
    sessions: Sessions, has_unsent_values: bool
) -> None:
    with sessions.opening("s") as session:
        register(session, "a", 100_000)
    watches = [session.watch(["a"], lambda: None)[0] for _ in range(2)]
    if has_unsent_values:
        watches[1].initial.append(lambda: b"value")
    before = sessions._retained.total
    sessions.close("s")
    assert sessions._retained.total == (
        before if has_unsent_values else session.log.size + sum(watch.size for watch in watches)
    )
    watches[1].close()
    assert sessions._retained.total >= session.log.size + watches[0].size
    watches[0].close()
    watches[0].close()
    assert sessions._retained.total == 0


CHANGES: list[Callable[[Session], object]] = [
    lambda session: register(session, "a", 1_000),
    lambda session: register(session, "b", 10),
    *(
        lambda session, size=size: session.set(
            "a", reader("string", "x" * size), ChangeContext({"why": "because"}), f"request-{size}"
        )
        for size in range(6)
    ),
    lambda session: session.set_many(
        {"a": reader("string", "y" * 99), "b": reader("string", "z")}, ChangeContext(), atomic=True
    ),
    lambda session: session.depend("a", "b", "follows"),
    lambda session: session.depend("a", "b", "again"),
    lambda session: session.roll_back("a", 8, ChangeContext()),
    lambda session: session.register_tools([tool("t", owner="Ada"), tool("u")]),
    lambda session: session.register_tools([tool("t")]),
    lambda session: session.delete("a", ChangeContext()),
]


def test_every_change_is_counted_as_it_would_be_counted_again(sessions: Sessions) -> None:
    with sessions.opening("s", {"owner": "Ada"}) as session:
        pass
    for number, change in enumerate(CHANGES):
        change(session)
        before, after = recounted(session)
        assert before == after, f"after change {number}"
    sessions.close("s")
    assert sessions._retained.total == 0


def test_a_change_beyond_the_limit_is_refused_and_changes_nothing(sessions: Sessions) -> None:
    with sessions.opening("s") as session:
        register(session, "a", 10)
    total = sessions._retained.total
    with pytest.raises(ResourceExhaustedError, match=r"--max-bytes"):
        session.set("a", reader("string", "x" * 500_000), ChangeContext())
    with pytest.raises(ResourceExhaustedError, match=r"--max-bytes"):
        register(session, "b", 500_000)
    with pytest.raises(ResourceExhaustedError, match=r"--max-bytes"):
        session.register_tools([tool("t", text="x" * 1_000_000)])
    with (
        pytest.raises(ResourceExhaustedError, match=r"--max-bytes"),
        sessions.opening("t", {"text": "x" * 1_000_000}),
    ):
        pass
    assert (session.get("a").version, len(session), len(session.tools), len(sessions)) == (1, 1, 0, 1)
    assert sessions._retained.total == total


def test_what_is_deleted_makes_place(sessions: Sessions) -> None:
    with sessions.opening("s") as session:
        pass
    for _ in range(20):
        register(session, "a", 100_000)
        session.delete("a", ChangeContext())
        for _ in range(3):  # the log forgets the deletion
            register(session, "b", 1)
            session.delete("b", ChangeContext())


def test_the_metadata_of_tools_have_a_maximum_number() -> None:
    with Sessions(SystemClock(), Limits(metadata=1), 60.0).opening("s") as session:
        pass
    with pytest.raises(ResourceExhaustedError, match="metadata: at most 1"):
        session.register_tools([tool("good"), tool("t", owner="Ada", unit="mm")])
    assert not len(session.tools)


def test_a_pattern_counts_with_its_compiled_form(sessions: Sessions) -> None:
    with sessions.opening("s") as session:
        before = session._retained._bridge.total
        session.register("a", "string", '{"pattern": "a"}', reader("string", "a"), ChangeContext())
    assert session._retained._bridge.total - before > MAX_PATTERN_BYTES
