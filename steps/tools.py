"""Steps about tools."""

import json
from itertools import islice

from behave import given, then, when
from hamcrest import assert_that, equal_to, has_length, is_in

from varbridge.conformance.scenario.tools import parameters_of
from varbridge.conformance.vocabulary.matchers import (
    call_failed,
    expect,
    in_order,
    is_refusal,
    is_tool_failure,
    is_value,
)
from varbridge.conformance.vocabulary.outcome import Outcome
from varbridge.conformance.vocabulary.statuses import CODES
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.values import Raw, decode, encode, kind_of, to_any


def stream(context, tool, parameters):
    """The chunks of a streaming tool, kept as they come, so that those before a failure count."""
    context.world.tools.chunks = []
    context.world.tools.streamed = tool
    context.world.tools.parameters = parameters
    for chunk in context.world.session.stream(tool, parameters, timeout=10.0):
        context.world.tools.chunks.append(chunk)


@when("the tool {name} runs with:")
@when("the tool {name} runs")
def step_run(context, tool):
    """Run a tool, with its parameters as a table of one row."""
    parameters = parameters_of(context.table)
    context.world.attempt(lambda: context.world.session.execute(tool, parameters))


@when("the tool {name} runs, for its result as it travels, with:")
def step_run_for_message(context, tool):
    """Run a tool, and keep the reply as it came."""
    parameters = {
        name: to_any(encode(kind_of(value), value)) for name, value in parameters_of(context.table).items()
    }
    request = pb.ExecuteToolRequest(
        session_id=context.world.sessions.id, tool_name=tool, parameters=parameters
    )
    context.world.attempt(lambda: context.world.client.connection.call("ExecuteTool", request))


@when("the tool {name} runs for the optimizer {name} with:")
def step_run_for(context, tool, optimizer):
    """Run a tool that speaks for an optimizer."""
    parameters = parameters_of(context.table)
    metadata = {"optimizer_id": optimizer}
    context.world.attempt(lambda: context.world.session.execute(tool, parameters, metadata=metadata))


@when("the tool {name} runs with the parameter {name} as the raw bytes {name}")
def step_run_raw(context, tool, name, text):
    """Run a tool with a parameter that is no JSON."""
    raw = Raw("type.googleapis.com/snakepit.string", text.encode())
    context.world.attempt(lambda: context.world.session.execute(tool, {name: raw}))


@when("the tool {name} runs with the parameter {name} as {value}")
def step_run_array(context, tool, name, value):
    """Run a tool with one parameter, an array of bytes."""
    raw = value.raw("tensor")
    context.world.attempt(lambda: context.world.session.execute(tool, {name: raw}))


@when("the tool {name} streams with:")
@when("the tool {name} streams")
def step_stream(context, tool):
    """Run a streaming tool, with its parameters as a table of one row."""
    parameters = parameters_of(context.table)
    context.world.attempt(lambda: stream(context, tool, parameters))


@when("the tool {name} is given {number} s to run with:")
def step_run_with_deadline(context, tool, seconds):
    """Run a tool under a deadline."""
    parameters = parameters_of(context.table)
    context.world.attempt(lambda: context.world.session.execute(tool, parameters, timeout=seconds))


@when("{name} is read while the tool {name} runs for {int} s")
def step_read_while_running(context, name, tool, seconds):
    """Read a variable while a tool takes its time in another call."""
    running = start_tool(context, tool, seconds)
    try:
        context.world.attempt(lambda: context.world.session.get(name))
        expect(not running.done(), "the tool to run on while the read is answered", "it had ended before")
    finally:
        running.cancel()


@given("the tool {name} has failed {int} times")
@given("the tool {name} has failed {int} time")
def step_has_failed(context, tool, times):
    """A tool that was run, without parameters, and failed each time, in whichever way."""
    for _ in range(times):
        assert_that(Outcome.of(lambda: context.world.session.execute(tool)).examine(), call_failed())


@given("the tool {name} has run for {number} s")
def step_has_run(context, tool, seconds):
    """A tool that takes seconds was run, and has ended."""
    context.world.session.execute(tool, {"seconds": seconds})


@given("the tool {name} is running for {int} s")
def step_running(context, tool, seconds):
    """A call of a tool that is under way."""
    context.world.tools.running = start_tool(context, tool, seconds)


def start_tool(context, tool, seconds):
    """Start a tool that takes seconds; its call has reached the bridge when this returns."""
    request = pb.ExecuteToolRequest(
        session_id=context.world.sessions.id,
        tool_name=tool,
        parameters={"seconds": to_any(encode("float", float(seconds)))},
    )
    running = context.world.client.connection.start("ExecuteTool", request, timeout=120.0)
    context.world.client.connection.ping()  # calls of one connection arrive in order
    return running


@when("the running tool is cancelled")
def step_cancel(context):
    """Cancel the call that is under way."""
    context.world.tools.running.cancel()


