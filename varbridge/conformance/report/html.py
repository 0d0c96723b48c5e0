"""The building blocks of the report page: escaping, tables, and signs of outcomes without colours."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape as _escape

_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_CODE = re.compile(r"`([^`]*)`")

SIGNS = {
    "passed": ("✓", "passed", "passed"),
    "failed": ("✗", "failed", "failed"),
    "not reached": ("!", "not reached", "failed"),
    "known failing": ("~", "known to fail", "known"),
    "skipped": ("–", "skipped", "skipped"),
    "not run": ("·", "not run", "none"),
}
"""The sign, the text and the CSS class of each outcome."""


def escape(text: object) -> str:
    """Return a text escaped for an HTML element or quoted attribute, with codes for control characters."""
    printable = "".join(
        character if character in "\n\t" or character.isprintable() else f"\\x{ord(character):02x}"
        for character in str(text)
    )
    return _escape(printable)


def markdown(text: str) -> str:
    """Return a paragraph of Markdown as HTML, as far as the contract uses it, without its links."""
    return _CODE.sub(r"<code>\1</code>", escape(_LINK.sub(r"\1", text)))


def sign(outcome: str) -> str:
    """Return the sign of an outcome as HTML, with a text for screen readers."""
    mark, words, look = SIGNS[outcome]
    return f'<span class="sign {look}" role="img" aria-label="{words}" title="{words}">{mark}</span>'


def table(rows: Iterable[Iterable[object]], header: bool = True) -> str:
    """Return an HTML table that scrolls by itself if the page is too narrow for it."""
    lines = []
    for number, row in enumerate(rows):
        cell = "th" if header and number == 0 else "td"
        lines.append("<tr>" + "".join(f"<{cell}>{escape(content)}</{cell}>" for content in row) + "</tr>")
    return f'<div class="wide"><table>{"".join(lines)}</table></div>'


def reference(location: str) -> str:
    """Return the HTML id of the scenario at a location."""
    return "at-" + "".join(character if character.isalnum() else "-" for character in location)


def bar(share: float, look: str = "", mark: float | None = None) -> str:
    """Return a horizontal bar as SVG, filled by a share of 1, with a mark for a limit."""
    line = f'<line x1="{mark * 100:.1f}" y1="0" x2="{mark * 100:.1f}" y2="8"/>' if mark is not None else ""
    return (
        f'<svg class="bar {look}" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="ground" width="100" height="8"/><rect width="{max(0.4, share * 100):.1f}" height="8"/>'
        f"{line}</svg>"
    )
