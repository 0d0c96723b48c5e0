"""Tests with random and mutated requests of every method: refusals are proper, never INTERNAL or UNKNOWN."""

from __future__ import annotations

import asyncio
import os
import random
import re
from collections.abc import Callable, Collection, Set
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.live.requests import METHODS, SESSIONS, Fuzzer
from tests.live.test_access import Launch, launch
from varbridge import BridgeError, Connection, Session
from varbridge.errors import ToolFailedError
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.wire import PREFIX, Raw

__all__ = ["launch"]

REQUESTS = int(os.environ.get("REQUESTS", "5000"))
"""The number of requests; a long run is `REQUESTS=1000000 pytest tests/live/test_bad_input.py`."""

IN_FLIGHT = 64

FINE = {
    grpc.StatusCode.OK,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.OUT_OF_RANGE,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.UNIMPLEMENTED,
}
UNAUTHENTICATED = frozenset({grpc.StatusCode.UNAUTHENTICATED})
DENIED = FINE | {grpc.StatusCode.PERMISSION_DENIED}

FAR = frozenset({"RegisterVariable OK", "SetVariable OK", "ExecuteTool OK"})
"""The outcomes of requests that fit the requests before them."""

EXPECTED_FROM_TOOLS = re.compile(
    r"RegisterTools PERMISSION_DENIED "  # its host is beyond loopback
    r"|ExecuteStreamingTool INTERNAL .*failed after \d+ chunks"
    r"|Execute(Elixir|Streaming|)Tool UNAVAILABLE .+: its host 127\.[\d.]+:\d+ cannot be reached"
)
"""Other outcomes that are correct for tools: none of the hosts of the registered tools exists."""

Caller = tuple[str, Collection[grpc.StatusCode]]
"""A token (empty for none) and the statuses that are correct for calls with it."""

EVERYTHING, READING, TEAM = "a-token-for-everything", "a-token-for-reading-only", "a-token-for-fuzz-2-only"
STRANGERS: list[Caller] = [("", UNAUTHENTICATED), (EVERYTHING[:-1], UNAUTHENTICATED)]


@pytest.mark.timeout(7200)
def test_no_request_breaks_the_bridge(server: object, address: str) -> None:
    seed = _seed()
    counts = asyncio.run(fuzz(address, seed, [("", FINE)], FAR | {"SetVariable ABORTED"}))
    print(f"seed {seed}: {counts}")
    with Connection(address) as connection:
        assert connection.ping("alive") == "alive"
        for session_id in SESSIONS:
            connection.session(session_id).clean_up()


@pytest.fixture
def guarded(launch: Launch, tmp_path: Path) -> str:
    """The address of a bridge that requires tokens."""
    tokens = tmp_path / "tokens"
    tokens.write_text(f"{EVERYTHING}\n{READING} read\n{TEAM} sessions=fuzz-2\n")
    return f"127.0.0.1:{launch('--token-file', str(tokens)).wait_ready()}"


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_no_request_breaks_a_bridge_with_tokens(guarded: str) -> None:
    seed = _seed()
    known: list[Caller] = [(EVERYTHING, FINE), (READING, DENIED), (TEAM, DENIED)]
    counts = asyncio.run(fuzz(guarded, seed, [*known, *STRANGERS], FAR))
    print(f"seed {seed}: {counts}")
    with Connection(guarded, token=EVERYTHING) as connection:
        assert connection.ping("alive") == "alive"


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_requests_without_a_suitable_token_change_nothing(guarded: str) -> None:
    seed = _seed()
    with Connection(guarded, token=EVERYTHING) as connection:
        sessions = [connection.session(name) for name in SESSIONS if name != "fuzz-2"]
        for session in sessions:
            session.initialize({"owner": "somebody"})
            session.register("x", "float", 0.5)
            session.register("y", "integer", 1, constraints={"min": 0, "max": 1})
            session.set("y", 0)
            session.depend("x", "y")
        before = [_state(session) for session in sessions]
        counts = asyncio.run(fuzz(guarded, seed, [(READING, DENIED), (TEAM, DENIED), *STRANGERS]))
        print(f"seed {seed}: {counts}")
        for code in ("OK", "PERMISSION_DENIED", "UNAUTHENTICATED"):
            assert any(name.endswith(f" {code}") for name in counts), f"no call had the status {code}"
        assert [_state(session) for session in sessions] == before


def _seed() -> int:
    return int(os.environ.get("SEED", "0")) or random.randrange(2**32)


def _state(session: Session) -> list[object]:
    """Return everything that can be read of a session."""
    variables = session.list()
    return [
        session.describe(),
        [variable.message for variable in variables],
        [[*session.history(variable.id)] for variable in variables],
        [*session.registered_tools()],
    ]


