"""The sessions of a scenario, and the variables that it has registered in them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from contextlib import AbstractContextManager

from varbridge.conformance.scenario.replaced import replaced
from varbridge.conformance.vocabulary.options import Identifier


class Sessions:
    """Ids of sessions, one of which is spoken of, and ids and types of variables by name."""

    def __init__(self) -> None:
        self._name = ""
        self._ids: dict[str, str] = {}
        self._kinds: dict[tuple[str, str], str] = {}
        self._variable_ids: dict[tuple[str, str], str] = {}
        self._old_variable_ids: dict[tuple[str, str], str] = {}

    @property
    def id(self) -> str:
        """The id of the session that is spoken of; each scenario has its own."""
        if (known := self._ids.get(self._name)) is not None:
            return known
        # Several clients at once may be the first to ask, and one id must win.
        new = f"judge-{self._name}-{uuid.uuid4().hex[:12]}"
        return self._ids.setdefault(self._name, new)

    def all_ids(self) -> list[str]:
        """The ids of all sessions that were spoken of."""
        return [*self._ids.values()]

    def within(self, name: str) -> AbstractContextManager[None]:
        """Speak of another session for the length of the block."""
        return replaced(self, _name=name)

    def learn(self, name: str, kind: str, variable_id: str) -> None:
        """Keep what a registration told; the first id that a name had is its old one later."""
        self._kinds[self.id, name] = kind
        self._old_variable_ids.setdefault((self.id, name), variable_id)
        self._variable_ids[self.id, name] = variable_id

    def kind_of(self, name: str) -> str:
        """The type of a variable that the scenario registered; text of unknown ones is sent as a string."""
        return self._kinds.get((self.id, name), "string")

    def id_of(self, name: str) -> str:
        """The id that a variable got when the scenario registered it last."""
        return self._variable_ids[self.id, name]

    def old_id_of(self, name: str) -> str:
        """The id that a variable got when the scenario registered it first."""
        return self._old_variable_ids[self.id, name]

    def identifier(self, variable: Identifier) -> str:
        """Return the name or the id by which a step names a variable."""
        if variable.by == "name":
            return variable.name
        return self.id_of(variable.name) if variable.by == "id" else self.old_id_of(variable.name)

    def ids_of(self, identifiers: Iterable[str]) -> set[str]:
        """The ids of variables; an identifier that is not the name of one stands for itself."""
        return {self._variable_ids.get((self.id, one), one) for one in identifiers}
