"""The tools that clients register in a session, without a network."""

from __future__ import annotations

import pytest

from server.core.errors import (
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    RefusalError,
    ResourceExhaustedError,
)
from server.core.limits import Limits
from server.core.sessions import Sessions
from server.core.values import PREFIX
from server.rpc.registrations import RegistrationServicer
from server.rpc.sessions import SessionServicer
from server.rpc.tool_hosts import Hosts
from server.tools.builtin import TOOLS
from server.tools.registry import Registry
from tests.server.core.builders import FakeClock, register, sent
from varbridge.messages import snakepit_bridge_pb2 as pb

HOST = "127.0.0.1:50099"


class Servicer:
    """Sessions, and the servicers that register tools in them."""

    def __init__(self, *, limit: int = 3, remote: bool = False) -> None:
        clock = FakeClock()
        self.sessions = Sessions(clock, Limits(tools=limit), 60.0)
        self._calls = RegistrationServicer(self.sessions, Hosts(remote=remote))
        self.about = SessionServicer(self.sessions, Registry(TOOLS), clock)

    def register(self, *tools: pb.ToolRegistration, at: str = HOST, session: str = "s") -> dict[str, str]:
        request = pb.RegisterToolsRequest(session_id=session, tools=tools, worker_id=at)
        return dict(self._calls.RegisterTools(request, PREFIX).tool_ids)

    def refusal(self, *tools: pb.ToolRegistration, at: str = HOST) -> RefusalError:
        """Return the error of a refused registration, after checking that nothing was registered."""
        before = self.names()
        with pytest.raises(RefusalError) as refused:
            self.register(*tools, at=at)
        assert self.names() == before
        return refused.value

    def names(self) -> list[str]:
        """Return the names of the registered tools; none if the session is not open."""
        try:
            return [tool.name for tool in self.listed()]
        except NotFoundError:
            return []

    def listed(self) -> list[pb.ToolSpec]:
        request = pb.GetExposedElixirToolsRequest(session_id="s")
        return list(self._calls.GetExposedElixirTools(request, PREFIX).tools)

    def available(self) -> dict[str, pb.ToolSpec]:
        opened = self.about.InitializeSession(pb.InitializeSessionRequest(session_id="s"), PREFIX)
        return dict(pb.InitializeSessionResponse.FromString(opened).available_tools)

    def count(self) -> int:
        return self.about.GetSession(pb.GetSessionRequest(session_id="s"), PREFIX).tool_count


def named(name: str, *parameters: pb.ParameterSpec, streams: bool = False) -> pb.ToolRegistration:
    return pb.ToolRegistration(
        name=name,
        description=f"does {name}",
        parameters=parameters,
        metadata={"by": "Ada"},
        supports_streaming=streams,
    )


def parameter(
    name: str, kind: str, default: tuple[str, object] | None = None, **more: str
) -> pb.ParameterSpec:
    spec = pb.ParameterSpec(name=name, type=kind, required=default is None, **more)
    if default is not None:
        spec.default_value.type_url, spec.default_value.value = sent(*default)
    return spec


def test_registered_tools_are_listed_unchanged() -> None:
    servicer = Servicer()
    registration = named(
        "train", parameter("rate", "float", ("integer", 2), validation_json='{"min":0}'), streams=True
    )
    ids = servicer.register(registration, named("stop"))
    assert {*ids} == {"train", "stop"}
    assert len({*ids.values()}) == 2
    train, stop = servicer.listed()
    assert (train.name, train.description, dict(train.metadata)) == ("train", "does train", {"by": "Ada"})
    assert (train.supports_streaming, stop.supports_streaming) == (True, False)
    (rate,) = train.parameters
    assert (rate.name, rate.type, rate.required, rate.validation_json) == (
        "rate",
        "float",
        False,
        '{"min":0}',
    )
    assert (rate.default_value.type_url, rate.default_value.value) == (f"{PREFIX}float", b"2")


def test_a_tool_of_the_session_comes_before_that_of_the_server_and_counts_once() -> None:
    servicer = Servicer()
    servicer.register(named("add"), named("train"))
    assert servicer.available()["add"].description == "does add"
    assert {*servicer.available()} == {*(tool.name for tool in TOOLS), "train"}
    assert servicer.count() == len(TOOLS) + 1


