"""Steps about who may call: tokens, TLS and certificates of clients."""

import signal

from behave import given, then, when
from hamcrest import assert_that, empty

from varbridge.conformance.faults.polling import eventually
from varbridge.conformance.scenario import network
from varbridge.conformance.scenario.world import DEADLINE
from varbridge.conformance.target.credentials import OWN, STRANGER, ClientCredentials
from varbridge.conformance.target.server_pool import START_TIMEOUT
from varbridge.conformance.vocabulary.matchers import expect, is_no_connection
from varbridge.conformance.vocabulary.outcome import Outcome
from varbridge.conformance.vocabulary.phrases import prefix, run_step

# Bridges that let in not everybody


def share(context, *flags, tls=None, token=""):
    """Speak to a bridge with these flags from now on, as somebody whom it lets in; scenarios share it."""
    world = context.world
    world.client.credentials = ClientCredentials(tls, token)
    world.client.use_bridge(world.target.servers.with_flags(*flags))


def start(context, *flags, tls=None, token=""):
    """The same with a bridge of the scenario's own."""
    world = context.world
    world.client.credentials = ClientCredentials(tls, token)
    port = world.servers.start(*flags).wait_ready(START_TIMEOUT)
    world.client.use_bridge(f"127.0.0.1:{port}")


@given("a bridge with the tokens {names}")
@given("a bridge with the token {names}")
def step_tokens(context, tokens):
    """A bridge with a file of these tokens; who speaks to it bears the first of them."""
    share(context, *context.world.client.access.tokens(tokens), token=tokens[0])


@given("a bridge with the tokens:")
def step_scoped_tokens(context):
    """A bridge with a file of tokens and what each is good for; who speaks to it bears the first."""
    lines = [f"{row['token']} {row['good for']}" for row in context.table]
    share(context, *context.world.client.access.tokens(lines), token=context.table[0]["token"])


@given("a bridge of its own with the tokens {names}")
@given("a bridge of its own with the token {names}")
def step_own_tokens(context, tokens):
    """A bridge with a file of these tokens, which the scenario may exchange; the first is borne."""
    start(context, *context.world.client.own_access().write_tokens(tokens), token=tokens[0])


@given("a bridge of its own with the token {names}, started with {name}")
def step_own_tokens_and_flags(context, tokens, flags):
    """A bridge with a file of these tokens, and these flags; who speaks to it bears the first token."""
    files = context.world.client.own_access().write_tokens(tokens)
    start(context, *files, *flags.split(), token=tokens[0])


@given("a bridge with a certificate")
def step_certificate(context):
    """A bridge that speaks TLS; who speaks to it trusts the authority of its certificate."""
    access = context.world.client.access
    share(context, *access.certificate(), tls=access.tls())


@given("a bridge of its own with a certificate")
def step_own_certificate(context):
    """A bridge that speaks TLS, whose certificate the scenario may exchange; its authority is trusted."""
    access = context.world.client.own_access()
    start(context, *access.write_certificate(), tls=access.tls())


@given("a bridge with a certificate, which asks clients for one of the same authority")
def step_mutual(context):
    """A bridge that speaks TLS with those who show a certificate; who speaks to it does."""
    access = context.world.client.access
    share(context, *access.certificate(), *access.authority_flags(), tls=access.tls(signed_by=OWN))


@given("a bridge with a certificate and the token {name}, which listens on every address")
def step_both(context, token):
    """A bridge that other machines may call; who speaks to it trusts its authority and bears the token."""
    access = context.world.client.access
    flags = ["--host", "0.0.0.0", *access.certificate(), *access.tokens([token])]
    share(context, *flags, tls=access.tls(), token=token)


@when("a bridge is started with the flags {name} and a token file")
def step_start_flags_and_tokens(context, flags):
    """Start a bridge that may fail to start, with these flags and a file of one token."""
    tokens = context.world.client.access.tokens(["a-token-for-this-scenario-alone"])
    context.world.servers.start(*flags.split(), *tokens).wait_ended(DEADLINE)


@when("a bridge is started with the flags {name} and a certificate")
def step_start_flags_and_certificate(context, flags):
    """Start a bridge that may fail to start, with these flags and a certificate."""
    files = context.world.client.access.certificate()
    context.world.servers.start(*flags.split(), *files).wait_ended(DEADLINE)


@when("a bridge is started with a token file of the line {name}")
def step_start_token_line(context, line):
    """Start a bridge that may fail to start, with a token file of one line."""
    context.world.servers.start(*context.world.client.access.tokens([line])).wait_ended(DEADLINE)


# What a client shows