async def fuzz(address: str, seed: int, callers: list[Caller], far: Set[str] = frozenset()) -> dict[str, int]:
    """Send ``REQUESTS`` requests, and more until each outcome of ``far`` has occurred.

    Returns:
        The number of calls with each method and status.
    """
    fuzzer = Fuzzer(seed)
    counts: dict[str, int] = {}
    numbers = iter(range(20 * REQUESTS))
    async with grpc.aio.insecure_channel(address) as channel:

        async def client() -> None:
            for number in numbers:
                if number >= REQUESTS and counts.keys() >= far:
                    return
                method, data = fuzzer.request()
                code = await send(channel, method, data, seed, fuzzer.chance.choice(callers))
                counts[f"{method.name} {code.name}"] = counts.get(f"{method.name} {code.name}", 0) + 1

        await asyncio.gather(*(client() for _ in range(IN_FLIGHT)))
    for method in METHODS:
        assert any(name.startswith(f"{method.name} ") for name in counts), f"{method.name} was never called"
    assert counts.keys() >= far, (
        f"{far - counts.keys()} never occurred: the requests are not plausible enough"
    )
    return counts


async def send(
    channel: grpc.aio.Channel, method: Any, data: bytes, seed: int, caller: Caller
) -> grpc.StatusCode:
    token, expected = caller
    metadata = [("authorization", f"Bearer {token}")] if token else []
    path = f"/snakepit.bridge.{method.containing_service.name}/{method.name}"
    try:
        if method.server_streaming:
            stream = channel.unary_stream(path)(data, timeout=30, metadata=metadata)
            for _ in range(5):
                if method.name == "WatchVariables":
                    await asyncio.wait_for(stream.initial_metadata(), 30)
                    break
                if await stream.read() is grpc.aio.EOF:
                    break
            if not stream.done():
                stream.cancel()
                return grpc.StatusCode.OK
            return await stream.code()
        await channel.unary_unary(path)(data, timeout=30, metadata=metadata)
        return grpc.StatusCode.OK
    except asyncio.CancelledError:
        return grpc.StatusCode.OK
    except grpc.aio.AioRpcError as error:
        code = error.code()
        details = error.details() or ""
        if code not in expected and not EXPECTED_FROM_TOOLS.match(f"{method.name} {code.name} {details}"):
            raise AssertionError(
                f"seed {seed}, {token!r}: {method.name} {code.name} {details} for {data!r}"
            ) from None
        return code


def test_a_message_over_the_limit_is_refused_and_the_bridge_goes_on(session: Session, address: str) -> None:
    session.register("prompt", "string", "short")
    request = pb.SetVariableRequest(session_id=session.id, variable_identifier="prompt")
    request.value.type_url = "type.googleapis.com/snakepit.string"
    request.value.value = b'"' + b"x" * (101 * 2**20) + b'"'
    unlimited = [("grpc.max_send_message_length", -1)]
    with (
        grpc.insecure_channel(address, options=unlimited) as channel,
        pytest.raises(grpc.RpcError) as refused,
    ):
        channel.unary_unary("/snakepit.bridge.BridgeService/SetVariable")(request.SerializeToString())
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert (session.get("prompt").value, session.get("prompt").version) == ("short", 1)


def test_a_large_value_within_the_limit_is_accepted(session: Session) -> None:
    import numpy

    weights = numpy.arange(5_000_000, dtype="float32").reshape(1000, 5000)
    session.register("weights", "tensor", weights)
    assert (session.get("weights").value == weights).all()


def test_a_large_array_in_json_is_refused_with_what_to_do(session: Session) -> None:
    session.register("query", "embedding", [1.0])
    with pytest.raises(BridgeError, match=r"--max-json-bytes.*send it as raw bytes") as refused:
        session.set("query", Raw(PREFIX + "embedding", b"[" + b"1," * 2**21 + b"1]"))
    assert refused.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert (session.get("query").value, session.get("query").version) == ([1.0], 1)


def test_every_violation_is_reported_with_its_field(session: Session) -> None:
    session.register("code", "string", "AB12", constraints={"min_length": 3, "pattern": "^[A-Z0-9]+$"})
    with pytest.raises(BridgeError) as refused:
        session.set("code", "a")
    assert [field for field, _ in refused.value.violations] == ["value", "value"]
    assert "at least 3 characters" in refused.value.violations[0][1]
    assert "must match pattern" in refused.value.violations[1][1]


REFUSED: dict[str, Callable[[Session, str], object]] = {
    "a set": lambda session, text: session.set("short", text),
    "an unknown tool": lambda session, text: session.execute("divide", {"by": text}),
    "a tool that fails": lambda session, text: session.execute("fail", {"message": text[:1_000_000]}),
    "without a token": lambda session, text: (
        Connection(session.connection.address).session(session.id).set("short", text)
    ),
}


@pytest.mark.parametrize(
    "request_name", [pytest.param(name, marks=[pytest.mark.slow] * (name == "a set")) for name in REFUSED]
)
def test_a_large_request_that_is_refused_does_not_occupy_memory(
    launch: Launch, tmp_path: Path, request_name: str
) -> None:
    (tmp_path / "tokens").write_text(EVERYTHING)
    process = launch("--token-file", str(tmp_path / "tokens"), "--log-level", "error")
    text = "x" * 4_000_000
    with Connection(f"127.0.0.1:{process.wait_ready()}", token=EVERYTHING) as connection:
        session = connection.session("large")
        session.register("short", "string", "", constraints={"max_length": 10})
        max_kib = process.resident_kib + 150 * 1024
        for number in range(80):
            with pytest.raises((BridgeError, ToolFailedError)):
                REFUSED[request_name](session, text)
            assert process.resident_kib < max_kib, f"the memory of {number} requests of 4 MB is still in use"
        assert session.get("short").version == 1
