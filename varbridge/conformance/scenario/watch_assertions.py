"""Assertions about the updates that people's watches received, and about the end of watches."""

from __future__ import annotations

from collections.abc import Sequence

from hamcrest import assert_that, equal_to

from varbridge import Update
from varbridge.conformance.clients.follower_adapter import Watched
from varbridge.conformance.scenario.world import DEADLINE_S, World
from varbridge.conformance.vocabulary.contents import item
from varbridge.conformance.vocabulary.encoding import read_value
from varbridge.conformance.vocabulary.matchers import (
    Refused,
    expect,
    in_order,
    is_refusal,
)
from varbridge.conformance.vocabulary.tables import Row
from varbridge.conformance.vocabulary.updates import describe, is_update

_NO_ERROR = "it ended without an error"


def news(updates: Sequence[Update]) -> list[Update]:
    """Return the updates about variables, without heartbeats, whose times are not predictable."""
    return [update for update in updates if update.kind != "heartbeat"]


def wait_for_news(watch: Watched, count: int, timeout: float = DEADLINE_S) -> list[Update]:
    """Return the updates about variables once ``count`` have arrived, the watch has ended, or time is up."""
    return news(watch.wait_for(lambda updates: len(news(updates)) >= count, timeout))


def expect_updates(world: World, person: str, rows: Sequence[Row]) -> None:
    """Assert that the next updates of a person's watch match these rows, in this order."""
    watcher = world.watchers[person]
    end_position = watcher.position + len(rows)
    fresh = wait_for_news(watcher.watch, end_position)[watcher.position : end_position]
    unknown = () if world.target.options.has_current_service else ("previous",)
    for number, (update, row) in enumerate(zip(fresh, rows, strict=False), 1):
        known = {name: cell for name, cell in row.items() if name not in unknown}
        assert_that(update, is_update(known), f"update {number} that {person} received")
    if len(fresh) < len(rows):
        received = "; ".join(map(describe, fresh)) or "nothing"
        silence = ", then nothing" if fresh else ""
        ended = f": {watcher.watch.ended}" if watcher.watch.ended else " without an error"
        end = f", then the watch ended{ended}" if watcher.watch.over else silence
        updates = "1 update" if len(rows) == 1 else f"{len(rows)} updates"
        raise AssertionError(
            f"expected {person} to receive {updates} within {DEADLINE_S:g} s, but received {received}{end}"
        )
    watcher.position = end_position


def expect_versions(world: World, person: str, first: int, last: int, name: str) -> None:
    """Assert that the next updates are these versions of one variable, each with its number as the value."""
    watcher = world.watchers[person]
    end_position = watcher.position + last - first + 1
    fresh = wait_for_news(watcher.watch, end_position)[watcher.position : end_position]
    variables = [update.variable for update in fresh if update.variable]
    got = [(variable.name, variable.version, read_value(variable)) for variable in variables]
    expected = [(name, number, number) for number in range(first, last + 1)]
    matcher = in_order(expected, lambda item: f"{item[0]!r} at version {item[1]} with {item[2]}")
    assert_that(got, matcher, f"the versions that {person} received")
    watcher.position = end_position


def expect_heartbeat(world: World, person: str, other: str) -> None:
    """Assert that a watch receives a heartbeat with the sequence of another watch's last update."""
    sequences = sorted(update.sequence for update in news(world.watchers[other].watch.updates))
    last = item(sequences, -1, f"an update that {other} received")
    # A heartbeat that was sent before that update may come first; the next one carries its sequence.
    updates = world.watchers[person].watch.wait_for(
        lambda got: any(update.kind == "heartbeat" and update.sequence >= last for update in got), DEADLINE_S
    )
    beats = [update for update in updates if update.kind == "heartbeat"]
    expect(bool(beats), f"{person} to receive a heartbeat within {DEADLINE_S:g} s", "none came")
    assert_that(beats[-1].sequence, equal_to(last), "the sequence of the last heartbeat")
    with_variable = [beat for beat in beats if beat.variable is not None]
    mismatch = f"{len(with_variable)} of {len(beats)} have one"
    expect(not with_variable, "no heartbeat to have a variable", mismatch)


def expect_end(
    world: World, person: str, status: str, phrase: str | None = None, timeout: float = DEADLINE_S
) -> Watched:
    """Assert that the bridge ends a person's watch with this status and phrase; return the watch."""
    return expect_end_like(world, person, is_refusal(status, phrase, _NO_ERROR), timeout)


def expect_end_like(world: World, person: str, refusal: Refused, timeout: float) -> Watched:
    """Assert that the bridge ends a person's watch with a refusal that matches; return the watch."""
    watch = world.watchers[person].watch
    over = watch.wait_until_over(timeout)
    expect(over, f"{person}'s watch to end within {timeout:g} s", "it was still open")
    assert_that(watch.ended, refusal, f"the end of {person}'s watch")
    return watch
