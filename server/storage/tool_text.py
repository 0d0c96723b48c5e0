"""The JSON text in which every store persists a registered tool."""

from __future__ import annotations

import json

from ..core.parameters import Parameter
from ..core.registered_tools import RegisteredTool
from ..core.values import Value


def text_of_tool(tool: RegisteredTool) -> str:
    """Return a registered tool as JSON; the values in it are JSON already, and stay the same text."""
    parameters = [parameter._asdict() for parameter in tool.parameters]
    return json.dumps({**tool._asdict(), "parameters": parameters}, default=bytes.decode)


def tool_of_text(text: str) -> RegisteredTool:
    """Return the registered tool in a text of ``text_of_tool``."""
    fields = json.loads(text)
    for parameter in fields["parameters"]:
        if (default := parameter["default"]) is not None:
            kind, data, array = default
            parameter["default"] = Value(kind, data.encode(), array.encode())
    fields["parameters"] = tuple(Parameter(**parameter) for parameter in fields["parameters"])
    return RegisteredTool(**fields)
