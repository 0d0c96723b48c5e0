"""The registry of the tools that run at this server: its own, and those of the modules in ``--tools``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from varbridge.decorator import Tool

from ..core.errors import NotFoundError
from ..core.names import check_name


class Registry:
    """A registry of tools by name, in the order in which they were added."""

    def __init__(self, tools: Iterable[Tool] = ()) -> None:
        self._tools = {tool.name: tool for tool in tools}

    def __iter__(self) -> Iterator[Tool]:
        return iter(self._tools.values())

    def __len__(self) -> int:
        return len(self._tools)

    def find(self, name: str) -> Tool:
        """Return the tool with a name.

        Raises:
            NotFoundError: there is no tool with that name.
        """
        try:
            return self._tools[check_name(name, "tool_name")]
        except KeyError:
            raise NotFoundError(f"Tool not found: {name}") from None
