"""The actions of a random walk: what a client does, before it is known which identifiers exist."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Ref:
    """A reference to a variable.

    Attributes:
        name: the number of its name among the names of the walk.
        by: "name"; "id" for the id of the variable that has the name, "old id" for the first id that a
            variable of this name had, and "other id" for its id in the other session. Where there is no
            such id, the name is used.
    """

    name: int
    by: str = "name"


@dataclass(frozen=True)
class Pick:
    """A value, chosen when the type of its variable is known.

    Attributes:
        number: the place in the list of values that are worth trying for the type.
        kind: the type whose list it is from, and which labels the value; empty for the variable's type.
    """

    number: int
    kind: str = ""


@dataclass(frozen=True)
class Change:
    """The options of a change.

    Attributes:
        metadata: the metadata, without an optimizer.
        optimizer: the optimizer that makes the change; empty for none.
    """

    metadata: dict[str, str] = field(default_factory=dict)
    optimizer: str = ""

    @property
    def sent(self) -> dict[str, str]:
        """The metadata of the request."""
        return {**self.metadata, **({"optimizer_id": self.optimizer} if self.optimizer else {})}


@dataclass(frozen=True)
class Action:
    """An action of a client.

    Attributes:
        client: the number of the client, whose connection is used.
        session: the number of the session.
    """

    client: int = 0
    session: int = 0


@dataclass(frozen=True)
class Open(Action):
    """Open a session with InitializeSession.

    Attributes:
        metadata: the metadata.
        ttl: the time to live, in seconds; 0 for the default.
    """

    metadata: dict[str, str] = field(default_factory=dict)
    ttl: int = 0


@dataclass(frozen=True)
class OpenBadly(Action):
    """Open a session with an id that is not allowed."""

    number: int = 0


@dataclass(frozen=True)
class Describe(Action):
    """Read the description of a session."""


@dataclass(frozen=True)
class Beat(Action):
    """Send a heartbeat for a session."""


@dataclass(frozen=True)
class CleanUp(Action):
    """End a session."""


@dataclass(frozen=True)
class Register(Action):
    """Register a variable.

    Attributes:
        name: the number of the name.
        kind: the type.
        value: the initial value.
        constraints: the place in the list of constraints that are worth trying for the type.
        named_like: a variable whose id is the name in place of it, or None.
    """

    name: int = 0
    kind: str = "integer"
    value: Pick = Pick(0)
    constraints: int = 0
    metadata: dict[str, str] = field(default_factory=dict)
    named_like: Ref | None = None


@dataclass(frozen=True)
class Get(Action):
    """Read a variable."""

    target: Ref = Ref(0)


@dataclass(frozen=True)
class GetMany(Action):
    """Read several variables in one call."""

    targets: tuple[Ref, ...] = ()
    metadata: bool = True


@dataclass(frozen=True)
class List(Action):
    """List the variables whose names match a pattern.

    Attributes:
        pattern: the pattern; None for one that is made from a name, see ``around``.
        around: the number of the name of which the pattern is made.
        form: the way in which it is made: its place in the list of ways.
    """

    pattern: str | None = ""
    around: int = 0
    form: int = 0


@dataclass(frozen=True)
class History(Action):
    """Read the history of a variable."""

    target: Ref = Ref(0)
    limit: int = 0


@dataclass(frozen=True)
class Set(Action):
    """Set a variable.

    Attributes:
        ahead: the difference of the expected version from the present one; None if none is expected.
        request_id: the request id; empty for none.
    """

    target: Ref = Ref(0)
    value: Pick = Pick(0)
    change: Change = Change()
    ahead: int | None = None
    request_id: str = ""


@dataclass(frozen=True)
class SetMany(Action):
    """Set several variables in one call."""

    updates: tuple[tuple[Ref, Pick], ...] = ()
    atomic: bool = True
    change: Change = Change()


@dataclass(frozen=True)
class RollBack(Action):
    """Roll a variable back to the version that was current so many changes ago."""

    target: Ref = Ref(0)
    back: int = 1
    change: Change = Change()


@dataclass(frozen=True)
class Delete(Action):
    """Delete a variable."""

    target: Ref = Ref(0)
    change: Change = Change()


@dataclass(frozen=True)
class Increment(Action):
    """Run the built-in tool that adds to a variable.

    Attributes:
        by: what it adds; None to leave the parameter out.
    """

    target: Ref = Ref(0)
    by: int | None = None
    optimizer: str = ""


@dataclass(frozen=True)
class Depend(Action):
    """Make one variable follow another one."""

    follower: Ref = Ref(0)
    followed: Ref = Ref(1)
    kind: str = "derived"


@dataclass(frozen=True)
class Lock(Action):
    """Lock a variable for an optimizer."""

    target: Ref = Ref(0)
    optimizer: str = "mipro"


@dataclass(frozen=True)
class Release(Action):
    """Release the lock of a variable."""

    target: Ref = Ref(0)
    optimizer: str = "mipro"
    force: bool = False


@dataclass(frozen=True)
class StartWatch(Action):
    """Open a watch of variables, or of all.

    Attributes:
        back: the number of updates before the last one of the session after which it resumes; None for a
            watch that does not resume.
    """

    targets: tuple[Ref, ...] = ()
    initial: bool = False
    back: int | None = None


@dataclass(frozen=True)
class EndWatch(Action):
    """Cancel the watch with this number, after all of its updates were compared."""

    watch: int = 0


@dataclass(frozen=True)
class RegisterTools(Action):
    """Register tools: numbers of names and of parameters that are worth trying."""

    tools: tuple[tuple[int, int], ...] = ((0, 0),)


@dataclass(frozen=True)
class ListTools(Action):
    """List the registered tools of a session."""


@dataclass(frozen=True)
class Restart(Action):
    """Kill the bridge and start it again with its data directory."""


@dataclass(frozen=True)
class Expire(Action):
    """Make no calls until a session with a short time to live has ended."""


@dataclass(frozen=True)
class Walk:
    """A random walk.

    Attributes:
        names: the names that its actions refer to by number.
        count: the number of other variables that are registered before its first action.
        actions: the actions, in order.
        ttl: the time to live of the first session, in seconds; 0 for the default.
    """

    names: tuple[str, ...]
    actions: tuple[Any, ...]
    count: int = 0
    ttl: int = 0
