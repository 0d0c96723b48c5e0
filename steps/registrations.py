"""Steps about the tools that clients register, and the other bridges that host them."""

from behave import given, then
from hamcrest import assert_that, equal_to, has_entries, has_item, has_length, is_not

from varbridge.conformance.scenario.client import Client
from varbridge.conformance.scenario.notes import ToolNotes
from varbridge.conformance.scenario.prerequisites import answer, needs, provides
from varbridge.conformance.scenario.servers import Servers
from varbridge.conformance.scenario.tools import (
    NOWHERE,
    address_of_host,
    fields_of,
    host_of,
    refusal_at_capacity,
    register_at_host,
    register_hosted,
    registration,
    registrations,
)
from varbridge.conformance.scenario.world import DEADLINE_S
from varbridge.conformance.vocabulary.cells import (
    EMPTY_OBJECT,
    EMPTY_VALUE,
    EMPTY_WORDS,
    NAME,
    PARAMETER_LIST,
    PARAMETER_TYPE,
    TEXT,
    WORDS,
    YES_OR_NO,
)
from varbridge.conformance.vocabulary.contents import item
from varbridge.conformance.vocabulary.matchers import expect
from varbridge.conformance.vocabulary.phrases import action, event, prefix, run_step
from varbridge.conformance.vocabulary.tables import optional, table

PARAMETERS = {
    "name": NAME,
    "type": PARAMETER_TYPE,
    "required": YES_OR_NO,
    "default": EMPTY_VALUE,
    "constraints": EMPTY_OBJECT,
    "description": EMPTY_WORDS,
}
"""The columns of a table of parameters."""


def host_process(arguments):
    """Return the process of another bridge, if only this scenario uses it."""
    return [Servers.process] if arguments["host"].own else []


@given("the tool(s) {names} of another bridge{host} is/are registered")
@provides(Client.host, ToolNotes.host_address, host_process)
def step_hosted(context, names, host):
    """Register tools that another bridge hosts, which scenarios share unless it is started for this one."""
    register_hosted(context.world, address_of_host(context.world, host), names)


@given("the tool {name} of another bridge{host} is registered with the parameters:")
@provides(Client.host, ToolNotes.host_address, host_process)
@table(PARAMETERS)
def step_hosted_with(context, tool, host, rows):
    """Register a tool that another bridge hosts, with these parameters in place of those that it offers."""
    connection = context.world.client.connect(address_of_host(context.world, host))
    register_at_host(context.world, connection, [registration(tool, {}, rows)])


@event("the other bridge is/was killed")
@needs(Client.host, Servers.process)
def step_kill_host(context):
    """Send SIGKILL to the bridge that hosts the tools."""
    context.world.servers.process.kill()
    context.world.servers.process.wait_ended(DEADLINE_S)


@prefix("at the other bridge, {step}")
@needs(Client.host)
def step_at_host(context, step):
    """Run any step in the session of the same id at the bridge that hosts the tools."""
    context.world.require_success()
    with context.world.client.at_host():
        run_step(context, step)


@action("these tools are registered:")
@provides(ToolNotes.host_address, answer("ids of tools"))
@table({"name": TEXT, "takes": PARAMETER_LIST, "host": optional(WORDS)})
def step_register(context, rows):
    """Register tools: a table of name, takes (parameters) and perhaps host; by default no host answers."""
    world = context.world
    world.tools.host_address = host_of(rows)
    return world.session.register_tools(registrations(rows), world.tools.host_address)


@action("the tool {name} is/was registered with the metadata {texts_object} and the parameters:")
@provides(ToolNotes.registered, ToolNotes.host_address, answer("ids of tools"))
@table(PARAMETERS)
def step_register_whole(context, tool, metadata, rows):
    """Register a streaming tool with a value in every field of the registration; its host does not answer."""
    context.world.tools.registered = registration(tool, metadata, rows)
    context.world.tools.host_address = NOWHERE
    return context.world.session.register_tools([context.world.tools.registered], NOWHERE)


@action("the registered tools are listed")
def step_list(context):
    """List the session's registered tools."""
    return context.world.session.registered_tools()


@then("the registered tools are {names}")
def step_registered(context, names):
    """Check that these tools are registered, in any order, and no others."""
    assert_that(registered_names(context), equal_to(sorted(names)), "the registered tools")


@then("no tools are registered")
def step_none_registered(context):
    """Check that the session is open, and that no client has registered a tool in it."""
    assert_that(registered_names(context), equal_to([]), "the registered tools")


def registered_names(context):
    context.world.require_success()
    return sorted(tool.name for tool in context.world.session.registered_tools())


@then("the tool {name} takes {texts_object}")
def step_takes(context, tool, takes):
    """Check the parameters of a tool, in the list of tools and in the answer of opening the session."""
    for tools in listed_and_offered(context):
        spec = item(tools, tool, f"the tool {tool!r} in the answer")
        parameters = {parameter.name: parameter.type for parameter in spec.parameters}
        assert_that(parameters, equal_to(takes), f"the parameters of {tool}")


@then("the tool {name} is listed as it was registered")
@needs(ToolNotes.registered)
def step_listed_whole(context, tool):
    """Check every field of a tool, in the list of tools and in the answer of opening the session."""
    registered = context.world.tools.registered
    for tools in listed_and_offered(context):
        spec = item(tools, tool, f"the tool {tool!r} in the answer")
        assert_that(fields_of(spec), equal_to(fields_of(registered)), f"the fields of {tool}")
        metadata = dict(registered.metadata)
        assert_that(dict(spec.metadata), has_entries(metadata), f"the metadata of {tool}")


def listed_and_offered(context):
    """Return the tools by name, as they are listed and as opening the session answers them."""
    context.world.require_success()
    session = context.world.session
    return {tool.name: tool for tool in session.registered_tools()}, session.initialize().available_tools


@then("the tools have different ids")
@needs(answer("ids of tools"))
def step_different_ids(context):
    """Check that the registration answered an id for each tool, no two of which are equal."""
    ids = context.world.require_success()
    assert_that(set(ids.values()), has_length(len(ids)), "the ids")
    expect("" not in ids.values(), "no id to be empty", f"the ids are {dict(ids)}")


@then("the session does not offer the tool {name}")
def step_not_offered(context, name):
    """Check that the answer of opening the session lacks a tool."""
    context.world.require_success()
    offered = sorted(context.world.session.initialize().available_tools)
    assert_that(offered, is_not(has_item(name)), "the tools offered")


@then("the description counts all tools that the session offers")
@needs(answer("a description"))
def step_counted(context):
    """Check that tool_count is the number of tools in the answer of opening the session."""
    description = context.world.require_success()
    offered = context.world.session.initialize().available_tools
    assert_that(description.tool_count, equal_to(len(offered)), "tool_count")


@then("the tool {name} can run again")
def step_can_run_again(context, tool):
    """Check that a call of the tool is no longer refused for capacity within 5 s."""
    context.world.require_success()
    context.world.session.initialize()
    error = refusal_at_capacity(context.world.session, tool)
    expect(error is None, f"{tool} to run again within {DEADLINE_S:g} s", f"it was refused: {error}")
