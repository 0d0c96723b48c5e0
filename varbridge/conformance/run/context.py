"""The context that behave hands to steps and hooks."""

from __future__ import annotations

from typing import Any

from behave.runner import Context

_NOWHERE = ("", 0, "", "")


class RunContext(Context):  # type: ignore[misc]  # behave is not typed
    """A context that does not record where each attribute was set.

    behave reads the stack for that at every assignment, which takes longer than the checks of most steps. It
    only explains why an attribute masks another one; steps keep what they share in ``context.world``.
    """

    def __setattr__(self, attr: str, value: Any) -> None:
        if attr.startswith("_"):
            self.__dict__[attr] = value
            return
        self._stack[0][attr] = value
        self._record.setdefault(attr, _NOWHERE)
        self._origin.setdefault(attr, self._mode)
