"""Small pieces of HTML: escaping, and the signs that say an outcome without its colour."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape as _escape

SIGNS = {
    "passed": ("✓", "passed", "passed"),
    "failed": ("✗", "failed", "failed"),
    "known failing": ("~", "known to fail", "known"),
    "skipped": ("–", "skipped", "skipped"),
    "not run": ("·", "not run", "none"),
}
"""By outcome: a sign, the words for it, and the class that colours it."""


def escape(text: object) -> str:
    """Text as it stands in an element or in a quoted attribute; control characters are shown, not kept."""
    shown = "".join(one if one in "\n\t" or one.isprintable() else f"\\x{ord(one):02x}" for one in str(text))
    return _escape(shown)


def sign(outcome: str) -> str:
    """The sign of an outcome, which a screen reader says in words."""
    mark, words, look = SIGNS[outcome]
    return f'<span class="sign {look}" role="img" aria-label="{words}" title="{words}">{mark}</span>'


def table(rows: Iterable[Iterable[object]], header: bool = True) -> str:
    """A table that scrolls on its own where the page is too narrow for it."""
    lines = []
    for number, row in enumerate(rows):
        cell = "th" if header and number == 0 else "td"
        lines.append("<tr>" + "".join(f"<{cell}>{escape(one)}</{cell}>" for one in row) + "</tr>")
    return f'<div class="wide"><table>{"".join(lines)}</table></div>'
