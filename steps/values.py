"""Steps about values as they stand on the wire: type_urls, raw JSON texts, binary headers."""

import json

from behave import then, when
from hamcrest import assert_that, equal_to

from varbridge import Connection, Variable
from varbridge.conformance.vocabulary.matchers import expect
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.values import BINARY, PREFIX, Raw


def give(context, name, raw):
    """Set a variable to exactly these bytes."""
    context.world.attempt(lambda: context.world.session.set(name, raw))


def give_in_batch(context, name, raw):
    """Set a variable to exactly these bytes, in a batch of its own that is not atomic."""
    context.world.attempt(lambda: context.world.session.set_many({name: raw}))


def begin(context, name, kind, raw):
    """Register a variable that is to hold exactly these bytes."""
    context.world.attempt(lambda: context.world.session.register(name, kind, raw))


def url_of(context, name, suffix=""):
    """The type_url of a variable's own type."""
    return PREFIX + context.world.sessions.kind_of(name) + suffix


@when("{name} is given {value} under the type_url {name}")
def step_give_labelled(context, name, value, url):
    """Set a variable to a value that is labelled as something else."""
    give(context, name, value.raw("float")._replace(type_url=url))


@when("{name} is given the text {step}")
def step_give_text(context, name, text):
    """Set a variable to a text that may be no JSON."""
    give(context, name, Raw(url_of(context, name), text.encode()))


@when("{name} is given no text at all")
def step_give_empty(context, name):
    """Set a variable to an empty text."""
    give(context, name, Raw(url_of(context, name), b""))


@when("{name} is given the bytes {step}")
def step_give_bytes(context, name, digits):
    """Set a variable to bytes, in hexadecimal."""
    give(context, name, Raw(url_of(context, name), bytes.fromhex(digits)))


@when("{name} is given no value")
def step_give_nothing(context, name):
    """Set a variable without saying to what."""
    request = pb.SetVariableRequest(session_id=context.world.sessions.id, variable_identifier=name)
    context.world.attempt(lambda: context.world.client.connection.call("SetVariable", request))


@when("{name} is given a number of {int} digits")
def step_give_digits(context, name, count):
    """Set a variable to a number of so many digits."""
    give(context, name, Raw(url_of(context, name), b"0." + b"1" * count))


@when("{name} is given a whole number of {int} digits, as N in the text {step}")
def step_give_digits_in(context, name, count, text):
    """Set a variable to a text in which a number of so many digits stands for N."""
    give(context, name, Raw(url_of(context, name), text.replace("N", "1" * count).encode()))


@when("{name} is given arrays nested {int} deep")
def step_give_nested(context, name, depth):
    """Set a variable to a number within so many arrays."""
    give(context, name, Raw(url_of(context, name), b"[" * depth + b"1" + b"]" * depth))


@when("{name} is given a text of {int} characters")
def step_give_long_text(context, name, count):
    """Set a variable to a string of so many characters."""
    give(context, name, Raw(url_of(context, name), json.dumps("x" * count).encode()))


@when("{name} is given the header {step} with {int} bytes")
def step_give_header(context, name, header, count):
    """Set a variable to a binary header and so many bytes, all of them 0."""
    give(context, name, Raw(url_of(context, name, BINARY), header.encode(), bytes(count)))


@when("{name} is given {value} and {int} bytes beside it")
def step_give_stray_bytes(context, name, value, count):
    """Set a variable to a JSON value that comes with bytes."""
    give(context, name, value.raw(context.world.sessions.kind_of(name))._replace(array=bytes(count)))


@when("{name} is registered as a {type} holding {value} under the type_url {name}")
def step_begin_labelled(context, name, kind, value, url):
    """Register a variable with a value that is labelled as something else."""
    begin(context, name, kind, value.raw(kind)._replace(type_url=url))


@when("{name} is registered as a {type} with the text {step}")
def step_begin_text(context, name, kind, text):
    """Register a variable with a text that may be no JSON."""
    begin(context, name, kind, Raw(PREFIX + kind, text.encode()))


@when("{name} is registered as a {type} with the header {step} and {int} bytes")
def step_begin_header(context, name, kind, header, count):
    """Register a variable with a binary header and so many bytes, all of them 0."""
    begin(context, name, kind, Raw(PREFIX + kind + BINARY, header.encode(), bytes(count)))


@when("in a batch, {name} is given {value} under the type_url {name}")
def step_batch_labelled(context, name, value, url):
    """Set a variable in a batch to a value that is labelled as something else."""
    give_in_batch(context, name, value.raw("float")._replace(type_url=url))


@when("in a batch, {name} is given the text {step}")
def step_batch_text(context, name, text):
    """Set a variable in a batch to a text that may be no JSON."""
    give_in_batch(context, name, Raw(url_of(context, name), text.encode()))


@when("in a batch, {name} is given the header {step} with {int} bytes")
def step_batch_header(context, name, header, count):
    """Set a variable in a batch to a binary header and so many bytes, all of them 0."""
    give_in_batch(context, name, Raw(url_of(context, name, BINARY), header.encode(), bytes(count)))


@when("{name} is read under the older service name")
def step_read_legacy(context, name):
    """Read a variable through the service's older name."""
    request = pb.GetVariableRequest(session_id=context.world.sessions.id, variable_identifier=name)
    with Connection(context.world.client.connection.address, service="SnakepitBridge") as older:
        context.world.attempt(lambda: Variable(older.call("GetVariable", request).variable))


@then("its type_url is {name}")
def step_type_url(context, url):
    """The type_url of the variable that was read."""
    assert_that(context.world.require_success().raw.type_url, equal_to(url), "the type_url")


@then("it came as JSON")
def step_came_as_json(context):
    """The value that was read has no bytes beside it."""
    raw = context.world.require_success().raw
    expect(
        (raw.type_url.endswith(BINARY), raw.array) == (False, b""), "JSON without bytes beside it", came(raw)
    )


@then("it came as raw bytes")
def step_came_as_bytes(context):
    """The value that was read has its array as bytes beside it."""
    raw = context.world.require_success().raw
    expect(
        raw.type_url.endswith(BINARY) and raw.array != b"",
        "raw bytes under the type_url of binary values",
        came(raw),
    )


def came(raw):
    return f"it came under the type_url {raw.type_url!r}, with {len(raw.array)} bytes beside it"


@then("{name} holds a text of {int} characters at version {int}")
def step_holds_long_text(context, name, count, version):
    """A variable holds the string of so many characters that was given."""
    variable = context.world.session.get(name)
    words = f"{len(variable.value)} characters at version {variable.version}"
    expect(
        (len(variable.value), variable.version) == (count, version),
        f"{name!r} to hold {count} characters at version {version}",
        words,
    )
