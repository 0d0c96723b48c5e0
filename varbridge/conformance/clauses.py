"""The clauses of the contract: ``docs/contract.md`` is the one list of them.

``contract.md`` in this folder is a link to that page, so that an installed suite has it too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

HEADING = re.compile(r"(?m)^### ([A-Z]\d*) (.+)$")
"""The heading of a clause: its id and its title."""


def _read() -> Mapping[str, str]:
    return dict(HEADING.findall(Path(__file__).with_name("contract.md").read_text("utf-8")))


CLAUSES = _read()
"""The title of each clause by its id, in the order of the page."""


def clauses_of(tags: Iterable[str]) -> list[str]:
    """Return those of the tags that are ids of clauses."""
    return [str(tag) for tag in tags if tag in CLAUSES]  # behave has a class of its own for them
