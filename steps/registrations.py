"""Steps about the tools that clients register, and the other bridges that host them."""

from behave import given, then, when
from hamcrest import assert_that, contains_string, equal_to, has_entries, has_item, has_length, is_not

from varbridge.conformance.scenario.tools import (
    NOWHERE,
    parameters_of,
    refusal_of_place,
    register_hosted,
    registration,
    registrations,
    spec_of,
    wait_opened_there,
)
from varbridge.conformance.scenario.world import DEADLINE
from varbridge.conformance.vocabulary.matchers import expect, is_refusal
from varbridge.conformance.vocabulary.phrases import prefix, run_step
from varbridge.messages import snakepit_bridge_pb2 as pb


@given("the tools {names} of another bridge of its own are registered")
@given("the tool {names} of another bridge of its own is registered")
def step_hosted_own(context, names):
    """Tools that another bridge hosts, which the scenario may end."""
    process = context.world.servers.start()
    register_hosted(context.world, f"127.0.0.1:{process.wait_ready(15.0)}", names)


@given("the tools {names} of another bridge, started with {name}, are registered")
@given("the tool {names} of another bridge, started with {name}, is registered")
def step_hosted_with(context, names, flags):
    """Tools that a bridge with these flags hosts; shared by the scenarios that ask for the same."""
    register_hosted(context.world, context.world.target.servers.with_flags(*flags.split()), names)


@given("the tools {names} of another bridge are registered")
@given("the tool {names} of another bridge is registered")
def step_hosted(context, names):
    """Tools that another bridge hosts, registered in the session; scenarios share that bridge."""
    register_hosted(context.world, context.world.target.servers.with_flags(), names)


@given("the other bridge was killed")
@when("the other bridge is killed")
def step_kill_host(context):
    """SIGKILL to the bridge that hosts the tools."""
    context.world.servers.process.kill()
    context.world.servers.process.wait_ended(DEADLINE)


@prefix("at the other bridge, {step}")
def step_there(context, step):
    """Run any step in the session of the same id at the bridge that hosts the tools."""
    context.world.require_success()
    with context.world.client.at_host():
        run_step(context, step)


@given("it has come to the other bridge")
def step_has_come(context):
    """The call that is under way has opened the session there."""
    wait_opened_there(context.world)


@given("these tools are registered:")
def step_are_registered(context):
    """Tools of the session, as a table of name and takes; nothing hosts them."""
    context.world.session.register_tools(registrations(context.table), NOWHERE)


@when("these tools are registered, hosted at {name}:")
def step_register_at(context, address):
    """Register tools of the bridge at an address."""
    tools = registrations(context.table)
    context.world.attempt(lambda: context.world.session.register_tools(tools, address))


@when("these tools are registered:")
def step_register(context):
    """Register tools, as a table of name and takes; nothing hosts them."""
    tools = registrations(context.table)
    context.world.attempt(lambda: context.world.session.register_tools(tools, NOWHERE))


@when("the tool {name} is registered with the metadata {value} and the parameters:")
def step_register_whole(context, tool, metadata):
    """Register a streaming tool with all that there is to tell of it; nothing hosts it."""
    context.world.tools.registered = registration(tool, metadata.python(), context.table)
    context.world.attempt(
        lambda: context.world.session.register_tools([context.world.tools.registered], NOWHERE)
    )


@when("a tool with a name of {int} characters is registered")
def step_register_long(context, count):
    """Register a tool whose name has this length."""
    tools = [pb.ToolRegistration(name="x" * count)]
    context.world.attempt(lambda: context.world.session.register_tools(tools, NOWHERE))


@when("the registered tool {name} runs with:")
@when("the registered tool {name} runs")
def step_run_registered(context, tool):
    """Run a tool by the call that knows registered ones alone."""
    parameters = parameters_of(context.table)
    context.world.attempt(lambda: context.world.session.execute_registered(tool, parameters))


@when("the registered tools are listed")
def step_list(context):
    """Ask for the session's registered tools."""
    context.world.attempt(lambda: context.world.session.registered_tools())


