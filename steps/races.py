"""Steps about simultaneous calls of which one may succeed, and about calls that keep a session open."""

import math
import time
from concurrent.futures import ThreadPoolExecutor

from behave import then
from hamcrest import assert_that, equal_to, greater_than_or_equal_to, has_length

from varbridge import BridgeError
from varbridge.conformance.clients.races import Races
from varbridge.conformance.clients.session_calls import call_each, methods_of
from varbridge.conformance.faults.polling import eventually
from varbridge.conformance.scenario.notes import LoadNotes
from varbridge.conformance.scenario.prerequisites import needs, provides
from varbridge.conformance.vocabulary.encoding import encode
from varbridge.conformance.vocabulary.matchers import is_refusal, no_faults
from varbridge.conformance.vocabulary.outcome import Outcome
from varbridge.conformance.vocabulary.phrases import event

RACES = {
    "set a variable with one expected version": Races.set_expecting_one_version,
    "set a variable, by its name or its id, with one expected version": (
        Races.set_by_name_or_id_expecting_one_version
    ),
    "set a variable with one request id": Races.set_with_one_request_id,
    "register one name": Races.register_one_name,
    "lock one variable": Races.lock_one_variable,
    "release one variable": Races.release_one_variable,
    "delete one variable": Races.delete_one_variable,
    "set or delete one variable": Races.set_or_delete_one_variable,
    "set or lock one variable": Races.set_or_lock_one_variable,
    "clean up one session of three variables": Races.clean_up_one_session,
    "add the dependencies of one cycle": Races.close_one_cycle,
}


@event("{int} times, five simultaneous calls {race}")
@provides(LoadNotes.races)
def step_race(context, times, race):
    """Send five calls at the same moment, so many times, with other values of what they share each time."""
    world = context.world
    world.session.initialize()
    world.loads.races = RACES[race](Races(world.client.connection, world.sessions.id, times))


@then("each time, exactly one is accepted and the others are refused {status}")
@needs(LoadNotes.races)
def step_one_wins(context, status):
    """Check that of the calls of each race one was accepted, and that the others had this status."""
    require_one(context.world.loads.races, "accepted", status)


@then("each time, exactly one is refused {status} and the others are accepted")
@needs(LoadNotes.races)
def step_one_loses(context, status):
    """Check that of the calls of each race one had this status, and that the others were accepted."""
    require_one(context.world.loads.races, "refused", status)


def require_one(races, outcome, status):
    """Check that each race has one call with this outcome, and that its refusals have this status."""
    for number, race in enumerate(races, 1):
        place = f"in race {number} of {len(races)}"
        assert_that(len(getattr(race, outcome)), equal_to(1), f"how many were {outcome} {place}")
        for error in race.refused:
            assert_that(error, is_refusal(status), f"a refusal {place}")


@then("each time, the variable does not exist afterwards")
@needs(LoadNotes.races)
def step_none_left(context):
    """Check that the variable of no race is listed."""
    left = [variable.name for variable in context.world.session.list()]
    assert_that(left, has_length(0), "the variables left after the races")


@then("each time, one answers {int} resources and the others answer 0")
@needs(LoadNotes.races)
def step_one_counts(context, count):
    """Check the number of resources that the calls of each race answered, all of which were accepted."""
    for number, race in enumerate(context.world.loads.races, 1):
        assert_that(race.refused, has_length(0), f"the refusals in race {number}")
        counts = sorted(reply.resources_cleaned for reply in race.accepted)
        expected = [0] * (len(counts) - 1) + [count]
        assert_that(counts, equal_to(expected), f"the resources answered in race {number}")


@then("each time, all are accepted and the variable changes once")
@needs(LoadNotes.races)
def step_one_effect(context):
    """Check that the calls of each race were answered one version, and that no other version was made."""
    races = context.world.loads.races
    for number, race in enumerate(races, 1):
        place = f"in race {number} of {len(races)}"
        assert_that(race.refused, has_length(0), f"the refusals {place}")
        versions = {reply.new_version for reply in race.accepted}
        assert_that(versions, has_length(1), f"the versions answered {place}")
    version = context.world.session.get(Races.variable).version
    assert_that(version, equal_to(1 + len(races)), f"the version after {len(races)} races")


@event("each method that names a session is called repeatedly in one of its own for {number} s")
@provides(LoadNotes.session_calls)
def step_call_each(context, seconds):
    """Open a session with a time to live of 2 s and a variable for each method, and call it every 0.1 s."""
    world = context.world
    connection = world.client.connection
    sessions = {name: f"{world.sessions.id}-{name}" for name in methods_of(connection.service)}

    def open_session(session_id):
        session = connection.session(session_id)
        session.initialize(ttl_seconds=2)
        session.register("x", "integer", encode("integer", 1))

    with ThreadPoolExecutor(len(sessions)) as pool:  # one by one, a slow bridge would take longer than 2 s
        list(pool.map(open_session, sessions.values()))
    deadline = time.monotonic() + seconds

    def call():
        call_each(connection, sessions)
        return time.monotonic() > deadline

    eventually(call, math.inf, pause=0.1)
    world.loads.session_calls = sessions


@then("each of these sessions is open")
@needs(LoadNotes.session_calls)
def step_all_open(context):
    """Check that each session still has its variable, and clean the sessions up."""
    connection = context.world.client.connection
    sessions = context.world.loads.session_calls
    assert_that(len(sessions), greater_than_or_equal_to(1), "the number of sessions")

    def read(session_id):
        return Outcome.of(lambda: connection.session(session_id).get("x")).examine()

    with ThreadPoolExecutor(len(sessions)) as pool:
        errors = dict(zip(sessions, pool.map(read, sessions.values()), strict=True))
    ended = [
        f"that in which {method} was called: {error}"
        for method, error in errors.items()
        if isinstance(error, BridgeError)
    ]
    assert_that(ended, no_faults(), "the sessions that have ended")
    for session_id in sessions.values():
        connection.session(session_id).clean_up()
