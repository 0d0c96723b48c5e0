"""The shrinking of a walk that diverges, to the shortest and simplest one that diverges in the same case.

First actions are left out, many at once and then one by one, then their options; that takes some dozens of
walks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from varbridge.conformance.model.actions import Walk
from varbridge.conformance.model.divergence import Divergence

DURATION_S = 1.5
"""The usual limit for the time in which a walk is shortened, in seconds."""

_SIMPLE_NAMES = ("a", "b", "c", "d")


def shortest(
    walk: Walk,
    divergence: Divergence,
    take: Callable[[Walk], Divergence | None],
    duration_s: float = DURATION_S,
) -> tuple[Walk, Divergence]:
    """Return the simplest walk that diverges in the same case, and its divergence.

    Args:
        walk: the walk.
        divergence: its divergence.
        take: the function that takes a walk and returns its first divergence.
        duration_s: the longest time that it takes, in seconds.
    """
    until = time.monotonic() + duration_s
    walk = replace(walk, actions=walk.actions[: divergence.action + 1])
    simpler = True
    while simpler:
        simpler = False
        for candidate in _simpler(walk):
            if time.monotonic() > until:
                return walk, divergence
            diverged = take(candidate)
            if diverged is not None and diverged.key == divergence.key:
                walk, divergence, simpler = candidate, diverged, True
                break
    return walk, divergence


def _simpler(walk: Walk) -> Iterator[Walk]:
    """Yield walks that are simpler, the simplest first."""
    actions = walk.actions
    length = len(actions) // 2
    while length:
        for start in range(len(actions) - length, -1, -length):
            yield replace(walk, actions=actions[:start] + actions[start + length :])
        length //= 2
    for number, action in enumerate(actions):
        for simple in _simpler_parts(action):
            yield replace(walk, actions=(*actions[:number], simple, *actions[number + 1 :]))
    for number, name in enumerate(walk.names):
        for simple_name in (_SIMPLE_NAMES[number], name[:1], name[: len(name) // 2]):
            if len(simple_name) < len(name) and simple_name not in walk.names:
                yield replace(walk, names=(*walk.names[:number], simple_name, *walk.names[number + 1 :]))


def _simpler_parts(part: Any) -> Iterator[Any]:
    """Yield an action, or a part of one, with one of its options left out or simplified."""
    for item in fields(part):
        value = getattr(part, item.name)
        if isinstance(value, tuple):
            for number in range(len(value)):
                yield replace(part, **{item.name: value[:number] + value[number + 1 :]})
        elif is_dataclass(value):
            for simple in _simpler_parts(value):
                yield replace(part, **{item.name: simple})
        elif value and isinstance(value, dict):
            yield replace(part, **{item.name: {}})
        elif value and item.name in ("client", "session", "number", "constraints", "request_id"):
            yield replace(part, **{item.name: type(value)()})
        elif (
            value not in ("", None)
            and item.name in ("ahead", "back", "kind", "optimizer")
            and item.default != value
        ):
            yield replace(part, **{item.name: item.default})
        elif item.name == "by" and value != "name" and item.default == "name":
            yield replace(part, by="name")
