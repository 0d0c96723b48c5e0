"""A snapshot of a session, to check that a refused request has changed nothing."""

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


class Snapshot(NamedTuple):
    """A copy of everything that clients can see of a session."""

    metadata: dict[str, str]
    variables: list[tuple[Any, ...]]
    by_name: dict[str, str]
    histories: dict[str, list[tuple[Any, ...]]]
    log: list[tuple[Any, ...]]
    last_sequence: int
    watches: set[tuple[int, int, str | None]]


def snapshot(session: Session) -> Snapshot:
    variables = session.matching()
    return Snapshot(
        dict(session.metadata),
        [_variable(variable) for variable in variables],
        {variable.name: session.get(variable.name).id for variable in variables},
        {
            # Clients do not see sequences in a history.
            variable.id: [_change(replace(change, sequence=0)) for change in session.history(variable.id)]
            for variable in variables
        },
        [_change(change) for change in session.log.after(session.log.oldest - 1)],
        session.log.last,
        {(id(watch), watch.seen, str(watch.ended)) for watch in session.log.watches},
    )


@contextmanager
def unchanged(session: Session) -> Iterator[None]:
    """Check that the block leaves the session unchanged, and that a watch gets no update."""
    woken: list[None] = []
    witness, _ = session.watch([], lambda: woken.append(None))
    before = snapshot(session)
    yield
    assert snapshot(session) == before
    assert woken == []
    assert witness.take() == []
    witness.close()


@contextmanager
def refused(session: Session, refusal: type[RefusalError], match: str) -> Iterator[None]:
    """Check that the block is refused, and leaves the session unchanged."""
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
