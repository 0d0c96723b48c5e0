"""Running tools on the event loop, without a network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from types import SimpleNamespace
from typing import Any

import pytest

from server.core.errors import FailedPreconditionError, UnavailableError
from server.core.limits import Limits
from server.core.registered_tools import RegisteredTool
from server.core.sessions import Sessions
from server.core.values import PREFIX
from server.rpc.tool_hosts import Hosts
from server.rpc.tools import ToolServicer
from server.tools.builtin import TOOLS
from server.tools.context import SessionCall
from server.tools.executor import LoopRun, ResultTooLargeError, collected
from server.tools.processes import Processes
from server.tools.registry import Registry
from server.tools.results import MAX_TRACE_LENGTH, ToolFailedError, trace_of
from tests.server.core.builders import FakeClock, register, sent
from tests.server.core.snapshot import unchanged
from varbridge.decorator import Tool, tool
from varbridge.messages import snakepit_bridge_pb2 as pb

NO_CALL: Any = SimpleNamespace(close=lambda: None)

NO_CONTEXT: Any = None  # only tools on other hosts need it


class Servicer:
    """A session, and the servicer that runs tools in it."""

    def __init__(self, *tools: Tool) -> None:
        sessions = Sessions(FakeClock(), Limits(), 60.0)
        with sessions.opening("tuning") as session:
            self.session = session
        self.calls = ToolServicer(
            sessions, Registry(tools or TOOLS), Processes((), 1, 2**30), Hosts(remote=False)
        )

    def run(self, name: str, /, **parameters: Any) -> pb.ExecuteToolResponse:
        request = pb.ExecuteToolRequest(session_id="tuning", tool_name=name)
        for key, value in parameters.items():
            request.parameters[key].type_url, request.parameters[key].value = sent("json", value)
        return asyncio.run(self.calls.ExecuteTool(request, PREFIX, NO_CONTEXT))

    def result(self, name: str, /, **parameters: Any) -> Any:
        reply = self.run(name, **parameters)
        assert reply.success, reply.error_message
        return json.loads(reply.result.value)

    def failure(self, name: str, /, **parameters: Any) -> str:
        reply = self.run(name, **parameters)
        assert not reply.success
        return reply.error_message


def test_a_tool_answers_and_a_streaming_one_the_list_of_its_chunks() -> None:
    servicer = Servicer()
    assert servicer.result("add", a=1, b=0.5) == 1.5
    assert servicer.result("count", n=3) == [1, 2, 3]
    assert servicer.result("count", n=0) == []


def test_a_tool_that_raises_fails_with_its_message_and_no_traceback() -> None:
    @tool
    async def silent() -> None:
        raise KeyError

    servicer = Servicer(silent, *TOOLS)
    assert servicer.failure("fail", message="no data") == "no data"
    assert servicer.failure("silent") == "KeyError"
    assert servicer.failure("fail_after", n=2) == "failed after 2 chunks"


def test_a_tool_that_answers_what_json_cannot_say_fails() -> None:
    @tool
    async def odd() -> object:
        return {1, 2}

    assert "not JSON serializable" in Servicer(odd).failure("odd")


@pytest.mark.parametrize(("value", "after"), [(1.5, 3.5), ("Infinity", "Infinity"), ("NaN", "NaN")])
def test_a_tool_changes_a_variable_whatever_double_it_holds(value: float | str, after: float | str) -> None:
    servicer = Servicer()
    register(servicer.session, "rate", value)
    assert servicer.result("increment", name="rate", by=2) == after
    assert json.loads(servicer.session.get("rate").value.data) == after
    assert servicer.session.history("rate")[0].changed_by == "tool:increment"


def test_what_a_variable_refuses_its_tool_fails_with() -> None:
    servicer = Servicer()
    register(servicer.session, "rate", 1, constraints={"max": 2})
    with unchanged(servicer.session):
        assert "rate: 3.0 is above maximum 2" in servicer.failure("increment", name="rate", by=2)
        assert servicer.failure("increment", name="speed") == "Variable not found: speed"


# Streams on the event loop


def stream_of(tool: Tool, **arguments: Any) -> LoopRun:
    """Return a run of a tool that does not use its session."""
    call: Any = NoCall()
    return LoopRun(tool, call, arguments, set())


class NoCall:
    """A call without a session."""

    def close(self) -> None: ...


async def taken(run: LoopRun, count: int) -> list[bytes]:
    """Return the first ``count`` chunks of a run, and close it."""
    first: list[bytes] = []
    async with aclosing(run.chunks()) as chunks:
        async for chunk in chunks:
            first.append(chunk.data)
            if len(first) == count:
                break
    return first


def test_no_chunk_is_made_before_it_is_asked_for_and_the_generator_is_closed() -> None:
    events: list[object] = []

    @tool
    async def count() -> AsyncIterator[int]:
        try:
            for n in range(10):
                events.append(n)
                yield n
        finally:
            events.append("closed")

    assert asyncio.run(taken(stream_of(count), 2)) == [b"0", b"1"]
    assert events == [0, 1, "closed"]


def test_what_a_generator_enters_holds_over_its_chunks() -> None:
    @tool
    async def patient() -> AsyncIterator[int]:
        async with asyncio.timeout(60):
            yield 1
            yield 2

    assert asyncio.run(taken(stream_of(patient), 3)) == [b"1", b"2"]


def test_a_tool_that_streams_without_end_can_be_cancelled_and_stalls_nobody() -> None:
    @tool
    async def endless() -> AsyncIterator[int]:
        while True:
            yield 1

    async def cut() -> int:
        taking = asyncio.create_task(taken(stream_of(endless), -1))
        turns = 0
        while turns < 100:
            await asyncio.sleep(0)
            turns += 1
        taking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await taking
        return turns

    assert asyncio.run(cut()) == 100


def test_more_than_one_answer_may_have_is_refused() -> None:
    @tool
    async def many(n: int) -> AsyncIterator[int]:
        for number in range(n):
            yield number

    assert asyncio.run(collected(stream_of(many, n=3).chunks(), 3, 100)) == b"[0,1,2]"
    for max_chunks, max_bytes in ((2, 100), (100, 2)):
        with pytest.raises(ResultTooLargeError, match="run the tool as a stream"):
            asyncio.run(collected(stream_of(many, n=3).chunks(), max_chunks, max_bytes))


def test_bytes_have_no_place_in_the_list_of_chunks() -> None:
    @tool
    async def images() -> AsyncIterator[bytes]:
        yield b"raw"

    with pytest.raises(RuntimeError, match="cannot have chunks of bytes: run the tool as a stream"):
        asyncio.run(collected(stream_of(images).chunks(), 100, 100))


def test_a_tool_that_ignores_its_cancellation_is_abandoned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.tools.executor.CANCEL_TIMEOUT_S", 0.05)

    @tool
    async def stubborn() -> None:
        for _ in range(2):
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(60)

    async def cut() -> tuple[int, int]:
        abandoned: set[asyncio.Task[Any]] = set()
        call: Any = NoCall()
        running = asyncio.create_task(LoopRun(stubborn, call, {}, abandoned).answer())
        await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        (left,) = abandoned
        left.cancel()
        await asyncio.wait([left])
        await asyncio.sleep(0)
        return 1, len(abandoned)

    assert asyncio.run(cut()) == (1, 0)


# The session of a call


def test_a_tool_whose_call_has_ended_cannot_read_or_write() -> None:
    servicer = Servicer()
    register(servicer.session, "rate", 1.0)
    call = SessionCall(servicer.session, "late", {})
    call.close()
    with unchanged(servicer.session):
        for act in (lambda: call.get("rate"), lambda: call.set("rate", 2.0)):
            with pytest.raises(FailedPreconditionError, match="the call of this tool has ended"):
                act()


# Connections to hosts


def test_a_connection_that_nobody_uses_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.rpc.tool_hosts.IDLE_TIMEOUT_S", 0.05)

    class NoDeadline:
        def invocation_metadata(self) -> None: ...

        def time_remaining(self) -> None: ...

    async def call() -> bool:
        hosts = Hosts(remote=False)
        gone = RegisteredTool("id", "gone", "", (), {}, streams=False, host="127.0.0.1:1")
        context: Any = NoDeadline()
        with pytest.raises(UnavailableError, match="^gone: its host 127.0.0.1:1 cannot be reached"):
            await hosts.execute(gone, pb.ExecuteToolRequest(), context)
        before = len(hosts._connections)
        await asyncio.sleep(0.2)
        return (before, len(hosts._connections)) == (1, 0)

    assert asyncio.run(call())


ENDS = [SystemExit(2), SystemExit(0), KeyboardInterrupt(), GeneratorExit()]


@pytest.mark.parametrize("end", ENDS, ids=repr)
def test_a_tool_that_ends_as_a_program_does_fails(end: BaseException) -> None:
    @tool
    async def ends() -> None:
        raise end

    assert Servicer(ends).failure("ends").startswith(f"the tool ended with {type(end).__name__}")


@pytest.mark.parametrize("end", ENDS, ids=repr)
def test_a_stream_that_ends_as_a_program_does_fails_after_its_chunks(end: BaseException) -> None:
    @tool
    async def ends() -> AsyncIterator[int]:
        yield 1
        raise end

    async def chunks() -> list[bytes]:
        async with aclosing(LoopRun(ends, NO_CALL, {}, set()).chunks()) as chunks:
            received = [(await anext(chunks)).data]
            with pytest.raises(ToolFailedError, match=type(end).__name__):
                await anext(chunks)
        return received

    assert asyncio.run(chunks()) == [b"1"]


def test_a_tool_that_exits_when_it_is_cancelled_ends_no_other() -> None:
    @tool
    async def exits() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise SystemExit(3)

    async def cancel() -> str:
        running = asyncio.ensure_future(LoopRun(exits, NO_CALL, {}, set()).answer())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait([running])
        return "the loop goes on"

    assert asyncio.run(cancel()) == "the loop goes on"


@pytest.mark.parametrize("seconds", ["NaN", "Infinity"])
def test_no_tool_waits_for_a_time_that_is_no_number(seconds: str) -> None:
    assert Servicer().failure("sleep", seconds=seconds).startswith("cannot wait for")


def test_only_numbers_are_incremented() -> None:
    servicer = Servicer()
    register(servicer.session, "mask", [1.0, 2.0], kind="embedding")
    assert servicer.failure("increment", name="mask") == "mask is not a number"
    assert servicer.session.get("mask").version == 1


def test_the_end_of_a_long_traceback_is_logged() -> None:
    assert len(trace_of(RuntimeError("\na" * 100_000))) == MAX_TRACE_LENGTH
