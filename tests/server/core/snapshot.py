"""A picture of a session, to show that what was refused left no trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from server.core.change_log import Change
from server.core.errors import RefusalError
from server.core.session import Session
from server.core.variables import Variable


class Picture(NamedTuple):
    """All that a client can come to see of a session, in values of its own, so that it cannot move along."""

    metadata: dict[str, str]
    variables: list[tuple[Any, ...]]
    by_name: dict[str, str]
    histories: dict[str, list[tuple[Any, ...]]]
    log: list[tuple[Any, ...]]
    last_sequence: int
    watches: set[tuple[int, int, str | None]]


def picture(session: Session) -> Picture:
    variables = session.matching()
    return Picture(
        dict(session.metadata),
        [_variable(variable) for variable in variables],
        {variable.name: session.get(variable.name).id for variable in variables},
        {
            # A history does not tell of the place in the log.
            variable.id: [_change(replace(change, sequence=0)) for change in session.history(variable.id)]
            for variable in variables
        },
        [_change(change) for change in session.log.after(session.log.oldest - 1)],
        session.log.last,
        {(id(watch), watch.seen, str(watch.ended)) for watch in session.log.watches},
    )


@contextmanager
def unchanged(session: Session) -> Iterator[None]:
    """The block leaves the session as it was, and a watch of all of it learns nothing."""
    woken: list[None] = []
    witness, _ = session.watch([], lambda: woken.append(None))
    before = picture(session)
    yield
    assert picture(session) == before
    assert woken == []
    assert witness.take() == []
    witness.close()


@contextmanager
def refused(session: Session, refusal: type[RefusalError], match: str) -> Iterator[None]:
    """The block is refused, and leaves the session as it was."""
    with unchanged(session), pytest.raises(refusal, match=match):
        yield


def _variable(variable: Variable) -> tuple[Any, ...]:
    return (
        (variable.id, variable.name, variable.rules.type.name, variable.rules.constraints_json),
        tuple(variable.value),
        dict(variable.metadata),
        variable.from_elixir,
        variable.updated_at,
        variable.version,
        variable.optimization,
    )


def _change(change: Change) -> tuple[Any, ...]:
    return (
        (change.sequence, change.kind, change.at, change.changed_by),
        _variable(change.variable),
        change.previous and tuple(change.previous),
        dict(change.metadata),
    )
