"""Tests of bytes to and from tools, with both libraries and on the command line, also with another host."""

from __future__ import annotations

import base64
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

import pytest
from google.protobuf.any_pb2 import Any as AnyMessage

from tests.client.cli_builders import client, lines, refused, rows
from tests.client.libraries import BOTH, got, run, session_at
from varbridge import Connection, ToolFailedError, tool_values
from varbridge.errors import MalformedReplyError
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.process import ServerProcess
from varbridge.wire import Raw

DATA = bytes(range(256)) * 3
NAMES = ("mirrored", "mirrored_in_a_process", "halves", "halves_in_a_process")
HOSTED = pytest.mark.parametrize("hosted", [False, True], ids=["own", "hosted"])


@pytest.fixture(scope="module")
def tools_address() -> Iterator[str]:
    command = [sys.executable, "-m", "server", "--port", "0", "--tools", "tests.client.byte_tools"]
    process = ServerProcess(command)
    yield f"127.0.0.1:{process.wait_ready()}"
    process.stop()


@asynccontextmanager
async def session_with_tools(
    library: ModuleType, address: str, tools_address: str, *, hosted: bool
) -> AsyncIterator[Any]:
    """Open a session at the bridge that has the tools, or at another one that forwards their calls."""
    name = uuid.uuid4().hex
    async with session_at(library, address if hosted else tools_address, name) as session:
        if hosted:
            parameter = pb.ParameterSpec(name="data", type="any", required=True)
            tools = [
                pb.ToolRegistration(
                    name=name, parameters=[parameter], supports_streaming=name.startswith("halves")
                )
                for name in NAMES
            ]
            await got(session.register_tools(tools, tools_address))
        yield session


async def chunks_of(session: Any, tool: str, data: Any) -> list[Any]:
    stream = session.stream(tool, {"data": data})
    chunks = [chunk async for chunk in stream] if hasattr(stream, "__aiter__") else [*stream]
    assert [chunk.chunk_id for chunk in chunks] == [f"{tool}-{number}" for number in range(1, 5)]
    return [tool_values.decode_chunk(chunk) for chunk in chunks if not chunk.is_final]


@BOTH
@HOSTED
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
@pytest.mark.parametrize("data", [DATA, b""], ids=["full", "empty"])
def test_bytes_reach_a_tool_and_come_back(
    library: ModuleType, address: str, tools_address: str, hosted: bool, kind: type, data: bytes
) -> None:
    async def test() -> None:
        async with session_with_tools(library, address, tools_address, hosted=hosted) as session:
            for name in ("mirrored", "mirrored_in_a_process"):
                result = await got(session.execute(name, {"data": kind(data)}))
                assert (type(result), result) == (bytes, data[::-1])
            for name in ("halves", "halves_in_a_process"):
                half = len(data) // 2
                assert await chunks_of(session, name, kind(data)) == [len(data), data[:half], data[half:]]

    run(test)


@BOTH
def test_what_bytes_cannot_do(library: ModuleType, address: str, tools_address: str) -> None:
    async def test() -> None:
        async with session_with_tools(library, address, tools_address, hosted=False) as session:
            with pytest.raises(ToolFailedError, match="run the tool as a stream"):
                await got(session.execute("halves", {"data": DATA}))
            await got(session.register("x", "float", 1.0))
            with pytest.raises(ToolFailedError, match="not JSON serializable"):
                await got(session.execute("write", {"name": "x"}))
            with pytest.raises(TypeError, match="^x: an object of the type bytes cannot be sent"):
                await got(session.set("x", b"0.5"))
        async with session_with_tools(library, address, tools_address, hosted=True) as session:
            with pytest.raises(TypeError, match="^data: an object of the type bytes cannot be sent"):
                await got(session.execute_registered("mirrored", {"data": DATA}))

    run(test)


def test_every_chunk_is_json_and_a_result_of_bytes_can_be_unpacked(tools_address: str) -> None:
    """Readers that do not know this library's label of chunks still find JSON."""
    from google.protobuf.wrappers_pb2 import BytesValue

    with Connection(tools_address) as connection:
        session = connection.session(uuid.uuid4().hex)
        session.initialize()
        data = [chunk.data for chunk in session.stream("halves", {"data": b"abcdef"}) if not chunk.is_final]
        assert data == [b"6", b'"%b"' % base64.b64encode(b"abc"), b'"%b"' % base64.b64encode(b"def")]
        request = pb.ExecuteToolRequest(
            session_id=session.id, tool_name="mirrored", binary_parameters={"data": b"hello"}
        )
        unpacked = BytesValue()
        assert connection.call("ExecuteTool", request).result.Unpack(unpacked)
        assert unpacked.value == b"olleh"


def test_an_encoded_argument_is_sent_as_it_is() -> None:
    raw = Raw("type.googleapis.com/snakepit.json", b"1")
    assert tool_values.encode(raw) is raw


@pytest.mark.parametrize(
    ("data", "encoding"), [(b'"a"', "base64"), (b"1", "base64"), (b"{", ""), (b"\xff", ""), (b"NaN", "")]
)
def test_a_malformed_chunk_is_an_error_that_names_it(data: bytes, encoding: str) -> None:
    chunk = pb.ToolChunk(chunk_id="count-1", data=data, metadata={"encoding": encoding})
    with pytest.raises(MalformedReplyError, match="^the chunk count-1 is malformed: "):
        tool_values.decode_chunk(chunk)


def test_malformed_bytes_are_an_error() -> None:
    message = AnyMessage(type_url="type.googleapis.com/google.protobuf.BytesValue", value=b"\x0a\x05a")
    with pytest.raises(MalformedReplyError, match="the bytes of a tool's result came malformed"):
        tool_values.decode(message)


def test_the_command_line_shows_bytes_in_base64(tools_address: str) -> None:
    with Connection(tools_address) as connection:
        connection.session("cli").initialize()
    arguments = ("run", "cli", "mirrored", 'data="text"')
    assert lines(client(tools_address, *arguments)) == ['"txet"']
    refused(client(tools_address, "run", "cli", "mirrored", "data=1"), 1, "the tool failed: ")
    assert tool_values.encode("text").type_url.endswith(".string")
    assert rows(client(tools_address, "run", "cli", "constant", "--json")) == [{"result": "AAH/"}]
    assert rows(client(tools_address, "run", "cli", "constants", "--json")) == [
        {"chunk": "constants-1", "data": "AAH/"}
    ]
