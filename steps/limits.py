"""Steps about caps: messages of some size, and connections that are used too much or too little."""

from behave import given, then, when

from varbridge.conformance.vocabulary.matchers import expect
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.values import encode, to_any


def sized(session_id, name, size):
    """A request to set a string variable that is a message of so many bytes."""

    def request(length):
        value = to_any(encode("string", "x" * length))
        return pb.SetVariableRequest(session_id=session_id, variable_identifier=name, value=value)

    # Lengths that stand in the message take a byte or so less where it is small: the second guess is right.
    length = size - request(size).ByteSize() + size
    return request(length)


def set_sized(context, name, size):
    request = sized(context.world.sessions.id, name, size)
    assert request.ByteSize() == size, f"the message has {request.ByteSize()} bytes"
    return context.world.client.connection.call("SetVariable", request)


@given("{name:Name} was set in a message of {size:d} bytes")
def step_was_set_in_message(context, name, size):
    """A string that was set, by a request of just this length."""
    set_sized(context, name, size)


@when("{name:Name} is set in a message of {size:d} bytes")
def step_set_in_message(context, name, size):
    """Set a string, by a request of just this length."""
    context.world.attempt(lambda: set_sized(context, name, size))


@given("{person:Person} also watches {names:Names}")
def step_also_watches(context, person, names):
    """One more watch of someone who watches already, on the same connection."""
    first = context.world.watchers[person]
    context.world.watch(person, names)
    context.world.watchers.select(person, first)


@when("{person:Person} reads {name:Name} on the same connection")
def step_read_beside(context, person, name):
    """Read a variable, on the connection that someone's watches run over."""
    context.world.attempt(lambda: context.world.session_of(person).get(name))


@when("{person:Person} calls, and then no more")
def step_call_once(context, person):
    """A call on someone's own connection."""
    context.world.attempt(context.world.people.connection_of(person).ping)


@then("within {seconds:d} s {person:Person}'s connection is closed")
def step_closed(context, seconds, person):
    """The bridge closes a connection on which nobody calls."""
    context.world.require_success()
    closed = context.world.people.connection_of(person).wait_until_closed(seconds)
    expect(closed, f"{person}'s connection to be closed within {seconds} s", "it was still open")
