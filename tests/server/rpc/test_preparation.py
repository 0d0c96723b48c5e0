"""Tests that long preparations let other calls run, and take turns."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from google.protobuf.any_pb2 import Any as AnyMessage

from server.core.changes import ChangeContext, PlannedSet
from server.core.clock import SystemClock
from server.core.errors import ResourceExhaustedError
from server.core.limits import Limits
from server.core.parameters import Parameter
from server.core.registered_tools import check_parameter
from server.core.session import Session
from server.core.sessions import Sessions
from server.core.values import PREFIX
from server.rpc.preparation import MIN_ITEMS, PLANS, SLICE_S, Preparation
from server.rpc.readers import BatchReaders
from server.rpc.registrations import RegistrationServicer
from server.rpc.tool_hosts import Hosts
from server.rpc.unread import UnreadBytes
from tests.server.core.builders import register
from varbridge.messages import snakepit_bridge_pb2 as pb


def test_preparations_take_turns_of_one_slice_each() -> None:
    async def run() -> list[str]:
        preparation = Preparation(Sessions(SystemClock(), Limits(), 60.0), UnreadBytes())
        order: list[str] = []

        def work(item: str) -> None:
            order.append(item)
            until = time.perf_counter() + SLICE_S  # one item takes a slice
            while time.perf_counter() <= until:
                pass

        async def light() -> None:
            while order.count("a") + order.count("b") < 20:
                order.append("-")
                await asyncio.sleep(0)

        await asyncio.gather(
            light(), preparation.in_slices(["a"] * 10, work), preparation.in_slices(["b"] * 10, work)
        )
        return order

    order = asyncio.run(run())
    heavy = [item for item in order if item != "-"]
    assert (heavy.count("a"), heavy.count("b")) == (10, 10)
    text = "".join(order)
    assert "aa" not in text, "two slices ran without another call between them"
    assert "bb" not in text, "two slices ran without another call between them"
    assert "aaa" not in "".join(heavy), "a preparation did not leave its turn to the other one"


def test_large_batches_of_one_session_do_not_invalidate_the_plans_of_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request = pb.BatchSetVariablesRequest(session_id="tuning", atomic=True)
    names = [f"x{number}" for number in range(MIN_ITEMS + 1)]
    for name in names:
        request.updates[name].CopyFrom(AnyMessage(type_url=f"{PREFIX}float", value=b"1.0"))
    planned: list[str] = []
    plan = Session.plan_set

    def counted(self: Session, *arguments: Any) -> PlannedSet:
        planned.append(arguments[0].name)
        return plan(self, *arguments)

    async def run() -> list[dict[str, int]]:
        sessions = Sessions(SystemClock(), Limits(), 60.0)
        with sessions.opening("tuning") as session:
            for name in names:
                register(session, name, 0.0)
        prepare = Preparation(sessions, UnreadBytes()).of("SetVariables")
        assert prepare is not None

        async def batch() -> dict[str, int]:
            async with prepare(request, ""):
                await asyncio.sleep(0)  # as a batch that waits for its turn
                readers = BatchReaders(request, Limits().json_bytes)
                return session.set_many(readers, ChangeContext(), atomic=True, plans=PLANS.get())[0]

        return await asyncio.gather(*(batch() for _ in range(3)))

    monkeypatch.setattr(Session, "plan_set", counted)
    assert asyncio.run(run()) == [dict.fromkeys(names, version) for version in (2, 3, 4)]
    assert len(planned) == 3 * len(names)


def test_the_parameters_of_tools_are_checked_once_and_before_the_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checked: list[str] = []

    def check(parameter: Parameter, tool_name: str) -> None:
        checked.append(parameter.name)
        check_parameter(parameter, tool_name)

    for module in ("server.rpc.preparation", "server.core.registered_tools"):
        monkeypatch.setattr(f"{module}.check_parameter", check)
    names = [f"p{number}" for number in range(200)]
    tool = pb.ToolRegistration(
        name="train", parameters=[pb.ParameterSpec(name=name, type="any") for name in names]
    )
    request = pb.RegisterToolsRequest(session_id="tuning", worker_id="localhost:1", tools=[tool])

    async def run() -> None:
        sessions = Sessions(SystemClock(), Limits(), 60.0)
        preparation = Preparation(sessions, UnreadBytes(), max_variables=200)
        prepare = preparation.of("RegisterTools")
        assert prepare is not None
        async with prepare(request, PREFIX):
            assert checked == names
            RegistrationServicer(sessions, Hosts(remote=False)).RegisterTools(request, PREFIX)
        assert len(sessions.find("tuning").tools) == 1
        tool.parameters.add(name="one too many", type="any")
        request.tools[0].CopyFrom(tool)
        with pytest.raises(ResourceExhaustedError, match="at most 200"):
            await prepare(request, PREFIX).__aenter__()

    asyncio.run(run())
    assert checked == names
