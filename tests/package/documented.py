"""The commands in the pages of this project: in blocks of a shell, in sentences and in tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]

PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "deploy/*.md", ".github/**/*.md")
    for path in ROOT.glob(pattern)
    if path.name != "CHANGELOG.md"  # which has commands of earlier versions
)

SHELL = ("console", "bash", "sh")
"""The languages of blocks that have a command on each line."""

PROGRAMS = (
    *(
        "python3?",
        "behave",
        "varbridge",
        "nox",
        "pytest",
        "pip",
        "pre-commit",
        "mkdocs",
        "ruff",
        "npm",
        "elixir",
    ),
    *("docker", "systemctl", "systemd-analyze", "sudo", "apt-get", "etcdctl", "eval", "/usr/bin/time"),
)
"""The programs by which a command in a sentence is recognised."""

_BLOCK = re.compile(r"(?ms)^ *```(\w*)\n(.*?)^ *```")
_INLINE = re.compile(r"(?s)(?<!`)`([^`]+)`(?!`)")
_COMMAND = re.compile(rf"(?:[A-Z]+=\S+ )*(?:{'|'.join(PROGRAMS)}) \S")
_QUOTED = re.compile(r"""("[^"]*"|'[^']*')|(\s&&\s|;\s)""")


class Documented(NamedTuple):
    """A command in a page.

    Attributes:
        page: the path of the page from the root.
        command: one simple command; a line such as ``a && b`` has two.
    """

    page: str
    command: str


def blocks(page: str, *languages: str) -> list[str]:
    """Return the blocks of a page in these languages."""
    return [
        text for language, text in _BLOCK.findall((ROOT / page).read_text("utf-8")) if language in languages
    ]


def lines(text: str) -> Iterator[str]:
    """Yield the lines of a block of a shell, without their comments."""
    for line in text.replace("\\\n", "").splitlines():
        if command := re.sub(r"(^|\s+)# .*", "", line).strip():
            yield command


def simple(line: str) -> list[str]:
    """Return the simple commands of a line."""
    marked = _QUOTED.sub(lambda match: match[1] or "\n", line)
    return [command.strip() for command in marked.split("\n")]


def documented() -> list[Documented]:
    """Return the commands of all pages, each once for each page."""
    commands: dict[Documented, None] = {}
    for path in PAGES:
        page = path.relative_to(ROOT).as_posix()
        text = path.read_text("utf-8")
        named = (" ".join(match.split()) for match in _INLINE.findall(_BLOCK.sub("", text)))
        typed = [line for block in blocks(page, *SHELL) for line in lines(block)]
        for line in [*typed, *(command for command in named if _COMMAND.match(command))]:
            commands.update(dict.fromkeys(Documented(page, command) for command in simple(line)))
    return list(commands)
