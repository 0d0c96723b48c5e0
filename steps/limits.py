"""Steps about limits: the size of messages, and the number and the age of connections."""

from behave import given, then
from hamcrest import assert_that, less_than, none

from varbridge.conformance.clients.pinging import Pinging
from varbridge.conformance.scenario.notes import LoadNotes
from varbridge.conformance.scenario.prerequisites import needs, provides, watch_of
from varbridge.conformance.vocabulary.encoding import encode
from varbridge.conformance.vocabulary.matchers import expect
from varbridge.conformance.vocabulary.phrases import action, prefix, run_step
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.wire import to_any


@action("{name} is/was set in a message of {int} bytes")
def step_set_in_message(context, name, size):
    """Set a string variable by a request whose encoded length is exactly this number of bytes."""
    request = sized_request(context.world.sessions.id, name, size)
    return context.world.client.connection.call("SetVariable", request)


def sized_request(session_id, name, size):
    """Return a request that sets a string variable, as a message of ``size`` bytes."""

    def request(length):
        value = to_any(encode("string", "x" * length))
        return pb.SetVariableRequest(session_id=session_id, variable_identifier=name, value=value)

    # The lengths inside a message take a byte or so less if it is small: the second guess is right.
    message = request(size - request(size).ByteSize() + size)
    assert message.ByteSize() == size, f"the message has {message.ByteSize()} bytes"
    return message


@prefix("as {person}, {step}")
def step_as_person(context, person, step):
    """Run any step on the connection of this client, which its watches use as well."""
    with context.world.client.using(context.world.people.connection_of(person)):
        run_step(context, step)


@given("{person} opens another watch of {names}")
@needs(watch_of("person"))
def step_watch_again(context, person, names):
    """Open another watch on a client's connection; later steps are about its first one."""
    first = context.world.watchers[person]
    context.world.watch(person, names)
    context.world.watchers.select(person, first)


@action("the bridge is/was pinged")
def step_ping(context):
    """Call the method Ping, with a message that has blanks and characters beyond ASCII."""
    return context.world.client.connection.ping(" hällo\n🚀 ")


@prefix("{person} pings the bridge without a pause while {step}")
@provides(LoadNotes.pinging)
def step_ping_while(context, person, step):
    """Run a step while another client pings, each time as soon as it has an answer."""
    world = context.world
    world.loads.pinging = Pinging(world.people.connection_of(person))
    with world.loads.pinging:
        run_step(context, step)


@then("each of {person}'s pings was answered in less than {int} s")
@needs(LoadNotes.pinging)
def step_pings_answered(context, person, seconds):
    """Check that no ping was refused, and that none waited for so long."""
    pinging = context.world.loads.pinging
    assert_that(pinging.error, none(), f"the refusal of a ping of {person}")
    assert_that(pinging.longest_s, less_than(seconds), f"the longest time of a ping of {person} in seconds")


@then("within {int} s the connection of {person} is closed")
def step_closed(context, seconds, person):
    """Check that the bridge closes a client's connection within that time."""
    context.world.require_success()
    closed = context.world.people.connection_of(person).wait_until_closed(seconds)
    expect(closed, f"{person}'s connection to be closed within {seconds} s", "it was still open")
