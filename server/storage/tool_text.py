"""The text that stands for a registered tool in every store."""

from __future__ import annotations

import json

from ..core.parameters import Parameter
from ..core.registered_tools import RegisteredTool
from ..core.values import Value


def text_of_tool(tool: RegisteredTool) -> str:
    """A registered tool as JSON; values are JSON already, and stay the text that they are."""
    parameters = [parameter._asdict() for parameter in tool.parameters]
    return json.dumps({**tool._asdict(), "parameters": parameters}, default=bytes.decode)


def tool_of_text(text: str) -> RegisteredTool:
    """Read back what ``text_of_tool`` made."""
    read = json.loads(text)
    for parameter in read["parameters"]:
        if (default := parameter["default"]) is not None:
            kind, data, array = default
            parameter["default"] = Value(kind, data.encode(), array.encode())
    read["parameters"] = tuple(Parameter(**parameter) for parameter in read["parameters"])
    return RegisteredTool(**read)