def say_showing(context, credentials, step):
    """Say another step on connections that show the bridge this."""
    with context.world.client.showing(credentials):
        run_step(context, step)


def usual(context, **other):
    """What clients of the scenario show, but for this."""
    return context.world.client.credentials._replace(**other)


@prefix("with the token {name}, {step}")
def step_with_token(context, token, step):
    """Any step, by somebody who bears this token."""
    say_showing(context, usual(context, token=token), step)


@prefix("without a token, {step}")
def step_without_token(context, step):
    """Any When, by somebody who bears no token."""
    say_showing(context, usual(context, token=""), step)


@prefix("with the header {name}, {step}")
def step_with_header(context, authorization, step):
    """Any When, by somebody whose calls have ``authorization`` and this, where others have "Bearer TOKEN"."""
    say_showing(context, ClientCredentials(authorization=authorization), step)


@prefix("on a new connection, {step}")
def step_on_new_connection(context, step):
    """Any When, by somebody who shows what the scenario's client does, on a connection made now."""
    say_showing(context, usual(context), step)


@prefix("in the clear, {step}")
def step_in_the_clear(context, step):
    """Any When, by somebody who does not speak TLS."""
    say_showing(context, usual(context, tls=None), step)


@prefix("trusting another authority, {step}")
def step_trusting_another(context, step):
    """Any When, by somebody who does not know the authority of the bridge's certificate."""
    tls = context.world.client.access.tls(trusted=STRANGER)
    say_showing(context, usual(context, tls=tls), step)


@prefix("without a certificate, {step}")
def step_without_certificate(context, step):
    """Any When, by somebody who shows no certificate."""
    say_showing(context, usual(context, tls=context.world.client.access.tls()), step)


@prefix("with a certificate of another authority, {step}")
def step_with_strange_certificate(context, step):
    """Any When, by somebody whose certificate is of an authority that the bridge does not know."""
    tls = context.world.client.access.tls(signed_by=STRANGER)
    say_showing(context, usual(context, tls=tls), step)


# What becomes of it


@then("{person} has received nothing")
def step_received_nothing(context, person):
    """Someone's watch is over, and told nothing."""
    updates = [update.kind for update in context.world.watchers[person].watch.updates]
    assert_that(updates, empty(), f"what {person} received")


@then("no connection is made")
def step_no_connection(context):
    """The call did not reach the bridge, which wants to be spoken to in another way."""
    assert_that(context.world.outcome.examine(), is_no_connection())


@then("it answers at each address of this machine")
def step_answers_everywhere(context):
    """A call is answered at loopback, and at whatever address other machines know."""
    world = context.world
    port = world.client.connection.address.rpartition(":")[2]
    silent = {}
    for address in ["127.0.0.1", *(one for one in network.addresses() if ":" not in one)]:
        error = Outcome.of(world.client.connect(f"{address}:{port}").ping).examine()
        if error is not None:
            silent[address] = str(error)
    assert_that(silent, empty(), "the addresses where it does not answer")


# What is exchanged while it runs


@given("its tokens were exchanged for {names}")
def step_exchange_tokens(context, tokens):
    """Another token file has taken the place of the one that was there."""
    context.world.client.access.write_tokens(tokens)


@given("its token file was taken away")
def step_remove_tokens(context):
    """There is no token file any more."""
    context.world.client.access.remove_tokens()


@given("its certificate was exchanged for one of another authority, and it got SIGHUP")
def step_exchange_certificate(context):
    """A bridge that has read another certificate: whoever trusts that one's authority is answered."""
    world = context.world
    world.client.access.write_certificate(STRANGER)
    world.servers.process.signal(signal.SIGHUP)
    credentials = usual(context, tls=world.client.access.tls(trusted=STRANGER))

    def answered():
        with world.client.showing(credentials):
            return Outcome.of(world.client.connection.ping).examine() is None

    expected = f"whoever trusts the other authority to be answered within {DEADLINE:g} s"
    expect(eventually(answered, DEADLINE), expected, "no connection was made")


@given("its certificate was spoilt, and it said so when it got SIGHUP")
def step_spoil_certificate(context):
    """A bridge that was told to read what is no certificate, and has written a line about it."""
    process = context.world.servers.process
    context.world.client.access.spoil_certificate()
    said = len(process.stderr)
    process.signal(signal.SIGHUP)
    told = eventually(lambda: [*process.stderr][said:], DEADLINE)
    expect(bool(told), f"a word about it on stderr within {DEADLINE:g} s", "nothing came")


@given("it got SIGHUP")
def step_hang_up(context):
    """A bridge that was sent the signal; another one comes after it."""
    context.world.servers.process.signal(signal.SIGHUP)
