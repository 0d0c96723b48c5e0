"""The check that servicers implement every RPC once, with the messages that the interface declares."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Any, get_args, get_type_hints

import pytest
from google.protobuf.message_factory import GetMessageClass

from server.core.clock import SystemClock
from server.core.limits import Limits
from server.core.sessions import Sessions
from server.rpc.dependencies import DependencyServicer
from server.rpc.optimization import OptimizationServicer
from server.rpc.registrations import RegistrationServicer
from server.rpc.service import behaviours_of, services
from server.rpc.sessions import SessionServicer
from server.rpc.tool_hosts import Hosts
from server.rpc.tools import ToolServicer
from server.rpc.variables import VariableServicer
from server.rpc.watches import WatchServicer
from server.tools.processes import Processes
from server.tools.registry import Registry


def servicers() -> list[object]:
    clock = SystemClock()
    sessions = Sessions(clock, Limits(), 60.0)
    tools, hosts = Registry([]), Hosts(remote=False)
    return [
        SessionServicer(sessions, tools, clock),
        VariableServicer(sessions),
        DependencyServicer(sessions),
        OptimizationServicer(sessions),
        WatchServicer(sessions, clock, 30.0),
        ToolServicer(sessions, tools, Processes((), 1, 2**20), hosts),
        RegistrationServicer(sessions, hosts),
    ]


class Misspelled(DependencyServicer):
    """A servicer with a method for an RPC that does not exist."""

    def AddDependancy(self, request: Any, prefix: str) -> None: ...


def test_an_rpc_without_an_implementation_is_refused() -> None:
    with pytest.raises(TypeError, match="unknown or not implemented RPC: AddDependency$"):
        behaviours_of(servicer for servicer in servicers() if not isinstance(servicer, DependencyServicer))


def test_an_rpc_with_two_implementations_is_refused() -> None:
    with pytest.raises(TypeError, match="two servicers implement AddDependency"):
        behaviours_of([*servicers(), DependencyServicer(Sessions(SystemClock(), Limits(), 60.0))])


def test_a_public_method_that_is_not_an_rpc_is_refused() -> None:
    others = [servicer for servicer in servicers() if not isinstance(servicer, DependencyServicer)]
    with pytest.raises(TypeError, match="unknown or not implemented RPC: AddDependancy$"):
        behaviours_of([*others, Misspelled(Sessions(SystemClock(), Limits(), 60.0))])


def test_the_messages_are_those_of_the_interface() -> None:
    behaviours = behaviours_of(servicers())
    for service, _ in services():
        for method in service.methods:
            hints = get_type_hints(behaviours[method.name])
            assert hints["request"] is GetMessageClass(method.input_type), method.full_name
            returned = hints["return"]
            replies = {*get_args(returned)} if isinstance(returned, UnionType) else {returned}
            reply = NoneType if method.server_streaming else GetMessageClass(method.output_type)
            assert replies <= {reply, bytes}, method.full_name