def test_registering_again_replaces_and_does_not_count_twice() -> None:
    servicer = Servicer(limit=2)
    first = servicer.register(named("a"), named("b"))
    again = servicer.register(named("a", parameter("x", "any")))
    assert first["a"] != again["a"]
    assert [(tool.name, len(tool.parameters)) for tool in servicer.listed()] == [("a", 1), ("b", 0)]


def test_one_over_the_cap_is_refused_with_the_rest_of_its_request() -> None:
    servicer = Servicer(limit=2)
    servicer.register(named("a"))
    refusal = servicer.refusal(named("b"), named("c"))
    assert isinstance(refusal, ResourceExhaustedError)
    assert refusal.message == "tools: a session has at most 2"


@pytest.mark.parametrize(
    ("tools", "message"),
    [
        ([named("")], "tools.name: must not be empty"),
        ([named("x" * 257)], "tools.name: must be at most 256 characters, not 257"),
        ([named("a\nb")], "tools.name: must not hold control characters"),
        ([named("a"), named("b"), named("a")], "tools: a is there twice"),
        ([named("a", parameter("", "any"))], "tools.parameters.name: must not be empty"),
        ([named("a", parameter("x", "any"), parameter("x", "any"))], "tools: a.x is there twice"),
        ([named("b"), named("a", parameter("x", "number"))], "a.x: type must be float, "),
        ([named("a", parameter("x", ""))], "a.x: type must be float, "),
        ([named("a", parameter("x", "float", ("string", "y")))], "x: must be a number"),
        ([named("a", parameter("x", "float", ("real", 1)))], "x: type_url names no type"),
        ([named("a", parameter("x", "float", ("float", 1), validation_json='{"max":0}'))], "x: 1.0 is above"),
        ([named("a", parameter("x", "float", validation_json='{"max":"y"}'))], "Invalid constraints"),
        ([named("a", parameter("x", "any", validation_json="{}"))], "a.x: validation_json needs a type"),
    ],
)
def test_a_tool_that_cannot_be_is_refused_and_opens_nothing(
    tools: list[pb.ToolRegistration], message: str
) -> None:
    servicer = Servicer()
    refusal = servicer.refusal(*tools)
    assert isinstance(refusal, InvalidArgumentError)
    assert refusal.message.startswith(message)
    assert len(servicer.sessions) == 0


@pytest.mark.parametrize(
    "host",
    ["", "worker_1", "host", "127.0.0.1", ":80", "127.0.0.1:0", "127.0.0.1:65536", "::1:80", "unix:/a:80",
     "dns:///a:80", "a b:80", "127.0.0.1:80\n", "[::1:80"],
)  # fmt: skip
def test_a_worker_that_is_not_host_and_port_is_refused(host: str) -> None:
    refusal = Servicer(remote=True).refusal(named("a"), at=host)
    assert refusal.message == "worker_id: must be host:port of the bridge that runs the tools"


@pytest.mark.parametrize("host", ["127.0.0.1:80", "127.8.9.1:80", "localhost:80", "[::1]:80"])
def test_a_host_on_this_machine_is_taken(host: str) -> None:
    assert Servicer().register(named("a"), at=host)


@pytest.mark.parametrize(
    "host", ["192.0.2.1:80", "example.com:80", "[2001:db8::1]:80", "0.0.0.0:80", "127.1:80"]
)
def test_a_host_beyond_is_taken_where_that_is_allowed(host: str) -> None:
    assert isinstance(Servicer().refusal(named("a"), at=host), PermissionDeniedError)
    assert Servicer(remote=True).register(named("a"), at=host)


def test_the_end_of_a_session_counts_its_tools_and_forgets_them() -> None:
    servicer = Servicer()
    servicer.register(named("a"), named("b"))
    session = servicer.sessions.find("s")
    register(session, "x", 1.0)
    assert servicer.sessions.close("s") == 3
    assert [*session.tools] == []
    servicer.register(named("c"))
    assert servicer.names() == ["c"]
    assert servicer.sessions.find("s") is not session


def test_another_session_has_none_of_them() -> None:
    servicer = Servicer()
    servicer.register(named("a"), session="other")
    servicer.register(named("b"))
    assert servicer.names() == ["b"]