@then("the registered tools are {names}")
def step_registered_are(context, names):
    """These tools are registered, in whichever order, and no others."""
    context.world.require_success()
    listed = [tool.name for tool in context.world.session.registered_tools()]
    assert_that(sorted(listed), equal_to(sorted(names)), "the registered tools")


@then("no tools are registered")
def step_none_registered(context):
    """The session is open, and no client has registered a tool in it."""
    context.world.require_success()
    listed = [tool.name for tool in context.world.session.registered_tools()]
    assert_that(listed, equal_to([]), "the registered tools")


@then("the tool {name} takes {value}")
def step_takes(context, tool, takes):
    """The types of its parameters by name, as it is listed and as opening the session tells."""
    context.world.require_success()
    session = context.world.session
    listed = {one.name: one for one in session.registered_tools()}
    for told in (listed, session.initialize().available_tools):
        parameters = {one.name: one.type for one in told[tool].parameters}
        assert_that(parameters, equal_to(takes.python()), f"what {tool} takes")


@then("the tool {name} is told of as it was registered")
def step_told_whole(context, tool):
    """All that its registration told is in the list, and in what opening the session tells."""
    context.world.require_success()
    session = context.world.session
    listed = {one.name: one for one in session.registered_tools()}
    for told in (listed, session.initialize().available_tools):
        assert_that(
            spec_of(told[tool]), equal_to(spec_of(context.world.tools.registered)), f"what is told of {tool}"
        )
        metadata = dict(context.world.tools.registered.metadata)
        assert_that(dict(told[tool].metadata), has_entries(metadata), f"the metadata of {tool}")


@then("each tool has an id of its own")
def step_ids(context):
    """The registration answered an id for each tool, and no two are the same."""
    ids = context.world.require_success()
    assert_that(set(ids.values()), has_length(len(ids)), "the ids")
    expect("" not in ids.values(), "no id to be empty", f"the ids are {dict(ids)}")


@then("the session does not offer the tool {name}")
def step_does_not_offer(context, name):
    """Opening the session does not tell of it."""
    context.world.require_success()
    offered = sorted(context.world.session.initialize().available_tools)
    assert_that(offered, is_not(has_item(name)), "the tools offered")


@then("as many tools are counted as the session offers")
def step_counted(context):
    """tool_count is the number of the tools that opening tells of."""
    described = context.world.require_success()
    offered = context.world.session.initialize().available_tools
    assert_that(described.tool_count, equal_to(len(offered)), "tool_count")


@then("it is refused as unavailable, naming the other bridge")
def step_names_host(context):
    """The call was refused with UNAVAILABLE and the address of the host."""
    assert_that(
        context.world.outcome.examine(), is_refusal("as unavailable", context.world.client.host.address)
    )


@then("it is refused as unavailable, naming the address of the tools")
def step_names_nowhere(context):
    """The call was refused with UNAVAILABLE and the address where nothing answers."""
    assert_that(context.world.outcome.examine(), is_refusal("as unavailable", NOWHERE))


@then("the running tool is refused as unavailable, naming the other bridge")
def step_running_names_host(context):
    """The call that was under way is cut with UNAVAILABLE and the address of the host."""
    error = context.world.tools.running.exception(timeout=DEADLINE)
    expect(error is not None, "the running tool to be refused", "it succeeded")
    assert_that(error.code().name, equal_to("UNAVAILABLE"), "the status of the call")
    assert_that(error.details(), contains_string(context.world.client.host.address), "the message")


@then("the tool {name} can run again at the other bridge")
def step_runs_again_there(context, tool):
    """A call of the tool at the bridge that hosts it finds a place within 5 s."""
    with context.world.client.at_host():
        step_runs_again(context, tool)


@then("the tool {name} can run again")
def step_runs_again(context, tool):
    """A call of the tool finds a place within 5 s."""
    context.world.require_success()
    context.world.session.initialize()
    error = refusal_of_place(context.world.session, tool)
    expect(error is None, f"{tool} to run again within {DEADLINE:g} s", f"it was refused: {error}")
