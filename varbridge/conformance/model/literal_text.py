"""The literals of a scenario that shows a walk, and the words that call options have in its phrases."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from varbridge.conformance.model import candidates
from varbridge.conformance.model.actions import Change, Pick
from varbridge.conformance.model.values import PREFIX, Raw, Sent, Value
from varbridge.conformance.vocabulary.cells import is_plain
from varbridge.conformance.vocabulary.literals import SPECIAL, show

PEOPLE = ("Ada", "Ben", "Cy", "Dee", "Eve", "Fay", "Gil", "Hal")
"""The names of the clients that watch; the first one watches every variable from the beginning."""

_LONG = 100


def person(watcher: int) -> str:
    """Return the name of the client with this number that watches."""
    return PEOPLE[watcher % len(PEOPLE)]


def quote(text: str) -> str:
    """Return a name as a phrase has it: in double quotes, or by its length."""
    if len(text) > _LONG and len({*text}) == 1:
        return f"a name of {len(text)} characters {json_text(text[0])}"
    return json_text(text)


def value_text(value: Value) -> str:
    """Return the literal of a value."""
    if isinstance(value.value, Raw):
        return str(value.value)
    if value.kind == "float" and not math.isfinite(value.value):
        return show(value.value)
    return json_text(value.value)


def join(words: Any) -> str:
    """Return words with commas, and "and" before the last one."""
    items = [*words]
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table."""
    escaped = [[_cell(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*escaped, strict=True)]
    return [
        f"  | {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |"
        for row in escaped
    ]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def cell_name(name: str) -> str:
    """Return a name as a cell of a table has it."""
    return name if is_plain(name) else quote(name)


def json_text(value: Any) -> str:
    """Return JSON without characters that cannot be seen."""
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(value)


def sent_text(sent: Any, pick: Pick) -> str:
    """Return the literal of a value as it is sent."""
    kind = sent.type_url.removeprefix(PREFIX).removesuffix(".binary")
    value: Sent = candidates.value(pick, kind)
    if isinstance(value.value, Raw):
        text = str(value.value)
    elif kind == "float" and isinstance(value.value, str) and value.value in SPECIAL:
        text = value.value
    else:
        text = json_text(value.value)
    return f'{text} under the type_url "{sent.type_url}"' if pick.kind else text


def constraints_text(text: str) -> str:
    """Return constraints as a phrase has them: in backticks unless they are an object."""
    return text if text.startswith("{") and text.endswith("}") else f"`{text}`"


def with_metadata(metadata: Mapping[str, str]) -> str:
    """Return the words that give a call its metadata; empty for none."""
    return f", with the metadata {json_text({**metadata})}" if metadata else ""


def with_ttl(seconds: int) -> str:
    """Return the words that give a session its time to live; empty for the default."""
    return f" with a time to live of {seconds} s" if seconds else ""


def with_change(change: Change) -> str:
    """Return the words that give a change its optimizer and its metadata; empty for none."""
    optimizer = f", for the optimizer {quote(change.optimizer)}" if change.optimizer else ""
    return optimizer + with_metadata(change.metadata)
