"""The clauses of the contract, read from ``docs/contract.md``, which is the only list of them.

``contract.md`` in this folder is a link to that page, so that an installed suite has it as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

HEADING = re.compile(r"(?m)^### ([A-Z]\d*) (.+)$")
"""The pattern of a clause's heading: its id and its title."""


def _read() -> Mapping[str, str]:
    return dict(HEADING.findall(Path(__file__).with_name("contract.md").read_text("utf-8")))


CLAUSES = _read()
"""The titles of the clauses by id, in the order of the page."""


def clauses_of(tags: Iterable[str]) -> list[str]:
    """Return the tags that are ids of clauses."""
    return [str(tag) for tag in tags if tag in CLAUSES]  # behave's tags are of a class of its own