@when("{person} takes {int} chunks of {name} to {int} and cancels")
def step_take_and_cancel(context, person, count, tool, n):
    """Read the first chunks of a long stream, and cancel it."""
    chunks = context.world.session_of(person).stream(tool, {"n": n}, timeout=30.0)
    taken = [*islice(chunks, count)]
    chunks.close()
    assert_that(taken, has_length(count), "the chunks")
    require_numbered(taken, tool)


@when("{person} takes {int} chunks of {name} to {int} and stops reading")
def step_take_and_stop(context, person, count, tool, n):
    """Read the first chunks of a long stream, and leave the others where they are."""
    context.world.people.narrow(person)
    context.world.tools.streamed = tool
    context.world.tools.unread = context.world.session_of(person).stream(tool, {"n": n}, timeout=60.0)
    context.world.tools.chunks = [*islice(context.world.tools.unread, count)]


@then("{person} reads on, and gets the chunks up to {int}")
def step_read_on(context, person, last):
    """Go on with a stream, and cancel it then."""
    chunks = context.world.tools.chunks
    chunks += islice(context.world.tools.unread, last - len(chunks))
    context.world.tools.unread.close()
    require_numbered(chunks, context.world.tools.streamed)
    numbers = [json.loads(chunk.data) for chunk in chunks]
    assert_that(numbers, in_order(range(1, last + 1)), f"the chunks that {person} got")


@then("the running tool succeeds")
def step_running_succeeds(context):
    """The call that was under way is answered, and tells no failure."""
    reply = context.world.tools.running.result(timeout=30.0)
    words = f"success is {reply.success}, with the error {reply.error_message!r}"
    expect(
        (reply.success, reply.error_message) == (True, ""),
        "the running tool to succeed without an error",
        words,
    )


@then("the running tool is refused {status}")
def step_running_refused(context, reason):
    """The call that was under way is cut with this status."""
    assert_that(context.world.tools.running.code(), is_in(CODES[reason]), "the status of the call")


@then("there are {int} chunks, {int} to {int}")
def step_many_chunks(context, count, first, last):
    """So many chunks came, then the final one."""
    context.world.require_success()
    chunks = context.world.tools.chunks
    require_numbered(chunks, context.world.tools.streamed)
    numbers = [json.loads(chunk.data) for chunk in chunks[:-1]]
    assert_that(numbers, in_order(range(first, last + 1)), "the chunks")
    assert_that(numbers, has_length(count), "the chunks")
    expect(chunks[-1].is_final, "the last chunk to be final", "it was not")


@then("the tool succeeds")
def step_succeeds(context):
    """The call is answered, with whatever result."""
    context.world.require_success()


@then("the tool answers {value}")
def step_answers(context, value):
    """The tool's result."""
    answer = context.world.require_success()
    assert_that(answer, is_value(value, exact=False), "the tool's answer")


@then("the chunks are {value}")
def step_chunks(context, values):
    """The chunks that came: their data, their ids from 1, and one final chunk, last and empty."""
    context.world.require_success()
    chunks = context.world.tools.chunks
    require_numbered(chunks, context.world.tools.streamed)
    final = [number for number, chunk in enumerate(chunks, 1) if chunk.is_final]
    told = f"final were those at the places {final}" if final else "none was final"
    expect(final == [len(chunks)], f"the last of {len(chunks)} chunks alone to be final", told)
    assert_that(chunks[-1].data, equal_to(b""), "the data of the final chunk")
    assert_that([json.loads(chunk.data) for chunk in chunks[:-1]], in_order(values.python()), "the chunks")


@then("it is refused with INTERNAL, in the words in which {name} fails when it runs")
def step_same_words(context, tool):
    """The status of the stream holds the message that the same tool fails with outside of a stream."""
    failure = Outcome.of(
        lambda: context.world.session.execute(tool, context.world.tools.parameters)
    ).examine()
    assert_that(failure, is_tool_failure())
    assert_that(context.world.outcome.examine(), is_refusal("with INTERNAL", str(failure)))


@then("the result is {value}, labelled as {word}")
def step_labelled(context, value, kind):
    """The type_url of the result names this type, or json for what is of none."""
    result = context.world.require_success().result
    assert_that(result.type_url.rpartition(".")[2].rpartition("/")[2], equal_to(kind), "the type named")
    assert_that(decode(kind, result), is_value(value), "the result")


@then("the chunks before the failure are {value}")
def step_chunks_before_failure(context, values):
    """The chunks that came before a streaming tool failed; none of them final."""
    chunks = context.world.tools.chunks
    require_numbered(chunks, context.world.tools.streamed)
    assert_that([chunk for chunk in chunks if chunk.is_final], has_length(0), "the final chunks")
    assert_that([json.loads(chunk.data) for chunk in chunks], in_order(values.python()), "the chunks")


def require_numbered(chunks, tool):
    expected = [f"{tool}-{number}" for number in range(1, len(chunks) + 1)]
    assert_that([chunk.chunk_id for chunk in chunks], in_order(expected), "the ids of the chunks")
