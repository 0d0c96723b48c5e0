"""Steps about who may call: tokens, TLS and certificates of clients."""

import json
import signal

from behave import given, then
from hamcrest import assert_that, empty

from varbridge.conformance.faults.polling import eventually
from varbridge.conformance.scenario.prerequisites import OUTCOME, needs, watch_of
from varbridge.conformance.scenario.servers import Servers
from varbridge.conformance.scenario.world import DEADLINE_S
from varbridge.conformance.target.credentials import STRANGER
from varbridge.conformance.vocabulary.matchers import expect, is_no_connection
from varbridge.conformance.vocabulary.outcome import Outcome
from varbridge.conformance.vocabulary.phrases import prefix, run_step


@prefix("{credentials}, {step}")
def step_with_credentials(context, text, step):
    """Run a step over new connections with other credentials: another token, header, certificate or none;
    or over the present connection, without its token."""
    client = context.world.client
    same = text == "without a token, on the same connection"
    with client.without_token() if same else client.showing(credentials_of(context, text)):
        run_step(context, step)


def credentials_of(context, text):
    """Return the credentials of the scenario's client with the change that a step names."""
    access = context.world.client.access
    if text.startswith("with the token "):
        return usual(context, token=json.loads(text.removeprefix("with the token ")))
    if text.startswith("with the header "):
        return usual(context, token="", authorization=json.loads(text.removeprefix("with the header ")))
    changes = {
        "without a token": lambda: {"token": ""},
        "without TLS": lambda: {"tls": None},
        "without a certificate": lambda: {"tls": access.tls()},
        "with a certificate of another authority": lambda: {"tls": access.tls(signed_by=STRANGER)},
        "trusting another authority": lambda: {"tls": access.tls(trusted=STRANGER)},
        "on a new connection": dict,
    }
    return usual(context, **changes[text]())


def usual(context, **changes):
    """Return the credentials of the scenario's client, with some fields changed."""
    return context.world.client.credentials._replace(**changes)


@then("{person} has received nothing")
@needs(watch_of("person"))
def step_received_nothing(context, person):
    """Check that the watch of this person sent no update before it ended."""
    updates = [update.kind for update in context.world.watchers[person].watch.updates]
    assert_that(updates, empty(), f"what {person} received")


@then("no connection is made")
@needs(OUTCOME)
def step_no_connection(context):
    """Check that the last call did not reach the bridge, because the TLS handshake failed."""
    assert_that(context.world.outcome.examine(), is_no_connection())


@given("the token file was replaced with {texts}")
@needs(Servers.process)
def step_replace_tokens(context, lines):
    """A token file with these lines has replaced the bridge's earlier one."""
    context.world.client.access.write_tokens(lines)


@given("the token file was deleted")
@needs(Servers.process)
def step_delete_tokens(context):
    """The bridge's token file no longer exists."""
    context.world.client.access.remove_tokens()


@given("the certificate was replaced with one of another authority, and reloaded on SIGHUP")
@needs(Servers.process)
def step_reload_certificate(context):
    """A bridge that answers clients that trust another authority, whose certificate it reloaded."""
    world = context.world
    world.client.access.write_certificate(STRANGER)
    world.servers.process.signal(signal.SIGHUP)
    credentials = usual(context, tls=world.client.access.tls(trusted=STRANGER))

    def is_answered():
        with world.client.showing(credentials):
            return Outcome.of(world.client.connection.ping).examine() is None

    expected = f"clients that trust the other authority to be answered within {DEADLINE_S:g} s"
    expect(eventually(is_answered, DEADLINE_S), expected, "no connection was made")


@given("the certificate was replaced with a damaged one, and reported on SIGHUP")
@needs(Servers.process)
def step_damage_certificate(context):
    """A bridge that wrote a line on stderr because its new certificate is damaged."""
    process = context.world.servers.process
    context.world.client.access.spoil_certificate()
    earlier = len(process.stderr)
    process.signal(signal.SIGHUP)
    lines = eventually(lambda: [*process.stderr][earlier:], DEADLINE_S)
    expected = f"a line about the damaged certificate on stderr within {DEADLINE_S:g} s"
    expect(bool(lines), expected, "there was none")
