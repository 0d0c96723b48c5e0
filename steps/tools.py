"""Steps about running tools."""

from collections import deque
from itertools import islice

from behave import given, then
from hamcrest import assert_that, contains_string, equal_to, has_length

from varbridge.conformance.scenario.notes import ToolNotes
from varbridge.conformance.scenario.prerequisites import OUTCOME, answer, needs, provides
from varbridge.conformance.scenario.tools import (
    run_registered_tool,
    run_tool,
    running_outcome,
    start_tool,
    stream_tool,
)
from varbridge.conformance.vocabulary.contents import json_of
from varbridge.conformance.vocabulary.matchers import (
    call_failed,
    expect,
    in_order,
    is_refusal,
    is_tool_failure,
    is_value,
)
from varbridge.conformance.vocabulary.outcome import Outcome
from varbridge.conformance.vocabulary.phrases import action, event


@action("the tool {name} runs/ran{arguments}")
@provides(answer("a result"))
def step_run(context, tool, arguments):
    """Run a tool of the session with these arguments."""
    return run_tool(context.world.session, tool, arguments)


@action("the registered tool {name} runs{arguments}")
@provides(answer("a result"))
def step_run_registered(context, tool, arguments):
    """Run a tool by ExecuteElixirTool, which runs only tools that clients have registered."""
    return run_registered_tool(context.world.session, tool, arguments)


@action("the tool {name} streams/streamed{arguments}")
@provides(ToolNotes.streamed, ToolNotes.chunks)
def step_stream(context, tool, arguments):
    """Run a streaming tool, and collect its chunks, including those before a failure."""
    world = context.world
    world.tools.streamed = tool
    world.tools.chunks = []
    for chunk in stream_tool(world.session, tool, arguments, timeout=10.0):
        world.tools.chunks.append(chunk)


@given("the tool {name} failed {int} time(s)")
def step_failed(context, tool, times):
    """Run a tool without parameters several times, and require that each call fails."""
    for _ in range(times):
        assert_that(Outcome.of(lambda: context.world.session.execute(tool)).examine(), call_failed())


@given("the tool {name} is running for {int} s")
@provides(ToolNotes.running)
def step_running(context, tool, seconds):
    """Start a tool, whose call has reached the bridge that hosts it when this step ends."""
    context.world.tools.running = start_tool(context.world, tool, seconds)


@given("the registered tool {name} is running for {int} s")
@provides(ToolNotes.running)
def step_registered_running(context, tool, seconds):
    """Start a tool by ExecuteElixirTool, whose call has reached the host when this step ends."""
    context.world.tools.running = start_tool(context.world, tool, seconds, "ExecuteElixirTool")


@given("{int} calls of the tool {name} are running for {int} s")
@provides(ToolNotes.running)
def step_calls_running(context, count, tool, seconds):
    """Start a tool several times; all calls have reached the bridge when this step ends."""
    for _ in range(count):
        context.world.tools.running = start_tool(context.world, tool, seconds)


@event("the running tool is cancelled")
@needs(ToolNotes.running)
def step_cancel(context):
    """Cancel the call of the running tool."""
    context.world.tools.running.cancel()


@then("the tool is still running")
@needs(ToolNotes.running)
def step_still_running(context):
    """Check that the call of the running tool is not answered yet."""
    context.world.require_success()
    expect(not context.world.tools.running.done(), "the tool to be still running", "it has ended")


@then("the running tool succeeds")
@needs(ToolNotes.running)
def step_running_succeeds(context):
    """Check that the call of the running tool is answered, without an error."""
    reply = context.world.tools.running.result(timeout=30.0)
    expect(
        (reply.success, reply.error_message) == (True, ""),
        "the running tool to succeed without an error",
        f"success is {reply.success}, with the error {reply.error_message!r}",
    )


@then("the running tool is refused {end}")
@needs(ToolNotes.running)
@provides(OUTCOME)
def step_running_refused(context, end):
    """Check that the running tool's call is refused, within 30 s unless the step names another time."""
    context.world.require_success()
    context.world.outcome = running_outcome(context.world, end.within_s or 30)
    assert_that(context.world.outcome.examine(), is_refusal(end.status, end.phrase, "it succeeded"))


@then("the refusal names the host of the tool")
@needs(OUTCOME, ToolNotes.host_address)
def step_names_host(context):
    """Check that the message of the refusal contains the address of the bridge that hosts the tool."""
    error = context.world.outcome.examine()
    assert_that(str(error), contains_string(context.world.tools.host_address), "the refusal")


@then("the tool succeeds")
@needs(OUTCOME)
def step_succeeds(context):
    """Check that the tool succeeded, with any result."""
    context.world.require_success()


