"""The sessions of a scenario, and the variables that it registered in them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import AbstractContextManager

from varbridge.conformance.scenario.replaced import replaced
from varbridge.conformance.vocabulary.options import Identifier


class Sessions:
    """The ids of the sessions, including the current one, and the ids and types of variables by name."""

    def __init__(self) -> None:
        self._name = ""
        self._ids: dict[str, str] = {}
        self._kinds: dict[tuple[str, str], str] = {}
        self._variable_ids: dict[tuple[str, str], str] = {}
        self._old_variable_ids: dict[tuple[str, str], str] = {}

    @property
    def id(self) -> str:
        """The id of the current session, which is unique to the scenario."""
        if (session_id := self._ids.get(self._name)) is not None:
            return session_id
        # Several clients may ask for a new session concurrently, and must get the same id.
        new_id = f"judge-{self._name}-{os.urandom(6).hex()}"
        return self._ids.setdefault(self._name, new_id)

    def add(self, session_id: str) -> None:
        """Record a session that a step opened by its id."""
        self._ids[session_id] = session_id

    def all_ids(self) -> list[str]:
        """Return the ids of all sessions that were used."""
        return [*self._ids.values()]

    def within(self, name: str) -> AbstractContextManager[None]:
        """Make another session the current one, within the block."""
        return replaced(self, _name=name)

    def learn(self, name: str, kind: str, variable_id: str) -> None:
        """Record a registered variable; ``old_id_of`` returns the first id that was recorded for a name."""
        self._kinds[self.id, name] = kind
        self._old_variable_ids.setdefault((self.id, name), variable_id)
        self._variable_ids[self.id, name] = variable_id

    def kind_of(self, name: str) -> str:
        """Return the type of a variable that the scenario registered; "string" if it did not."""
        return self._kinds.get((self.id, name), "string")

    def id_of(self, name: str) -> str:
        """Return the id from the last registration of a variable."""
        return self._variable_ids[self.id, name]

    def old_id_of(self, name: str) -> str:
        """Return the id from the first registration of a variable."""
        return self._old_variable_ids[self.id, name]

    def identifier(self, variable: Identifier) -> str:
        """Return the name or the id by which a step names a variable."""
        if variable.by == "name":
            return variable.name
        with self._session_of(variable):
            return self.id_of(variable.name) if variable.by == "id" else self.old_id_of(variable.name)

    def kind(self, variable: Identifier) -> str:
        """Return the type of a variable that a step names; see ``kind_of``."""
        with self._session_of(variable):
            return self.kind_of(variable.name)

    def _session_of(self, variable: Identifier) -> AbstractContextManager[None]:
        return self.within(self._name if variable.session is None else variable.session)

    def ids_of(self, identifiers: Iterable[str]) -> set[str]:
        """Return the ids of variables; an identifier that is not a registered name is taken as an id."""
        return {self._variable_ids.get((self.id, identifier), identifier) for identifier in identifiers}
