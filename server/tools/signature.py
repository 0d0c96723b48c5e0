"""The signatures of declared tools, in the form that the core uses."""

from __future__ import annotations

from typing import NamedTuple

from varbridge.decorator import Tool

from ..core.parameters import Parameter
from .results import value_of


class Signature(NamedTuple):
    """The name and parameters of a tool."""

    name: str
    parameters: tuple[Parameter, ...]


def signature_of(tool: Tool) -> Signature:
    """Return the signature of a declared tool, with the defaults of its parameters as values."""
    return Signature(
        tool.name,
        tuple(
            Parameter(
                parameter.name,
                parameter.type,
                parameter.required,
                None if parameter.required else value_of(parameter.default),
            )
            for parameter in tool.parameters
        ),
    )
