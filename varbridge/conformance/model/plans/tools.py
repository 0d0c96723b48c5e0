"""The plans of registering and listing tools, and of the tool `increment`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from varbridge.conformance.model.actions import Increment, ListTools, RegisterTools
from varbridge.conformance.model.branches import branch
from varbridge.conformance.model.comparison import (
    TOOL_IDS,
    TOOL_RESULT,
    TOOLS_LISTED,
    Difference,
    Differences,
    unless_equal,
)
from varbridge.conformance.model.model import Model, valid_name
from varbridge.conformance.model.plan import Plan, Refusal, plan_of
from varbridge.conformance.model.plans.refusals import lock_refusals, value_refusals
from varbridge.conformance.model.state import Parameter, ToolState
from varbridge.conformance.model.values import Sent, decode, meaning
from varbridge.conformance.vocabulary.literals import show
from varbridge.messages import snakepit_bridge_pb2 as pb

INCREMENTED = branch("X1.1", "the tool increment adds to a variable")
INCREMENT_FAILS = branch("X5.1", "a tool fails if its change is refused")
TOOLS_REGISTERED = branch("X1.5", "tools are registered")
TOOLS_REGISTERED_FIRST = branch("S1.1", "the registration of tools opens the session")
TOOLS_REFUSED = branch("X1.6", "a registration of tools with an invalid one is refused as a whole")
TOOLS_READ = branch("X7.5", "the registered tools are listed")

TOOL_NAMES = ("train", "ask", "add", "🚀", "train ")
BAD_TOOL_NAMES = ("", "x" * 257)
TOOL_PARAMETERS: Sequence[tuple[Parameter, ...]] = (
    (),
    (Parameter("text", "string", required=True),),
    (Parameter("n", "integer", required=True), Parameter("x", "any", required=True)),
)
BAD_TOOL_PARAMETERS: Sequence[tuple[Parameter, ...]] = (
    (Parameter("n", "decimal", required=True),),
    (Parameter("text", "string", required=True), Parameter("", "float", required=True)),
)


@plan_of.register(Increment)
def _increment(action: Increment, model: Model) -> Plan | None:
    session = model.sessions[action.session]
    named = model.find(action, action.target)
    state = named.state
    if "increment" in session.tools or (state is not None and state.kind != "integer"):
        return None  # the contract does not say what it does with other types
    by = 1 if action.by is None else action.by
    after_value = Sent("integer", (state.value.value if state else 0) + by)
    refusals = [*named.refusals]
    if state is not None:
        refusals += value_refusals(state.kind, state.constraints, after_value)
        refusals += lock_refusals(state, action.optimizer)
    parameters = {"name": Sent("string", named.identifier).any()}
    if action.by is not None:
        parameters["by"] = Sent("integer", action.by).any()
    metadata = {"optimizer_id": action.optimizer} if action.optimizer else {}
    request = pb.ExecuteToolRequest(
        session_id=session.id, tool_name="increment", parameters=parameters, metadata=metadata
    )

    def accept(reply: pb.ExecuteToolResponse) -> Differences:
        subject = "the tool increment"
        if refusals:
            if reply.success:
                yield Difference(TOOL_RESULT, subject, "a failure", "a success")
            phrase = refusals[0].phrase if len(refusals) == 1 else ""
            if phrase not in reply.error_message:
                yield Difference(
                    TOOL_RESULT._replace(lasting=False),
                    subject,
                    f"a failure with {phrase!r}",
                    show(reply.error_message),
                )
            return
        if not reply.success:
            yield Difference(TOOL_RESULT, subject, "a success", f"a failure: {show(reply.error_message)}")
            return
        assert state is not None
        after = model.changed(state, meaning("integer", after_value), {})
        # The contract does not say if the optimizer of a tool's call is in the metadata of its changes.
        after = replace(after, open_keys=after.open_keys | {"optimizer_id"} if metadata else after.open_keys)
        model.apply(session, [(state, after, {}, "tool:increment")])
        try:
            answered = decode(reply.result, b"")
        except ValueError as error:
            yield Difference(TOOL_RESULT, subject, str(after.value), f"malformed: {error}")
            return
        if answered.value != after.value.value:
            yield Difference(TOOL_RESULT, subject, str(after.value), str(answered))

    touched = frozenset({state.id}) if state else frozenset()
    branches = (INCREMENT_FAILS if refusals else INCREMENTED,)
    errors = (named.identifier,) if refusals else ()
    plan = Plan("ExecuteTool", request, branches, accept, touched=touched, errors=errors)
    return model.in_session(session, plan)


@plan_of.register(RegisterTools)
def _register_tools(action: RegisterTools, model: Model) -> Plan | None:
    session = model.sessions[action.session]
    tools = [_tool(name, parameters) for name, parameters in action.tools]
    if len({tool.name for tool in tools}) < len(tools):
        return None  # the contract does not say what two tools of one name in one call mean
    bad = [
        tool
        for tool in tools
        if not valid_name(tool.name) or tool.parameters in [(*p,) for p in BAD_TOOL_PARAMETERS]
    ]
    request = pb.RegisterToolsRequest(
        session_id=session.id,
        tools=[
            pb.ToolRegistration(
                name=tool.name,
                description=tool.description,
                parameters=[
                    pb.ParameterSpec(name=p.name, type=p.kind, required=p.required) for p in tool.parameters
                ],
            )
            for tool in tools
        ],
        worker_id="localhost:1",
    )
    refusals = (Refusal(TOOLS_REFUSED, ("INVALID_ARGUMENT",)),) if bad else ()

    def accept(reply: pb.RegisterToolsResponse) -> Differences:
        if not session.open:
            session.start({})
        for tool in tools:
            session.tools.pop(tool.name, None)
            session.tools[tool.name] = tool
        yield from unless_equal(
            TOOL_IDS, "the answer", sorted(tool.name for tool in tools), sorted(reply.tool_ids)
        )
        if len({*reply.tool_ids.values()}) < len(reply.tool_ids):
            yield Difference(TOOL_IDS, "the answer", "distinct ids", show({**reply.tool_ids}))

    branches = (TOOLS_REGISTERED,) if session.open else (TOOLS_REGISTERED_FIRST, TOOLS_REGISTERED)
    return Plan("RegisterTools", request, branches, accept, refusals)


@plan_of.register(ListTools)
def _list_tools(action: ListTools, model: Model) -> Plan | None:
    session = model.sessions[action.session]

    def accept(reply: pb.GetExposedElixirToolsResponse) -> Differences:
        answered = {tool.name: tool for tool in reply.tools}
        # Where a tool that replaced another one stands in the list is up to the bridge.
        yield from unless_equal(TOOLS_LISTED, "the session", sorted(session.tools), sorted(answered))
        for name, tool in session.tools.items():
            if name in answered:
                expected = [[p.name, p.kind, p.required] for p in tool.parameters]
                actual = [[p.name, p.type, p.required] for p in answered[name].parameters]
                yield from unless_equal(TOOLS_LISTED, show(name), expected, actual)
                yield from unless_equal(
                    TOOLS_LISTED, show(name), tool.description, answered[name].description
                )

    request = pb.GetExposedElixirToolsRequest(session_id=session.id)
    plan = Plan("GetExposedElixirTools", request, (TOOLS_READ,), accept, reads=True)
    return model.in_session(session, plan)


def _tool(name: int, parameters: int) -> ToolState:
    names = TOOL_NAMES if name < 100 else BAD_TOOL_NAMES
    layouts = TOOL_PARAMETERS if parameters < 100 else BAD_TOOL_PARAMETERS
    shown = names[name % len(names)]
    return ToolState(shown, f"the tool {shown}", (*layouts[parameters % len(layouts)],))