@then("the tool answers {value}{of_type}")
@needs(answer("a result"))
def step_answers(context, value, kind):
    """Check the result of the tool, and that its type_url names this type, if the step has one, or json."""
    result = context.world.require_success()
    if kind and result.type != "json":
        assert_that(result.type, equal_to(kind), "the type named")
    assert_that(result.value, is_value(value, exact=bool(kind)), "the tool's answer")


@then("the tool answers the numbers {numbers}")
@needs(answer("a result"))
def step_answers_numbers(context, numbers):
    """Check that the result of the tool is the list of these whole numbers."""
    assert_that(context.world.require_success().value, equal_to(numbers), "the tool's answer")


@then("the tool {name} fails with the same message when it runs{arguments}")
@needs(OUTCOME)
def step_same_message(context, tool, arguments):
    """Check that the message of the refused stream contains that of the tool's failure without a stream."""
    failure = Outcome.of(lambda: run_tool(context.world.session, tool, arguments)).examine()
    assert_that(failure, is_tool_failure())
    assert_that(context.world.outcome.examine(), is_refusal("with INTERNAL", str(failure)))


@then("the chunks are {numbers}")
@needs(ToolNotes.chunks, ToolNotes.streamed)
def step_chunks(context, numbers):
    """Check the data and the ids of all chunks of the stream; only the last one is final, and it is empty."""
    context.world.require_success()
    chunks = context.world.tools.chunks
    require_numbered(chunks, context.world.tools.streamed)
    final = [number for number, chunk in enumerate(chunks, 1) if chunk.is_final]
    places = f"final were those at the places {final}" if final else "none was final"
    expect(final == [len(chunks)], f"only the last of {len(chunks)} chunks to be final", places)
    assert_that(chunks[-1].data, equal_to(b""), "the data of the final chunk")
    require_numbers(chunks[:-1], numbers)


@then("the chunks before the failure are {numbers}")
@needs(ToolNotes.chunks, ToolNotes.streamed)
def step_chunks_before_failure(context, numbers):
    """Check the data and the ids of the chunks before the failure of a streaming tool; none is final."""
    chunks = context.world.tools.chunks
    require_numbered(chunks, context.world.tools.streamed)
    assert_that([chunk for chunk in chunks if chunk.is_final], has_length(0), "the final chunks")
    require_numbers(chunks, numbers)


@action("{person} reads/read {int} chunks of the tool {name}{arguments}")
@provides(ToolNotes.streamed, ToolNotes.chunks, ToolNotes.unread)
def step_read_chunks(context, person, count, tool, arguments):
    """Read the first chunks of a stream, and leave the others unread."""
    world = context.world
    world.people.narrow(person)
    world.tools.streamed = tool
    world.tools.unread = stream_tool(world.session_of(person), tool, arguments, timeout=60.0)
    world.tools.chunks = [*islice(world.tools.unread, count)]
    assert_that(world.tools.chunks, has_length(count), "the chunks")
    require_numbered(world.tools.chunks, tool)


@event("{person} cancels the stream")
@needs(ToolNotes.unread)
def step_cancel_stream(context, person):
    """Cancel the stream that a client has read in part."""
    context.world.tools.unread.close()


@then("{person}'s stream ends {end}")
@needs(ToolNotes.unread)
@provides(OUTCOME)
def step_stream_ends(context, person, end):
    """Check that a stream that was read in part ends with this status once its other chunks are read."""
    context.world.require_success()
    context.world.outcome = Outcome.of(lambda: deque(context.world.tools.unread, maxlen=0))
    assert_that(context.world.outcome.examine(), is_refusal(end.status, end.phrase, "it ended with OK"))


@then("{person} reads the other chunks up to {int}")
@needs(ToolNotes.unread, ToolNotes.chunks, ToolNotes.streamed)
def step_read_on(context, person, last):
    """Read more of a stream, check all of its chunks so far, and cancel it."""
    chunks = context.world.tools.chunks
    chunks += islice(context.world.tools.unread, last - len(chunks))
    context.world.tools.unread.close()
    require_numbered(chunks, context.world.tools.streamed)
    require_numbers(chunks, range(1, last + 1), f"the chunks that {person} read")


def require_numbered(chunks, tool):
    expected = [f"{tool}-{number}" for number in range(1, len(chunks) + 1)]
    assert_that([chunk.chunk_id for chunk in chunks], in_order(expected), "the ids of the chunks")


def require_numbers(chunks, numbers, subject="the chunks"):
    data = [json_of(chunk.data, f"the data of {chunk.chunk_id}") for chunk in chunks]
    assert_that(data, in_order(numbers), subject)
