"""The interval of heartbeats in scenarios that wait for some of them."""

from __future__ import annotations

import re

from varbridge.conformance.scenario.world import DEADLINE_S, World
from varbridge.conformance.target.server_pool import UnsupportedFlagError
from varbridge.conformance.vocabulary.matchers import expect
from varbridge.errors import WorkerError
from varbridge.messages import snakepit_bridge_pb2 as pb

FLAG = "--heartbeat-interval"
INTERVAL_S = 0.2

MAX_INTERVAL_S = 2.0
"""The longest interval at which scenarios wait for heartbeats, in seconds."""

KEY = "heartbeat-interval-ms"
"""The key in the initial metadata of a watch under which a bridge may state its interval, in milliseconds."""


def use_short_heartbeats(world: World) -> float:
    """Use a bridge with short intervals between heartbeats; return the interval in seconds.

    This is a bridge with a flag of the reference bridge. If the bridge does not take that flag, it is the
    usual one, which states its interval in the initial metadata of watches.

    Raises:
        UnsupportedFlagError: the bridge does not take the flag, and states no short interval.
    """
    servers = world.target.servers
    if world.target.options.command is not None and not servers.lacks_flag(FLAG):
        try:
            world.client.use_bridge(servers.with_flags(FLAG, str(INTERVAL_S)))
            return INTERVAL_S
        except WorkerError:
            if world.target.refused_flag() != FLAG:
                raise
            servers.launched.clear()  # the scenario does not need the bridge that refused the flag
    interval_s = stated_interval_s(world)
    if interval_s is None or interval_s > MAX_INTERVAL_S:
        servers.lacked_flag = FLAG
        raise UnsupportedFlagError(f"the bridge does not take {FLAG}, and states no short interval")
    return interval_s


def stated_interval_s(world: World) -> float | None:
    """Return the interval in the initial metadata of a watch, in seconds; None if there is none."""
    session = world.client.connection.session(f"{world.sessions.id}-interval")  # the scenario opens its own
    session.initialize()
    request = pb.WatchVariablesRequest(session_id=session.id)
    stream = world.client.connection.stream("WatchVariables", request, timeout=DEADLINE_S)
    try:
        stated = dict(stream.initial_metadata() or ()).get(KEY)
    finally:
        stream.cancel()
        session.clean_up()
    if stated is None:
        return None
    number = re.fullmatch(r"[0-9]+(\.[0-9]+)?", str(stated))
    is_positive = number is not None and float(number[0]) > 0
    expect(is_positive, f"a number of milliseconds as {KEY} (W10)", f"it is {stated!r}")
    return float(str(stated)) / 1000
