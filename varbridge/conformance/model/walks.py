"""Random walks by subject, which a seed determines."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from varbridge.conformance.model import candidates
from varbridge.conformance.model.actions import (
    Action,
    Beat,
    Change,
    CleanUp,
    Delete,
    Depend,
    Describe,
    EndWatch,
    Expire,
    Get,
    GetMany,
    History,
    Increment,
    List,
    ListTools,
    Lock,
    Open,
    OpenBadly,
    Pick,
    Ref,
    Register,
    RegisterTools,
    Release,
    Restart,
    RollBack,
    Set,
    SetMany,
    StartWatch,
    Walk,
)
from varbridge.conformance.model.values import KINDS

ACTIONS = 24
"""The usual number of actions of a walk, without the registrations at its beginning."""

OPTIMIZERS = ("mipro", "Mipro", "mipro ", "m", "東京")

_T = TypeVar("_T")


class Chance:
    """A source of random parts of actions.

    Args:
        seed: the seed: the same one gives the same parts.
    """

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def one_of(self, *items: _T) -> _T:
        return self._random.choice(items)

    def often(self, usual: _T, *others: _T) -> _T:
        """Return the usual item in three of four cases, and otherwise one of the others."""
        return usual if self._random.random() < 0.75 else self._random.choice(others)

    def happens(self, share: float) -> bool:
        return self._random.random() < share

    def several(self, most: int, make: Callable[[], _T]) -> tuple[_T, ...]:
        """Return up to so many items."""
        return tuple(make() for _ in range(self._random.randint(0, most)))

    def who(self) -> dict[str, Any]:
        return {"client": self._random.randrange(3), "session": 1 if self.happens(0.12) else 0}

    def name(self) -> int:
        return self.one_of(0, 0, 0, 1, 1, 2, 2, 3)

    def ref(self) -> Ref:
        return Ref(self.name(), self.one_of(*("name",) * 8, *("id",) * 6, "old id", "other id"))

    def lockable(self) -> Ref:
        """Return a variable: in most cases the one that is probably locked or to be locked."""
        return self.often(Ref(0), Ref(0, "id"), self.ref())

    def pick(self) -> Pick:
        """Return a value: in most cases one that is probably allowed."""
        if self.happens(0.65):
            return Pick(self._random.randrange(4))
        if self.happens(0.85):
            return Pick(self._random.randrange(40))
        return Pick(self._random.randrange(5), self.one_of(*KINDS))

    def metadata(self) -> dict[str, str]:
        return self.one_of({}, self.one_of(*candidates.METADATA))

    def change(self) -> Change:
        return Change(self.metadata(), self.often("", *OPTIMIZERS))

    def optimizer(self) -> str:
        return self.often("mipro", *OPTIMIZERS)

    def number(self, most: int) -> int:
        return self._random.randint(0, most)

    def names(self) -> tuple[str, ...]:
        """Return four names, most of which are allowed."""
        names = self._random.sample(candidates.NAMES, 4)
        if self.happens(0.3):
            names[0] = "a"
        if self.happens(0.3):
            names[1] = self.one_of(*candidates.similar_names(names[0]))
        if self.happens(0.15) and (bad := self.one_of(*candidates.BAD_NAMES)) not in names:
            names[3] = bad
        return tuple(dict.fromkeys(names)) if len({*names}) == 4 else self.names()


def _first(chance: Chance, name: int, session: int = 0) -> Action:
    """Register a variable in a way that is probably accepted."""
    return Register(
        session=session,
        name=name,
        kind=chance.one_of("integer", "integer", "float", "string", *KINDS),
        value=Pick(chance.number(1)),
        constraints=chance.often(0, 0, 1, 2),
        metadata=chance.metadata(),
    )


def _register(chance: Chance) -> Action:
    if chance.happens(0.4):
        return _first(chance, chance.name())
    return Register(
        **chance.who(),
        name=chance.name(),
        kind=chance.one_of("integer", *KINDS),
        value=chance.pick(),
        constraints=chance.often(chance.number(8), 0, 0, 100 + chance.number(5)),
        metadata=chance.metadata(),
        named_like=chance.one_of(None, None, None, None, Ref(0, "id"), Ref(1, "id")),
    )


def _set(chance: Chance) -> Action:
    return Set(
        **chance.who(),
        target=chance.ref(),
        value=chance.pick(),
        change=chance.change(),
        ahead=chance.often(None, 0, 0, -1, 1),
        request_id=chance.often("", "r-1", "r-2", "🚀"),
    )


def _set_for_optimizer(chance: Chance) -> Action:
    change = Change(chance.metadata(), chance.optimizer())
    return Set(**chance.who(), target=chance.ref(), value=Pick(chance.number(4)), change=change)


def _set_many(chance: Chance) -> Action:
    if chance.happens(0.5):  # probably without an error
        updates = tuple((Ref(name), Pick(chance.number(1))) for name in range(chance.one_of(2, 3)))
    else:
        # The table of a batch has no words for the ids of another session; see scenario_text.
        updates = chance.several(
            4, lambda: (Ref(chance.name(), chance.one_of("name", "name", "id", "old id")), chance.pick())
        )
    return SetMany(**chance.who(), updates=updates, atomic=chance.happens(0.5), change=chance.change())


def _roll_back(chance: Chance) -> Action:
    back = chance.often(1, -1, 0, 2, 3)
    return RollBack(**chance.who(), target=chance.ref(), back=back, change=chance.change())


def _delete(chance: Chance) -> Action:
    return Delete(**chance.who(), target=chance.ref(), change=chance.change())


def _get(chance: Chance) -> Action:
    return Get(**chance.who(), target=chance.ref())


def _get_many(chance: Chance) -> Action:
    return GetMany(**chance.who(), targets=chance.several(5, chance.ref), metadata=chance.happens(0.7))


def _list(chance: Chance) -> Action:
    if chance.happens(0.4):
        return List(**chance.who(), pattern=chance.one_of(*candidates.PATTERNS))
    return List(**chance.who(), pattern=None, around=chance.name(), form=chance.number(5))


def _history(chance: Chance) -> Action:
    return History(**chance.who(), target=chance.ref(), limit=chance.one_of(0, 1, 2, 3, -1))


def _watch(chance: Chance) -> Action:
    return StartWatch(
        **chance.who(),
        targets=chance.several(3, chance.ref),
        initial=chance.happens(0.5),
        back=chance.one_of(None, None, None, 0, 1, 2, 3, 5, 8, -1, 1000),
    )


def _end_watch(chance: Chance) -> Action:
    return EndWatch(**chance.who(), watch=chance.number(3))


def _increment(chance: Chance) -> Action:
    optimizer = chance.often("", *OPTIMIZERS)
    by = chance.one_of(None, 1, 2, -3, 9)
    return Increment(**chance.who(), target=chance.ref(), by=by, optimizer=optimizer)


def _depend(chance: Chance) -> Action:
    kind = chance.one_of("derived", "tuned for", "🚀")
    if chance.happens(0.5):
        return Depend(**chance.who(), follower=chance.ref(), followed=chance.ref(), kind=kind)
    followed = chance.number(1)
    return Depend(follower=Ref(followed + 1), followed=Ref(followed), kind=kind)


def _lock(chance: Chance) -> Action:
    return Lock(**chance.who(), target=chance.lockable(), optimizer=chance.optimizer())


def _release(chance: Chance) -> Action:
    force = chance.happens(0.3)
    return Release(**chance.who(), target=chance.lockable(), optimizer=chance.optimizer(), force=force)


def _open(chance: Chance) -> Action:
    if chance.happens(0.2):
        return OpenBadly(**chance.who(), number=chance.number(5))
    return Open(**chance.who(), metadata=chance.metadata())


def _describe(chance: Chance) -> Action:
    return chance.one_of(Describe(**chance.who()), Beat(**chance.who()))


def _clean_up(chance: Chance) -> Action:
    return CleanUp(**chance.who())


def _tools(chance: Chance) -> Action:
    if chance.happens(0.4):
        return ListTools(**chance.who())
    tools = chance.several(
        3, lambda: (chance.often(chance.number(4), 100, 101), chance.often(chance.number(2), 100, 101))
    )
    return RegisterTools(**chance.who(), tools=tools or ((0, 0),))


def _restart(_: Chance) -> Action:
    return Restart()


def _open_briefly(chance: Chance) -> Action:
    # While the first session expires, the second one has no calls either.
    who = chance.who()
    ttl = chance.one_of(0, 100) if who["session"] else chance.often(BRIEF_S, 0, 100)
    return Open(**who, metadata=chance.metadata(), ttl=ttl)


def _expire(_: Chance) -> Action:
    return Expire()


_Make = Callable[[Chance], Any]
_CHANGES: tuple[_Make, ...] = (
    *(_register, _register, _set, _set, _set, _set, _set, _set),
    *(_get, _delete, _roll_back, _roll_back, _history),
)

SUBJECTS: Mapping[str, tuple[_Make, ...]] = {
    "variables": (*_CHANGES, _list, _list),
    "batches": (*_CHANGES, _set_many, _set_many, _set_many, _get_many, _get_many),
    "watches": (*_CHANGES, _set_many, _watch, _watch, _watch, _end_watch),
    "locks and dependencies": (
        *(*_CHANGES, _set_for_optimizer, _set_for_optimizer, _set_many, _set_many, _increment, _increment),
        *(_lock, _lock, _release, _release, _depend, _depend, _watch),
    ),
    "restarts": (
        *(*_CHANGES, _set_many, _set_many, _set_for_optimizer, _lock, _lock, _release),
        *(_depend, _depend, _tools, _open, _describe, _restart),
    ),
    "expiry": (
        *(*_CHANGES, *_CHANGES, _set_many, _lock, _depend, _tools, _describe, _watch),
        *(_open_briefly, _open_briefly, _expire),
    ),
    "sessions and tools": (
        *(*_CHANGES, _open, _open, _describe, _clean_up, _tools, _tools, _tools, _tools, _list, _watch),
    ),
}
"""The actions of walks, by subject."""

LONG = {"restarts": 8, "expiry": 16}
"""The number of usual walks in place of which there is one walk about a subject, since it takes as long."""

BRIEF_S = 1
"""The time to live of sessions in walks in which they expire, in seconds."""


def random_walk(subject: str, seed: str) -> Walk:
    """Return the walk about a subject that a seed determines."""
    chance = Chance(seed)
    first = [_first(chance, name) for name in range(chance.often(3, 0, 2, 4))]
    if chance.happens(0.3):
        first.append(_first(chance, 0, session=1))
    length = chance.one_of(ACTIONS // 3, ACTIONS, ACTIONS, 2 * ACTIONS)
    if subject in LONG:
        length = 2 * ACTIONS
    actions = [chance.one_of(*SUBJECTS[subject])(chance) for _ in range(length)]
    count = chance.often(0, 0, 0, 0, 120)
    ttl = 0
    if subject == "restarts":
        actions.insert(length // 2, Restart())
    if subject == "expiry":
        ttl = BRIEF_S
        actions.insert(length // 2, Expire())
    return Walk(chance.names(), (*first, *actions), count, ttl)
